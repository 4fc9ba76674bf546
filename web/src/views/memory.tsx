// The address space as a picture: what is mapped where, and how much of it is resident.

import { useMemo, useRef, useState } from "preact/hooks";
import { getJson, useAnswer } from "../api";
import type { MapAmounts, MapKind, MapRow, MemoryMap } from "../contracts";
import { bytes, percent, plural } from "../format";
import { MOST, runs, SHORT, type Piece, type Run } from "../map/pieces";
import { matcher } from "../matcher";
import { Answered } from "../parts/parts";
import { useSubject } from "../request";
import { useNavigation } from "../route";
import { useKeys } from "../shell";

// Rows of the table that are drawn before more are asked for.
const SHOWN = 60;
// A piece narrower than this has room for a letter only.
const WORD = 64;

export function MemoryView() {
  const subject = useSubject();
  const answer = useAnswer<MemoryMap>(subject.has_memory_map ? "api/v1/memory-map" : null, getJson);
  if (!subject.has_memory_map) {
    return (
      <div class="lacking">
        <h1>None of the sources tells the process's mappings</h1>
        <p>Linux keeps them for every process. Give one of:</p>
        <dl>
          <dt><code>fathom open 4711</code></dt>
          <dd>a process of this machine by its pid</dd>
          <dt><code>fathom capture 4711 -o incident.fathom</code></dt>
          <dd>there, then <code>fathom open incident.fathom</code> here</dd>
          <dt><code>fathom open smaps.txt</code></dt>
          <dd>a copy of <code>/proc/PID/smaps</code>; of <code>/proc/PID/maps</code> the addresses alone are shown</dd>
        </dl>
      </div>
    );
  }
  return <Answered answer={answer}>{(map) => <Map map={map} />}</Answered>;
}

function Map({ map }: { map: MemoryMap }) {
  const subject = useSubject();
  const navigation = useNavigation();
  const [pointed, point] = useState<number | null>(null);
  const picture = useRef<HTMLDivElement>(null);
  const drawn = useMemo(() => runs(map.mappings, map.arena_bytes), [map]);
  const order = useMemo(() => drawn.flatMap((run) => run.pieces.map((piece) => piece.place)), [drawn]);
  const kinds = useMemo(() => new globalThis.Map(map.kinds.map((kind) => [kind.id, kind])), [map]);
  const kind = navigation.get("kind");
  const pattern = navigation.get("find") ?? "";
  const isWanted = useMemo(() => {
    const matches = matcher(pattern).test;
    return (row: MapRow) => (kind === null || row.kind === kind) && (!pattern || matches(`${row.name} ${row.start}-${row.end} ${row.permissions} ${kinds.get(row.kind)?.label ?? ""}`));
  }, [kind, pattern, kinds]);
  // The address of the page names a mapping by its first address, which a reload keeps.
  const at = navigation.get("at");
  const selected = at === null ? -1 : map.mappings.findIndex((row) => row.start === at);
  // A key that is held comes again before the page is drawn again.
  const current = useRef(selected);
  current.current = selected;
  const select = (place: number, isFocused: boolean) => {
    const row = map.mappings[place];
    if (!row) return;
    current.current = place;
    point(null);
    navigation.set({ at: row.start }, "replace");
    if (isFocused) picture.current?.querySelector<HTMLElement>(`[data-place="${place}"]`)?.focus();
  };
  const step = (by: number) => {
    const wanted = order.filter((place) => isWanted(map.mappings[place]!));
    const here = wanted.indexOf(current.current);
    const next = here < 0 ? (by > 0 ? 0 : wanted.length - 1) : Math.max(0, Math.min(wanted.length - 1, here + by));
    select(wanted[next] ?? -1, true);
  };
  useKeys(
    [
      { key: "ArrowRight", what: "Next mapping", group: "Memory map", run: () => step(1) },
      { key: "ArrowLeft", what: "Mapping before", group: "Memory map", run: () => step(-1) },
      { key: "Escape", what: "All mappings", group: "Memory map", run: () => navigation.set({ at: null, kind: null }) },
    ],
    [order, selected, isWanted],
  );
  const shown = pointed ?? selected;
  const entry = order.includes(selected) ? selected : order[0];
  const { total } = map;
  return (
    <>
      <div class="memory">
        <h1>
          {map.has_memory ? <><b>{bytes(total.resident_bytes)}</b> resident of {bytes(total.size_bytes)} mapped</> : <><b>{bytes(total.size_bytes)}</b> mapped</>}
          {`, ${plural(total.mappings, "mapping")}`}
          {total.swapped_bytes > 0 && `; ${bytes(total.swapped_bytes)} swapped out`}
        </h1>
        {!map.has_memory && <p class="facts">What is resident is not known: only the addresses (maps) were read, /proc/PID/smaps tells the rest.</p>}
        {subject.base_title && <p class="facts">This is B, {subject.title}. Explain shows what changed.</p>}
        <Kinds map={map} kind={kind} choose={(id) => navigation.set({ kind: kind === id ? null : id })} />
        <div class="address-space" ref={picture} role="group" aria-label="Mappings by address; arrow keys go from one to the next" onMouseLeave={() => point(null)}>
          {drawn.map((run) => (
            <RunOf key={run.start} run={run} kinds={kinds} isWanted={isWanted} selected={selected} pointed={pointed} entry={entry} point={point} select={select} />
          ))}
        </div>
        <p class="map-legend">
          <span><i class="sample full" /> resident (how much, not where)</span>
          {total.huge_bytes > 0 && <span><i class="sample huge" /> {bytes(total.huge_bytes)} of it in huge pages</span>}
          {total.swapped_bytes > 0 && <span><i class="sample swapped" /> swapped out</span>}
          <span><i class="sample none" /> not resident</span>
          <span><i class="sample reserved" /> only reserved, or a guard</span>
          {drawn.some((run) => run.pieces.some((piece) => piece.ticks.length > 0)) && <span><i class="sample tick" /> a Go arena of {bytes(map.arena_bytes)} begins</span>}
          <span>Twice as wide is 16 times as large; gaps are shortened.</span>
          {map.mappings.length > order.length && <span>The {MOST} largest are drawn.</span>}
        </p>
        <Table map={map} kinds={kinds} isWanted={isWanted} selected={selected} point={point} select={(place) => select(place, false)} />
      </div>
      <Details row={map.mappings[shown]} kind={kinds.get(map.mappings[shown]?.kind ?? "")} hasMemory={map.has_memory} />
    </>
  );
}

function Kinds({ map, kind, choose }: { map: MemoryMap; kind: string | null; choose(id: string): void }) {
  return (
    <div class="kinds" role="group" aria-label="Kinds of mappings">
      {map.kinds.map((known) => (
        <button type="button" key={known.id} aria-pressed={kind === known.id} onClick={() => choose(known.id)} title={`${plural(known.amounts.mappings, "mapping")}, ${bytes(known.amounts.size_bytes)} mapped. Show these alone`}>
          <Swatch kind={known} />
          <span>{known.label}</span> <b>{bytes(map.has_memory ? known.amounts.resident_bytes : known.amounts.size_bytes)}</b>
        </button>
      ))}
    </div>
  );
}

/** The colour of a kind, and the letter that stands for it where there is no room for a word. */
function Swatch({ kind }: { kind: MapKind | undefined }) {
  return <span class="kind-swatch"><i class={`swatch class-${kind?.class ?? ""}`} /><span class="kind-letter">{SHORT[kind?.id ?? ""]?.[0]}</span></span>;
}

interface RunProps {
  run: Run;
  kinds: globalThis.Map<string, MapKind>;
  isWanted(row: MapRow): boolean;
  selected: number;
  pointed: number | null;
  /** The piece that Tab comes to. */
  entry: number | undefined;
  point(place: number): void;
  select(place: number, isFocused: boolean): void;
}

function RunOf({ run, kinds, isWanted, selected, pointed, entry, point, select }: RunProps) {
  return (
    <>
      {(run.gap > 0 || run.leftOut > 0) && (
        <span class="address-gap">
          <span class="gap-mark" aria-hidden="true">⋯</span>
          <span>{run.leftOut > 0 ? `${plural(run.leftOut, "small one")} not drawn` : `${bytes(run.gap)} gap`}</span>
        </span>
      )}
      <div class="run">
        <span class="run-start">{run.start}</span>
        <div class="run-pieces">
          {run.pieces.map((piece) => (
            <PieceOf
              key={piece.place}
              piece={piece}
              kind={kinds.get(piece.row.kind)}
              isFaded={!isWanted(piece.row)}
              isSelected={piece.place === selected}
              isPointed={piece.place === pointed}
              isEntry={piece.place === entry}
              point={point}
              select={select}
            />
          ))}
        </div>
      </div>
    </>
  );
}

interface PieceProps {
  piece: Piece;
  kind: MapKind | undefined;
  isFaded: boolean;
  isSelected: boolean;
  isPointed: boolean;
  isEntry: boolean;
  point(place: number): void;
  select(place: number, isFocused: boolean): void;
}

function PieceOf({ piece, kind, isFaded, isSelected, isPointed, isEntry, point, select }: PieceProps) {
  const { row, place, width } = piece;
  const [letter, word] = SHORT[row.kind] ?? ["?", row.kind];
  const { amounts } = row;
  const part = (value: number) => Math.min(1, amounts.size_bytes === 0 ? 0 : value / amounts.size_bytes);
  const least = (value: number) => (value > 0 ? `max(2px, ${part(value) * 100}%)` : "0");
  return (
    <button
      type="button"
      class={`piece${row.reserved ? " reserved" : ""}${isFaded ? " faded" : ""}${isPointed ? " pointed" : ""}`}
      style={{ width: `${width}px` }}
      data-place={place}
      tabIndex={isEntry ? 0 : -1}
      aria-pressed={isSelected}
      aria-label={`${spoken(row, kind)}, ${word}`}
      onMouseEnter={() => point(place)}
      onFocus={() => point(place)}
      onClick={() => select(place, true)}
    >
      <span class="piece-bar">
        <span class={`piece-part class-${kind?.class ?? ""}`} style={{ left: 0, width: least(amounts.resident_bytes) }} />
        <span class="piece-huge" style={{ width: least(amounts.huge_bytes) }} />
        <span class="piece-part swapped" style={{ left: `${part(amounts.resident_bytes) * 100}%`, width: least(amounts.swapped_bytes) }} />
        {piece.ticks.map((tick) => <span class="piece-tick" style={{ left: `${tick * 100}%` }} />)}
      </span>
      <span class="piece-word">{width < WORD ? letter : word}</span>
    </button>
  );
}

function spoken(row: MapRow, kind: MapKind | undefined): string {
  const { amounts } = row;
  const parts = [kind?.label ?? row.kind, row.name, `at ${row.start}`, bytes(amounts.size_bytes)];
  if (row.reserved) parts.push("reserved");
  else parts.push(`${bytes(amounts.resident_bytes)} resident`);
  if (amounts.swapped_bytes > 0) parts.push(`${bytes(amounts.swapped_bytes)} swapped out`);
  if (amounts.huge_bytes > 0) parts.push(`${bytes(amounts.huge_bytes)} in huge pages`);
  return parts.filter(Boolean).join(", ");
}

interface TableProps {
  map: MemoryMap;
  kinds: globalThis.Map<string, MapKind>;
  isWanted(row: MapRow): boolean;
  selected: number;
  point(place: number): void;
  select(place: number): void;
}

function Table({ map, kinds, isWanted, selected, point, select }: TableProps) {
  const navigation = useNavigation();
  const limit = Number(navigation.get("shown")) || SHOWN;
  const places = useMemo(() => {
    const size = (place: number) => map.mappings[place]!.amounts;
    return [...map.mappings.keys()]
      .filter((place) => isWanted(map.mappings[place]!))
      .sort((a, b) => size(b).resident_bytes - size(a).resident_bytes || size(b).swapped_bytes - size(a).swapped_bytes || size(b).size_bytes - size(a).size_bytes || a - b);
  }, [map, isWanted]);
  const has = (of: (amounts: MapAmounts) => number) => of(map.total) > 0;
  const columns: [string, (amounts: MapAmounts) => number][] = [
    ["mapped", (amounts) => amounts.size_bytes],
    ["private", (amounts) => amounts.private_bytes],
    ["swapped", (amounts) => amounts.swapped_bytes],
    ["huge pages", (amounts) => amounts.huge_bytes],
    ["MADV_FREE", (amounts) => amounts.lazily_free_bytes],
  ];
  const shown = columns.filter(([, of]) => has(of));
  return (
    <>
      <div class="map-table-box" tabIndex={0} role="region" aria-label="Mappings by resident bytes">
        <table class="map-table">
          <thead>
            <tr>
              <th>Kind</th>
              <th>Name</th>
              <th class="number" colSpan={2} aria-sort="descending">resident ↓</th>
              {shown.map(([label]) => <th class="number">{label}</th>)}
              <th>may</th>
              <th>address</th>
            </tr>
          </thead>
          <tbody>
            {places.slice(0, limit).map((place) => {
              const row = map.mappings[place]!;
              const { amounts } = row;
              return (
                <tr key={place} aria-selected={place === selected} onMouseEnter={() => point(place)} onClick={() => select(place)}>
                  <td class="map-kind"><Swatch kind={kinds.get(row.kind)} /> {kinds.get(row.kind)?.label}</td>
                  <td class="name" title={row.name}>{row.name}{row.deleted && <span class="dim"> (deleted)</span>}</td>
                  <td class="number">{amounts.resident_bytes === 0 ? <span class="zero">·</span> : bytes(amounts.resident_bytes)}</td>
                  <td class="number share">
                    <span class="bar" style={{ "--share": map.total.resident_bytes === 0 ? 0 : amounts.resident_bytes / map.total.resident_bytes }} />
                    <span>{amounts.resident_bytes === 0 ? "" : percent(amounts.resident_bytes, map.total.resident_bytes)}</span>
                  </td>
                  {shown.map(([, of]) => <td class="number dim">{of(amounts) === 0 ? <span class="zero">·</span> : bytes(of(amounts))}</td>)}
                  <td class="map-code dim">{row.permissions}</td>
                  <td class="map-code"><button type="button" class="link" title="Show it in the picture" onClick={() => select(place)}>{row.start}</button></td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {places.length === 0 && <p class="dim">No mapping is left: the kind or the search refuses all of them.</p>}
      {places.length > limit && <button type="button" onClick={() => navigation.set({ shown: String(limit * 5) })}>Show more: {plural(places.length - limit, "mapping")} not listed</button>}
    </>
  );
}

/** One mapping in full, always in the same place. */
function Details({ row, kind, hasMemory }: { row: MapRow | undefined; kind: MapKind | undefined; hasMemory: boolean }) {
  if (!row) return <footer class="detail map-detail"><span class="dim">Point at a mapping, or go through them with ← and →.</span></footer>;
  const { amounts } = row;
  const figures: [string, string, string][] = [["mapped", bytes(amounts.size_bytes), ""]];
  if (hasMemory) {
    figures.push(["resident", bytes(amounts.resident_bytes), percent(amounts.resident_bytes, amounts.size_bytes)]);
    if (amounts.private_bytes > 0) figures.push(["private", bytes(amounts.private_bytes), ""]);
    if (amounts.swapped_bytes > 0) figures.push(["swapped out", bytes(amounts.swapped_bytes), percent(amounts.swapped_bytes, amounts.size_bytes)]);
    if (amounts.huge_bytes > 0) figures.push(["huge pages", bytes(amounts.huge_bytes), percent(amounts.huge_bytes, amounts.size_bytes)]);
    if (amounts.lazily_free_bytes > 0) figures.push(["MADV_FREE", bytes(amounts.lazily_free_bytes), ""]);
  }
  return (
    <footer class="detail map-detail">
      <div class="detail-name">
        <b>{kind?.label ?? row.kind}</b>
        <span class="dim detail-file"><bdi>{row.name}{row.deleted && " (deleted)"}{row.offset > 0 && ` from ${bytes(row.offset)}`}</bdi></span>
      </div>
      <div class="detail-numbers">
        <span class="figure map-code">{row.start}–{row.end} {row.permissions}{row.reserved && " reserved"}</span>
        {figures.map(([label, value, share]) => (
          <span class={label === "resident" ? "figure strong" : "figure"}>
            <span class="figure-label">{label}</span>
            <span class="figure-value">{value}</span>
            {share && <span class="figure-share">{share}</span>}
          </span>
        ))}
      </div>
    </footer>
  );
}
