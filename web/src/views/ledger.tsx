// The ledger as a waterfall: each part begins where the one before ended, up to the resident
// memory; from there to what the cgroup is charged.

import type { Explanation, LedgerRow, Reconciliation } from "../contracts";
import { bytes, change, percent } from "../format";

interface LedgerProps {
  rows: LedgerRow[];
  reconciliations: Reconciliation[];
  beside: Explanation["beside"];
}

interface Bar {
  row: LedgerRow;
  depth: number;
  isLeaf: boolean;
  from: number;
}

// Rows below this share are folded unless all are wanted.
const SMALL = 0.002;
// A charge above so many times the resident memory is drawn as going on beyond the picture.
const MOST_BEYOND = 2;

export function Ledger({ rows, reconciliations, beside }: LedgerProps) {
  const root = rows[0];
  if (!root) return null;
  const bars = placed(rows);
  const charge = reconciliations.find((known) => known.left.bytes === root.bytes && known.right.bytes !== root.bytes && /cgroup/i.test(known.id + known.right.name));
  // A cgroup that holds much else would leave no room for what this is about.
  const isBeyond = (charge?.right.bytes ?? 0) > root.bytes * MOST_BEYOND;
  const scale = (isBeyond ? root.bytes : Math.max(root.bytes, charge?.right.bytes ?? 0)) || 1;
  const isSmall = (bar: Bar) => bar.row.bytes < root.bytes * SMALL;
  const small = bars.filter(isSmall);
  const shown = bars.filter((bar) => !isSmall(bar));
  return (
    <section>
      <h2>Where the memory is</h2>
      <table class="ledger">
        <tbody>
          {shown.map((bar) => <Line key={bar.row.id} bar={bar} total={root.bytes} scale={scale} />)}
        </tbody>
        {small.length > 0 && (
          <tbody class="small-rows">
            <tr>
              <td colSpan={5}>
                <details>
                  <summary>{small.length} more, none above {percent(SMALL, 1)}: {bytes(small.filter((bar) => bar.isLeaf).reduce((sum, bar) => sum + bar.row.bytes, 0))} together</summary>
                  <table class="ledger"><tbody>{small.map((bar) => <Line key={bar.row.id} bar={{ ...bar, depth: 0 }} total={root.bytes} scale={scale} />)}</tbody></table>
                </details>
              </td>
            </tr>
          </tbody>
        )}
        {charge && (
          <tbody class="charge">
            {!isBeyond && charge.causes.map((cause) => (
              <tr>
                <td class="ledger-label">{cause.label}</td>
                <td class="waterfall">
                  <Span from={cause.bytes < 0 ? root.bytes + cause.bytes : root.bytes} bytes={Math.abs(cause.bytes)} scale={scale} kind="gap" />
                </td>
                <td class="number">{change(cause.bytes, "bytes")}</td>
                <td class="number" />
                <td class="dim">{cause.basis}</td>
              </tr>
            ))}
            <tr class="ledger-total">
              <td class="ledger-label">{charge.right.name}</td>
              <td class="waterfall"><Span from={0} bytes={Math.min(charge.right.bytes, isBeyond ? root.bytes : charge.right.bytes)} scale={scale} kind={isBeyond ? "beyond" : "total"} /></td>
              <td class="number">{bytes(charge.right.bytes)}</td>
              <td class="number" />
              <td class="dim" title={charge.note}>{change(charge.gap_bytes, "bytes")} against RSS</td>
            </tr>
          </tbody>
        )}
      </table>
      {beside.length > 0 && (
        <dl class="beside">
          {beside.map((row) => (
            <div>
              <dt>{row.label}</dt>
              <dd><b>{bytes(row.bytes)}</b> <span class="dim">{row.note}</span></dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

/** Where each row's bar begins: leaves one behind the other, rows above them where their first
 * leaf does. */
function placed(rows: LedgerRow[]): Bar[] {
  const parents = new Set(rows.map((row) => row.parent));
  const depths = new Map<string, number>();
  let at = 0;
  return rows.map((row) => {
    const depth = row.parent === null ? 0 : (depths.get(row.parent) ?? 0) + 1;
    depths.set(row.id, depth);
    const isLeaf = !parents.has(row.id);
    const bar = { row, depth, isLeaf, from: at };
    if (isLeaf) at += row.bytes;
    return bar;
  });
}

function Line({ bar, total, scale }: { bar: Bar; total: number; scale: number }) {
  const { row, depth, isLeaf } = bar;
  const isWide = row.high_bytes - row.low_bytes > row.bytes * 0.02 && row.low_bytes !== row.high_bytes;
  return (
    <tr class={isLeaf ? "" : depth === 0 ? "ledger-total" : "ledger-sum"}>
      <td class="ledger-label" style={{ paddingLeft: `${4 + depth * 14}px` }} title={row.id}>{row.label}</td>
      <td class="waterfall"><Span from={bar.from} bytes={row.bytes} scale={scale} kind={isLeaf ? row.class : depth === 0 ? "total" : "sum"} /></td>
      <td class="number">{bytes(row.bytes)}</td>
      <td class="number dim">{percent(row.bytes, total)}</td>
      <td class="dim" title={isWide ? `between ${bytes(row.low_bytes)} and ${bytes(row.high_bytes)}` : ""}>{row.basis}{isWide && ` ±`}</td>
    </tr>
  );
}

function Span({ from, bytes: width, scale, kind }: { from: number; bytes: number; scale: number; kind: string }) {
  return <span class={`span class-${kind}`} style={{ left: `${(from / scale) * 100}%`, width: `max(1px, ${(width / scale) * 100}%)` }} />;
}

/** All of it in one line, with the names of what is wide enough. */
export function Strip({ rows }: { rows: LedgerRow[] }) {
  const total = rows[0]?.bytes ?? 0;
  if (total === 0) return null;
  const leaves = placed(rows).filter((bar) => bar.isLeaf && bar.row.bytes > 0);
  return (
    <div class="strip" role="img" aria-label="Resident memory by what holds it">
      {leaves.map(({ row }) => {
        const share = (row.bytes / total) * 100;
        return (
          <span key={row.id} class={`strip-part class-${row.class}`} style={{ flexBasis: `${share}%` }} title={`${row.label}: ${bytes(row.bytes)}, ${percent(row.bytes, total)}`}>
            {share > 7 && <span class="strip-text"><b>{bytes(row.bytes)}</b>{row.label}</span>}
          </span>
        );
      })}
    </div>
  );
}
