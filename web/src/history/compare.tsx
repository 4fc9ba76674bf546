// One line of a plot for all processes, and two of them side by side.

import { useMemo } from "preact/hooks";
import { getFresh, getJson, useAnswer } from "../api";
import { plural } from "../format";
import { useNavigation } from "../route";
import { useShell, type MenuItem } from "../shell";
import type { Curves, Mark, PlotAbout, Target } from "./contracts";
import { useFresh } from "./fresh";
import { Plot } from "./plot";
import { clock, nameOf, profileAt, type Range } from "./time";
import { pickedOf, split, together } from "./together";

// More lines than that cannot be told apart, and each is a question of its own.
const MOST = 60;

const FIRST = "resident/RSS";

const SUGGESTED: [string, string][] = [
  [FIRST, "RSS"], ["gc-memory/live heap", "Live heap"], ["goroutines/goroutines", "Goroutines"],
  ["allocation-rate/allocated", "Allocation rate"], ["gc-cpu-fraction/GCCPUFraction", "GC share of CPU"], ["process-cpu/all", "CPU"],
];

const KINDS: [string, string][] = [["heap", "heaps"], ["goroutine", "goroutines"], ["cpu", "CPU"]];

interface Props {
  targets: Target[];
  range: Range;
  marks: Mark[];
}

export function Comparison({ targets, range, marks }: Props) {
  const navigation = useNavigation();
  const shell = useShell();
  const plots = useAnswer<{ plots: PlotAbout[] }>("api/v1/history/plots", getJson);
  const wanted = navigation.get("curve") ?? FIRST;
  const [plot = "", label = ""] = split(wanted);
  const drawn = targets.slice(0, MOST);
  const answers = useCurves(plot, drawn, range);
  const curves = useMemo(() => together(label, answers), [label, answers]);
  const picked = pickedOf(navigation.get("pick"), targets);
  const known = plots.data?.plots.filter((about) => about.lines.length > 0) ?? [];

  const comparing = (kind: string, at: number) => {
    const [base, other] = picked;
    return base && other ? { base: profileAt(base.id, kind, at), profile: profileAt(other.id, kind, at), sample_index: null } : null;
  };
  const open = (at: number, x: number, y: number) => {
    const items: MenuItem[] = [];
    if (picked.length === 2) {
      for (const [kind, name] of KINDS) {
        const changes = comparing(kind, at)!;
        items.push({ label: `Compare their ${name}`, href: navigation.link("flame", changes), run: () => navigation.go("flame", changes) });
      }
    } else {
      for (const target of drawn.slice(0, 12)) {
        const changes = { profile: profileAt(target.id, "heap", at), base: null, sample_index: null };
        items.push({ label: `Heap of ${nameOf(target)}`, href: navigation.link("flame", changes), run: () => navigation.go("flame", changes) });
      }
    }
    shell.openMenu(x, y, clock(at), items);
  };
  const heaps = comparing("heap", range.to);
  const goroutines = comparing("goroutine", range.to);
  return (
    <section class="comparison" aria-label="Comparison">
      <div class="section-head">
        <label>One line for all processes <select value={wanted} onChange={(event) => navigation.set({ curve: event.currentTarget.value === FIRST ? null : event.currentTarget.value })}>
          <optgroup label="Often asked for">
            {SUGGESTED.filter(([value]) => isThere(known, value)).map(([value, name]) => <option value={value}>{name}</option>)}
          </optgroup>
          {known.map((about) => (
            <optgroup label={about.title}>
              {about.lines.filter((line) => !SUGGESTED.some(([value]) => value === `${about.id}/${line.label}`)).map((line) => <option value={`${about.id}/${line.label}`}>{line.label}</option>)}
            </optgroup>
          ))}
        </select></label>
        {targets.length > MOST && <span class="dim">{plural(targets.length - MOST, "process is", "processes are")} not drawn: search for fewer.</span>}
      </div>
      {curves ? (
        <Plot curves={curves} marks={marks} group="fleet" theme={shell.theme} isNamed
          brushed={(from, to) => navigation.set({ from: String(Math.round(from)), to: String(Math.round(to)), last: null })} clicked={open} />
      ) : <div class="plot-empty" aria-busy="true">Reading…</div>}
      <p class="picked" role="status">
        {picked.length === 0 && <span class="dim">Pick two processes in the table to compare their profiles; drag to zoom, click for the profiles of a moment.</span>}
        {picked.length === 1 && <span>The base is <b>{nameOf(picked[0]!)}</b>. Pick another process to compare with it. </span>}
        {picked.length === 2 && (
          <>
            <span>From <b>{nameOf(picked[0]!)}</b> to <b>{nameOf(picked[1]!)}</b>, at {clock(range.to)}: </span>
            <a href={navigation.link("flame", heaps!)} onClick={(event) => { event.preventDefault(); navigation.go("flame", heaps!); }}>compare their heaps</a>
            <a href={navigation.link("flame", goroutines!)} onClick={(event) => { event.preventDefault(); navigation.go("flame", goroutines!); }}>compare their goroutines</a>
            <button type="button" class="quiet" onClick={() => navigation.set({ pick: `${picked[1]!.id},${picked[0]!.id}` })}>swap</button>
          </>
        )}
        {picked.length > 0 && <button type="button" class="quiet" onClick={() => navigation.set({ pick: null })}>none</button>}
      </p>
    </section>
  );
}

function isThere(known: PlotAbout[], choice: string): boolean {
  const [plot, label] = split(choice);
  return known.some((about) => about.id === plot && about.lines.some((line) => line.label === label));
}

/** The curves of a plot of several processes; those that have none are left out. */
function useCurves(plot: string, targets: Target[], range: Range): { name: string; curves: Curves }[] {
  const moment = `${range.from}-${range.to}`;
  const ask = (target: Target) =>
    getFresh<Curves>(`api/v1/history/curves?from=${Math.round(range.from)}&plot=${encodeURIComponent(plot)}&target=${target.id}&to=${Math.round(range.to)}`)
      .then((curves) => [{ name: nameOf(target), curves }], () => []);
  const subject = `${plot} ${targets.map((target) => target.id).join()}`;
  const { data } = useFresh(subject, moment, async () => (await Promise.all(targets.map(ask))).flat());
  return data ?? NONE;
}

const NONE: { name: string; curves: Curves }[] = [];
