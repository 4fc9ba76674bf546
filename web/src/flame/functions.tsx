// The functions to choose a pivot from, by what they hold.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { getJson, useAnswer } from "../api";
import type { Functions } from "../contracts";
import { amount, plural, shortName } from "../format";
import { useChosen } from "../request";
import { useNavigation } from "../route";

const MOST = 200;

type Order = "cum" | "flat" | "name";

export function FunctionList({ pivot, matches }: { pivot: string; matches: ((name: string) => boolean) | null }) {
  const navigation = useNavigation();
  const chosen = useChosen()!;
  const answer = useAnswer<Functions>(chosen.url("functions", {}, ["sample_index", "sort", "side"]), getJson);
  const [order, setOrder] = useState<Order>("cum");
  const list = useRef<HTMLTableSectionElement>(null);
  const functions = answer.data;
  const rows = useMemo(() => {
    if (!functions) return [];
    const flat = functions.flat[chosen.column] ?? [];
    const cum = functions.cum[chosen.column] ?? [];
    const name = (row: number) => functions.names[row] ?? "";
    const byName = (a: number, b: number) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0);
    const values = order === "flat" ? flat : cum;
    const all = functions.names.map((_, row) => row).filter((row) => (cum[row] ?? 0) !== 0 && (!matches || matches(name(row))));
    return all.sort((a, b) => (order === "name" ? 0 : Math.abs(values[b] ?? 0) - Math.abs(values[a] ?? 0)) || byName(a, b));
  }, [functions, chosen.column, order, matches]);
  useEffect(() => {
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, [pivot, rows]);
  if (!functions) return null;
  const unit = chosen.sampleType.unit;
  const head = (of: Order, label: string) => (
    <th class={of === "name" ? "name" : "number"} aria-sort={order !== of ? "none" : of === "name" ? "ascending" : "descending"}>
      <button type="button" class="link" onClick={() => setOrder(of)}>{label}{order === of ? (of === "name" ? " ↑" : " ↓") : ""}</button>
    </th>
  );
  return (
    <aside class="function-list" aria-label="Functions" tabIndex={0}>
      <table>
        <thead><tr>{head("flat", "flat")}{head("cum", "cum")}{head("name", "Function")}</tr></thead>
        <tbody ref={list}>
          {rows.slice(0, MOST).map((row) => {
            const name = functions.names[row] ?? "";
            return (
              <tr key={name}>
                <td class="number">{amount(functions.flat[chosen.column]?.[row] ?? 0, unit)}</td>
                <td class="number">{amount(functions.cum[chosen.column]?.[row] ?? 0, unit)}</td>
                <td class="name">
                  <button type="button" class="link" title={name} aria-current={name === pivot ? "true" : undefined} onClick={() => navigation.set({ pivot: name })}>{shortName(name)}</button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {rows.length > MOST && <p class="dim">{plural(rows.length - MOST, "further function")}: search ( / ) narrows the list.</p>}
      {rows.length === 0 && <p class="dim">No function matches.</p>}
    </aside>
  );
}
