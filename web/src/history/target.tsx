// The curves of one process, and from any moment of them to its profiles.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { getFresh, getJson, leaveNote, useAnswer, type Problem } from "../api";
import { Empty, ProblemNote } from "../parts/parts";
import { useNavigation } from "../route";
import { useKeys, useShell, type MenuItem } from "../shell";
import type { Curves, Entry, Mark, PlotAbout, SeriesAbout, Target } from "./contracts";
import { Findings, marksOf, useFindings } from "./findings";
import { useFresh } from "./fresh";
import { Plot } from "./plot";
import { RangeBar } from "./range";
import { useTarget } from "./targets";
import { clock, grained, length, nameOf, profileAt, profileOf, rangeOf, type Range } from "./time";

const GROUPS: [string, string][] = [
  ["overview", "Overview"], ["memory", "Memory"], ["heap", "Heap"], ["gc", "GC"], ["scheduler", "Scheduler"], ["cpu", "CPU"], ["own", "Its own"],
];

const OVERVIEW = ["resident", "memory-parts", "gc-memory", "allocation-rate", "goroutines", "process-cpu", "gc-pauses", "latencies"];

const KINDS: Record<string, string> = {
  heap: "Heap", goroutine: "Goroutines", cpu: "CPU", mutex: "Locks", block: "Blocking", allocs: "Allocations", goroutineleak: "Leaked goroutines", threadcreate: "Threads",
};

export function TargetView() {
  const { target, all, problem } = useTarget();
  if (problem && !target) return <ProblemNote problem={problem} />;
  if (!target) return all.length > 0 ? <Empty>There is no such process. The fleet (f) lists them.</Empty> : <div class="waiting" aria-busy="true">Reading…</div>;
  return <Shown key={target.id} target={target} all={all} />;
}

function Shown({ target, all }: { target: Target; all: Target[] }) {
  const navigation = useNavigation();
  const shell = useShell();
  const plots = useAnswer<{ plots: PlotAbout[] }>("api/v1/history/plots", getJson);
  const range = grained(rangeOf(navigation, target), 500);
  const group = navigation.get("group") ?? "overview";
  const found = useFindings(target.id, range);
  const told = useMarks(target, range);
  const marks = useMemo(() => [...told, ...marksOf(found.findings, [target])], [told, found.findings]);
  // What was found comes first; that nothing was comes last.
  const isFound = (found.findings?.length ?? 0) > 0;
  const [noting, setNoting] = useState<number | null>(null);
  const a = navigation.get("a");

  const zoom = (from: number, to: number) => navigation.set({ from: String(Math.round(from)), to: String(Math.round(to)), last: null });
  const widen = () => {
    const middle = (range.from + range.to) / 2;
    const half = range.to - range.from;
    const to = Math.min(middle + half, target.last_ms + 1);
    zoom(to - 2 * half, to);
  };
  const move = (by: number) => zoom(range.from + by * (range.to - range.from), range.to + by * (range.to - range.from));
  useKeys(
    [
      { key: "-", what: "Twice the time", group: "Curves", run: widen },
      { key: "[", what: "Earlier", group: "Curves", run: () => move(-0.5) },
      { key: "]", what: "Later", group: "Curves", run: () => move(0.5) },
      { key: "Backspace", what: "Back to the latest", group: "Curves", run: () => navigation.set({ from: null, to: null }) },
    ],
    [range.from, range.to, navigation],
  );

  const compare = (base: string, now: { from: number; to: number }, kind: string) => {
    const [from, to] = base.split("-").map(Number);
    const of = (start: number, end: number) => (end > start ? profileOf(target.id, kind, start, end) : profileAt(target.id, kind, start));
    navigation.go("flame", { profile: of(now.from, now.to), base: of(from ?? 0, to ?? 0), sample_index: null });
  };
  const openMoment = async (at: number, x: number, y: number) => {
    const span = Math.max(range.to - range.from, 3600e3);
    const { profiles } = await getFresh<{ profiles: Entry[] }>(`api/v1/history/profiles?from=${Math.round(at - span)}&target=${target.id}&to=${Math.round(at + span)}`);
    const items: MenuItem[] = [];
    for (const kind of [...new Set(profiles.map((entry) => entry.kind))]) {
      const near = profiles.filter((entry) => entry.kind === kind).sort((one, other) => Math.abs(one.at_ms - at) - Math.abs(other.at_ms - at))[0];
      if (!near) continue;
      const name = profileAt(target.id, kind, near.at_ms);
      const changes = { profile: name, base: null, sample_index: null };
      items.push({ label: `${KINDS[kind] ?? kind} at ${clock(near.at_ms)}`, href: navigation.link("flame", changes), run: () => navigation.go("flame", changes) });
      if (a) items.push({ label: `${KINDS[kind] ?? kind}: from A to here`, run: () => compare(a, { from: near.at_ms, to: near.at_ms }, kind) });
    }
    items.push({ label: "Remember as A, to compare with", run: () => navigation.set({ a: `${Math.round(at)}-${Math.round(at)}` }) });
    items.push({ label: "Write a note here", run: () => setNoting(Math.round(at)) });
    shell.openMenu(x, y, clock(at), items);
  };
  const openStretch = (from: number, to: number) => {
    const items: MenuItem[] = [
      { label: "Zoom", run: () => zoom(from, to) },
      { label: "Remember as A, to compare with", run: () => navigation.set({ a: `${Math.round(from)}-${Math.round(to)}` }) },
      ...["heap", "cpu", "goroutine"].map((kind) => {
        const changes = { profile: profileOf(target.id, kind, from, to), base: null, sample_index: null };
        return { label: `${KINDS[kind]} of this stretch`, run: () => navigation.go("flame", changes) };
      }),
      ...(a ? ["heap", "cpu", "goroutine"].map((kind) => ({ label: `${KINDS[kind]}: from A to this`, run: () => compare(a, { from, to }, kind) })) : []),
      { label: "What grows in it", run: () => navigation.go("growth", { from: String(Math.round(from)), to: String(Math.round(to)), last: null }) },
    ];
    shell.openMenu(innerWidth / 2, 160, `${clock(from)} to ${clock(to)}, ${length(to - from)}`, items);
  };

  const known = plots.data?.plots ?? [];
  const wanted = group === "overview" ? OVERVIEW.flatMap((id) => known.find((plot) => plot.id === id) ?? []) : known.filter((plot) => plot.group === group);
  const find = (navigation.get("find") ?? "").toLowerCase();
  const chosen = find ? known.filter((plot) => `${plot.id} ${plot.title}`.toLowerCase().includes(find)) : wanted;
  const draw = (query: string, key: string) => (
    <Loaded key={key} query={query} target={target} range={range} marks={marks} brushed={(from, to, isForCompare) => (isForCompare ? openStretch(from, to) : zoom(from, to))} clicked={(at, x, y) => void openMoment(at, x, y)} />
  );
  const pattern = navigation.get("function");
  return (
    <div class="target">
      <div class="target-head">
        <select aria-label="Process" value={target.id} onChange={(event) => navigation.set({ target: event.currentTarget.value })}>
          {all.map((other) => <option value={other.id}>{nameOf(other)}</option>)}
        </select>
        <RangeBar range={range} started={target.runs.at(-1)?.started_ms ?? null} />
        {a && (
          <span class="remembered">A: {remembered(a)} <button type="button" class="quiet" onClick={() => navigation.set({ a: null })} aria-label="Forget A">×</button></span>
        )}
      </div>
      {isFound && <Findings found={found} targets={[target]} />}
      <div class="segments small plot-groups" role="group" aria-label="Plots">
        {GROUPS.map(([name, label]) => (
          <button type="button" aria-pressed={group === name} onClick={() => navigation.set({ group: name === "overview" ? null : name })}>{label}</button>
        ))}
      </div>
      {noting !== null && <Note at={noting} target={target} close={() => setNoting(null)} />}
      {pattern && (
        <section class="plots" aria-label="Function">
          {draw(`function=${encodeURIComponent(pattern)}&kind=${navigation.get("of") ?? "heap"}&sample_type=${navigation.get("type") ?? "inuse_space"}`, "function")}
        </section>
      )}
      {group === "own" && !find ? (
        <Own target={target} draw={draw} />
      ) : (
        <section class="plots">{chosen.map((plot) => draw(`plot=${plot.id}`, plot.id))}</section>
      )}
      {!isFound && <Findings found={found} targets={[target]} />}
      <p class="dim foot">Drag to zoom, Shift-drag for more, click for the profiles of a moment. Times are those of this browser.</p>
    </div>
  );
}

function remembered(a: string): string {
  const [from, to] = a.split("-").map(Number);
  return from === to ? clock(from ?? 0) : `${clock(from ?? 0)}, ${length((to ?? 0) - (from ?? 0))}`;
}

const NONE: Mark[] = [];

function useMarks(target: Target, range: Range): Mark[] {
  const url = `api/v1/history/marks?from=${Math.round(range.from)}&target=${target.id}&to=${Math.round(range.to)}`;
  const { data } = useFresh(target.id, `${url} ${target.last_ms}`, () => getFresh<{ marks: Mark[] }>(url));
  return data?.marks ?? NONE;
}

interface LoadedProps {
  query: string;
  target: Target;
  range: Range;
  marks: Mark[];
  brushed(from: number, to: number, isForCompare: boolean): void;
  clicked(at: number, x: number, y: number): void;
}

/** A plot whose curves are asked for when it comes into sight, and again when there are newer ones. */
function Loaded({ query, target, range, marks, brushed, clicked }: LoadedProps) {
  const shell = useShell();
  const place = useRef<HTMLDivElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const seen = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true), { rootMargin: "300px" });
    if (place.current) seen.observe(place.current);
    return () => seen.disconnect();
  }, []);
  const url = `api/v1/history/curves?from=${Math.round(range.from)}&${query}&target=${target.id}&to=${Math.round(range.to)}`;
  const { data: curves, problem } = useFresh(query, `${url} ${target.last_ms}`, () => getFresh<Curves>(url), isSeen);
  return (
    <div class="plot-place" ref={place}>
      {problem && !curves && <div class="plot-empty">{problem.detail}</div>}
      {curves && <Plot curves={curves} marks={marks} group="time" theme={shell.theme} brushed={brushed} clicked={clicked} />}
    </div>
  );
}

/** What the program itself counts: expvar and its own samples for Prometheus. */
function Own({ target, draw }: { target: Target; draw(query: string, key: string): preact.JSX.Element }) {
  const answer = useAnswer<{ series: SeriesAbout[] }>(`api/v1/history/series?target=${target.id}`, getJson);
  const own = useMemo(() => (answer.data?.series ?? []).filter((series) => series.family.points && isOwn(series.name)), [answer.data]);
  if (answer.problem) return <ProblemNote problem={answer.problem} />;
  if (answer.data && own.length === 0) return <Empty>The program publishes no numbers of its own, by expvar or for Prometheus.</Empty>;
  return <section class="plots">{own.map((series) => draw(`series=${encodeURIComponent(series.name)}`, series.name))}</section>;
}

const isOwn = (name: string): boolean => !/^(\/|memstats\.|process[._]|cgroup\.|host\.|profile\.|gctrace\.|scavtrace\.|go_)/.test(name);

function Note({ at, target, close }: { at: number; target: Target; close(): void }) {
  const shell = useShell();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const keep = async () => {
    const text = field.current?.value.trim();
    if (!text) return;
    try {
      await leaveNote(target.id, at, text);
      shell.tell("The note is kept.");
      close();
    } catch (problem) {
      shell.tell((problem as Problem).detail);
    }
  };
  return (
    <form class="note" onSubmit={(event) => { event.preventDefault(); void keep(); }}>
      <label>Note at {clock(at)} <input ref={field} type="text" maxLength={400} onKeyDown={(event) => event.key === "Escape" && close()} /></label>
      <button type="submit">Keep</button>
      <button type="button" class="quiet" onClick={close}>Cancel</button>
    </form>
  );
}
