// What changed between two states: resident memory part by part, and each finding.

import type { Difference } from "../contracts";
import { bytes, change, growth } from "../format";

export function Changes({ difference }: { difference: Difference }) {
  const parents = new Set(difference.ledger.map((row) => row.parent));
  const leaves = difference.ledger.filter((row) => !parents.has(row.id) && row.delta_bytes !== 0);
  leaves.sort((a, b) => Math.abs(b.delta_bytes) - Math.abs(a.delta_bytes));
  const most = Math.abs(leaves[0]?.delta_bytes ?? 1);
  const before = difference.before_totals["rss_bytes"];
  const after = difference.after_totals["rss_bytes"];
  return (
    <section>
      <h2>What changed from A to B</h2>
      <p class="calm">
        {before != null && after != null ? <>Resident memory went from <b>{bytes(before)}</b> to <b>{bytes(after)}</b>, </> : null}
        <b class={difference.delta_bytes < 0 ? "shrank" : "grew"}>{change(difference.delta_bytes, "bytes")}</b>.
      </p>
      <table class="sites">
        <tbody>
          {leaves.slice(0, 12).map((row) => (
            <tr>
              <td class={`number ${row.delta_bytes < 0 ? "shrank" : "grew"}`}>{change(row.delta_bytes, "bytes")}</td>
              <td class="change-bar"><span class={row.delta_bytes < 0 ? "fill-shrank" : "fill-grew"} style={{ width: `${(Math.abs(row.delta_bytes) / most) * 100}%` }} /></td>
              <td class="number dim">{growth(row.before_bytes, row.after_bytes)}</td>
              <td>{row.label} <span class="dim">{bytes(row.before_bytes)} → {bytes(row.after_bytes)}</span></td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul class="fates">
        {difference.findings.map((finding) => <li><span class={`severity ${finding.severity}`}>{finding.severity}</span> {finding.title}</li>)}
        {difference.changes.map((row) => <li><span class="badge">{row.fate}</span> {row.title}</li>)}
      </ul>
      {difference.notes.map((note) => <p class="dim">{note}</p>)}
    </section>
  );
}
