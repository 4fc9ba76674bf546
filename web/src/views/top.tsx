// Functions in every sample type: a table of which only what is seen is drawn.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useFunctionKeys, useFunctionMenu } from "../actions";
import { getJson, useAnswer } from "../api";
import type { Functions } from "../contracts";
import { matcher } from "../matcher";
import { amount, change, growth, percent, plural, sampleName } from "../format";
import { Answered, Empty, Notes } from "../parts/parts";
import { useChosen } from "../request";
import { useNavigation } from "../route";
import { useKeys } from "../shell";

const ROW = 23;
const AROUND = 12;

/** A column: what it is called and how rows are compared by it. */
interface Column {
  id: string;
  type: number;
  label: string;
  value(row: number): number;
}

export function Top() {
  const chosen = useChosen();
  // Both states are in the rows, whatever side is shown elsewhere.
  const answer = useAnswer<Functions>(chosen ? chosen.url("functions", {}, ["sample_index", "sort", "side"]) : null, getJson);
  if (!chosen) return null;
  return <Answered answer={answer}>{(functions) => <Table functions={functions} column={chosen.column} />}</Answered>;
}

function columnsOf(functions: Functions, selected: number): Column[] {
  const columns: Column[] = [];
  const of = (values: number[][], type: number) => values[type] ?? [];
  const types = [selected, ...functions.sample_types.keys()].filter((type, place, all) => all.indexOf(type) === place);
  for (const type of types) {
    const [flat, cum] = [of(functions.flat, type), of(functions.cum, type)];
    columns.push({ id: `flat:${functions.sample_types[type]!.name}`, type, label: "flat", value: (row) => flat[row] ?? 0 });
    columns.push({ id: `cum:${functions.sample_types[type]!.name}`, type, label: "cum", value: (row) => cum[row] ?? 0 });
    if (functions.base_flat.length > 0 && type === selected) {
      const [before, all] = [of(functions.base_flat, type), of(functions.base_cum, type)];
      columns.push({ id: `growth:${functions.sample_types[type]!.name}`, type, label: "flat B − A", value: (row) => (flat[row] ?? 0) - (before[row] ?? 0) });
      columns.push({ id: `growth-cum:${functions.sample_types[type]!.name}`, type, label: "cum B − A", value: (row) => (cum[row] ?? 0) - (all[row] ?? 0) });
    }
  }
  return columns;
}

function Table({ functions, column }: { functions: Functions; column: number }) {
  const navigation = useNavigation();
  const openMenu = useFunctionMenu();
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [selected, select] = useState(-1);
  const columns = useMemo(() => columnsOf(functions, column), [functions, column]);
  const isCompared = functions.base_flat.length > 0;
  const by = navigation.get("by") ?? "";
  const [wanted, direction] = by.split(" ");
  const sorted = columns.find((known) => known.id === wanted) ?? columns.find((known) => known.label === (isCompared ? "flat B − A" : navigation.get("sort") === "cum" ? "cum" : "flat"))!;
  const isByName = wanted === "name";
  const isUpward = direction === "up";
  const pattern = navigation.get("find") ?? "";
  const rows = useMemo(() => {
    const matches = pattern ? matcher(pattern).test : () => true;
    const all: number[] = [];
    for (let row = 0; row < functions.names.length; row++) {
      const isThere = columns.some((known) => known.value(row) !== 0);
      if (isThere && matches(functions.names[row] ?? "")) all.push(row);
    }
    const sign = isUpward ? -1 : 1;
    const name = (row: number) => functions.names[row] ?? "";
    const byName = (a: number, b: number) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0);
    if (isByName) return all.sort((a, b) => sign * byName(a, b));
    const size = (row: number) => (sorted.label.includes("−") ? Math.abs(sorted.value(row)) : sorted.value(row));
    return all.sort((a, b) => sign * (size(b) - size(a)) || byName(a, b));
  }, [functions, columns, pattern, sorted.id, isUpward, isByName]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const move = (by: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, selected + by));
    select(next);
    const element = box.current;
    if (!element) return;
    const at = next * ROW;
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at > element.scrollTop + element.clientHeight - 4 * ROW) element.scrollTop = at - element.clientHeight + 4 * ROW;
  };
  const name = functions.names[rows[selected] ?? -1] ?? "";
  useKeys(
    [
      { key: "ArrowDown", what: "Next function", group: "Selected function", run: () => move(1) },
      { key: "ArrowUp", what: "Function before", group: "Selected function", run: () => move(-1) },
      { key: "Enter", what: "Its callers and callees", group: "Selected function", run: () => name && navigation.go("flame", { pivot: name }) },
    ],
    [rows, selected, name],
  );
  useFunctionKeys(name, "");
  const sortBy = (id: string) => {
    const isSame = id === (isByName ? "name" : sorted.id);
    navigation.set({ by: isSame && !isUpward ? `${id} up` : id });
  };
  const types = [...new Set(columns.map((known) => known.type))];
  const first = Math.max(0, Math.floor(top / ROW) - AROUND);
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW) + AROUND);
  const total = (type: number) => functions.sample_types[type]?.total ?? 0;
  const unit = (type: number) => functions.sample_types[type]?.unit ?? "";
  const arrow = (id: string) => (id === (isByName ? "name" : sorted.id) ? (isUpward ? " ↑" : " ↓") : "");
  const aria = (id: string) => (id === (isByName ? "name" : sorted.id) ? (isUpward ? "ascending" : "descending") : "none");
  const found = pattern ? rows.reduce((sum, row) => sum + (functions.flat[column]?.[row] ?? 0), 0) : 0;
  if (functions.names.length === 0) return <Empty>No function is left: {functions.filters.join(", ") || "the profile is empty"}.</Empty>;
  return (
    <div class="table-view">
      <div class="table-box" ref={box} onScroll={(event) => setTop(event.currentTarget.scrollTop)} tabIndex={0} aria-label="Functions">
        <table class="top-table" aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              <th class="name" rowSpan={2} aria-sort={aria("name")}><button type="button" onClick={() => sortBy("name")}>Function{arrow("name")}</button></th>
              {types.map((type) => (
                <th class="group" colSpan={columns.filter((known) => known.type === type).length * (type === column ? 2 : 1)}>
                  {sampleName(functions.sample_types[type]!.name)} <span class="dim">{amount(total(type), unit(type))}</span>
                </th>
              ))}
            </tr>
            <tr>
              {columns.map((known) => (
                <th class="number" colSpan={known.type === column ? 2 : 1} aria-sort={aria(known.id)}>
                  <button type="button" onClick={() => sortBy(known.id)}>{known.label}{arrow(known.id)}</button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr style={{ height: `${first * ROW}px` }} aria-hidden="true" />
            {rows.slice(first, last).map((row, place) => (
              <tr
                key={row}
                aria-selected={first + place === selected}
                aria-rowindex={first + place + 2}
                onClick={() => select(first + place)}
                onDblClick={() => navigation.go("flame", { pivot: functions.names[row] ?? null })}
                onContextMenu={(event) => {
                  select(first + place);
                  openMenu(event, functions.names[row] ?? "");
                }}
              >
                <td class="name" title={functions.names[row]}>{functions.names[row]}</td>
                {columns.map((known) =>
                  known.label.includes("−") ? (
                    <Growth functions={functions} row={row} known={known} unit={unit(known.type)} />
                  ) : (
                    <Value value={known.value(row)} total={total(known.type)} unit={unit(known.type)} isMain={known.type === column} />
                  ),
                )}
              </tr>
            ))}
            <tr style={{ height: `${(rows.length - last) * ROW}px` }} aria-hidden="true" />
          </tbody>
        </table>
      </div>
      <footer class="table-foot">
        <span>{plural(rows.length, "function")}{pattern && ` match ${pattern}, ${percent(found, total(column))} flat`}</span>
        {functions.left_out > 0 && <span>, {plural(functions.left_out, "small one")} not listed</span>}
        <span class="spacer" />
        <span class="dim">double click or ↵: callers and callees; right click: more</span>
      </footer>
      <Notes notes={functions.notes} />
    </div>
  );
}

function Value({ value, total, unit, isMain }: { value: number; total: number; unit: string; isMain: boolean }) {
  const share = total === 0 ? 0 : Math.min(1, Math.abs(value) / total);
  if (!isMain) return <td class="number minor">{value === 0 ? <span class="zero">·</span> : amount(value, unit)}</td>;
  return (
    <>
      <td class="number">{value === 0 ? <span class="zero">·</span> : amount(value, unit)}</td>
      <td class="number share">
        <span class="bar" style={{ "--share": share }} />
        <span>{value === 0 ? "" : percent(value, total)}</span>
      </td>
    </>
  );
}

function Growth({ functions, row, known, unit }: { functions: Functions; row: number; known: Column; unit: string }) {
  const isCum = known.label.startsWith("cum");
  const before = (isCum ? functions.base_cum : functions.base_flat)[known.type]?.[row] ?? 0;
  const now = (isCum ? functions.cum : functions.flat)[known.type]?.[row] ?? 0;
  const kind = now > before ? "grew" : now < before ? "shrank" : "";
  return (
    <>
      <td class={`number ${kind}`}>{now === before ? <span class="zero">·</span> : change(now - before, unit)}</td>
      <td class={`number share ${kind}`}>{now === before ? "" : growth(before, now)}</td>
    </>
  );
}
