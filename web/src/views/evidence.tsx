// What the answer rests on: allocation sites, differences between tools, what was not seen.

import { useFunctionMenu } from "../actions";
import type { Explanation, Reconciliation } from "../contracts";
import { bytes, change, count } from "../format";
import { useNavigation } from "../route";
import { escaped } from "../state";

export function Sites({ sites }: { sites: Explanation["sites"] }) {
  const navigation = useNavigation();
  const openMenu = useFunctionMenu();
  if (sites.length === 0) return null;
  const most = sites[0]?.high_bytes || 1;
  return (
    <section>
      <h2>Who allocated what is live</h2>
      <table class="sites">
        <tbody>
          {sites.map((site) => {
            const name = site.place.replace(/ \([^()]*\)$/, "");
            return (
              <tr onContextMenu={(event) => openMenu(event, name)}>
                <td class="number">{bytes(site.bytes)}</td>
                <td class="interval" title={`between ${bytes(site.low_bytes)} and ${bytes(site.high_bytes)} (95 %)`}>
                  <span class="interval-bar" style={{ width: `${(site.bytes / most) * 100}%` }} />
                  <span class="interval-line" style={{ left: `${(site.low_bytes / most) * 100}%`, width: `${((site.high_bytes - site.low_bytes) / most) * 100}%` }} />
                </td>
                <td class="number dim">{count(site.objects)} objects</td>
                <td class="name">
                  <button type="button" class="link" onClick={() => navigation.go("flame", { pivot: null, focus: `^${escaped(name)}$`, profile: "heap" })}>{site.place}</button>
                  {site.allocated_by !== name && <span class="dim"> by {site.allocated_by}</span>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

export function Reconciliations({ reconciliations }: { reconciliations: Reconciliation[] }) {
  if (reconciliations.length === 0) return null;
  return (
    <section>
      <h2>Why tools disagree</h2>
      <div class="reconciliations">
        {reconciliations.map((row) => (
          <details class="card">
            <summary>
              <span>{row.left.name} <b>{bytes(row.left.bytes)}</b></span>
              <span class="dim">→</span>
              <span>{row.right.name} <b>{bytes(row.right.bytes)}</b></span>
              <span class={`gap ${row.gap_bytes < 0 ? "shrank" : row.gap_bytes > 0 ? "grew" : "dim"}`}>{change(row.gap_bytes, "bytes")}</span>
            </summary>
            <p>{row.note}</p>
            <table class="evidence">
              <tbody>
                {row.causes.map((cause) => (
                  <tr><td>{cause.label}</td><td class="number">{change(cause.bytes, "bytes")}</td><td class="dim">{cause.basis}</td></tr>
                ))}
                {row.unexplained_bytes !== 0 && <tr><td>not explained</td><td class="number">{change(row.unexplained_bytes, "bytes")}</td><td /></tr>}
              </tbody>
            </table>
          </details>
        ))}
      </div>
    </section>
  );
}

export function Missing({ missing, isOpen }: { missing: Explanation["missing"]; isOpen: boolean }) {
  if (missing.length === 0) return null;
  return (
    <details class="not-seen" open={isOpen}>
      <summary>What was not seen</summary>
      <table class="missing">
        <tbody>
          {missing.map((row) => (
            <tr>
              <td>{row.what}</td>
              <td>{row.why}</td>
              <td class="dim">{row.hint ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
