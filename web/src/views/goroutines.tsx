// Goroutines by stack and state, what may be a leak first.

import { useMemo } from "preact/hooks";
import { getJson, useAnswer } from "../api";
import type { GoroutineGroup, Goroutines } from "../contracts";
import { change, count, growth, percent, plural } from "../format";
import { matcher } from "../matcher";
import { Answered, Empty } from "../parts/parts";
import { useSubject } from "../request";
import { useNavigation } from "../route";

// Groups that are drawn before more are asked for, and frames of one that is not opened.
const SHOWN = 100;
const FRAMES = 4;

type Order = "leaks" | "growth" | "wait" | "count";

export function GoroutinesView() {
  const subject = useSubject();
  const answer = useAnswer<Goroutines>(subject.has_goroutines ? "api/v1/goroutines" : null, getJson);
  if (!subject.has_goroutines) {
    return (
      <div class="lacking">
        <h1>None of the sources tells where goroutines stand</h1>
        <p>Give one that does:</p>
        <dl>
          <dt><code>fathom open localhost:6060</code></dt>
          <dd>a process that serves net/http/pprof; with <code>--dump</code> all stacks with states and waits, for which the process stops while they are printed</dd>
          <dt><code>fathom open goroutines.txt</code></dt>
          <dd>a dump: what <code>/debug/pprof/goroutine?debug=2</code> answers, or what a crash printed</dd>
          <dt><code>fathom open goroutine.pb.gz</code></dt>
          <dd>a goroutine profile: stacks and counts, no waits</dd>
        </dl>
        {subject.notes.length > 0 && <ul class="notes">{subject.notes.map((note) => <li>{note}</li>)}</ul>}
      </div>
    );
  }
  return <Answered answer={answer}>{(goroutines) => <Groups goroutines={goroutines} />}</Answered>;
}

function grown(group: GoroutineGroup): number {
  return group.count - (group.base_count ?? 0);
}

/** Groups in an order, as their places in the answer: equal ones stay as they came. */
function ordered(groups: GoroutineGroup[], order: Order): number[] {
  const weights: Record<Order, (group: GoroutineGroup) => number[]> = {
    leaks: (group) => [group.suspicion ? 1 : 0, group.suspicion ? group.leaked : 0],
    growth: (group) => [grown(group)],
    wait: (group) => [group.minutes?.[2] ?? 0, group.count],
    count: (group) => [group.count, group.minutes?.[2] ?? 0],
  };
  const weighed = groups.map((group, place) => ({ place, weight: weights[order](group) }));
  weighed.sort((a, b) => {
    const at = a.weight.findIndex((value, digit) => value !== b.weight[digit]);
    return at < 0 ? a.place - b.place : (b.weight[at] ?? 0) - (a.weight[at] ?? 0);
  });
  return weighed.map((known) => known.place);
}

function Groups({ goroutines }: { goroutines: Goroutines }) {
  const subject = useSubject();
  const navigation = useNavigation();
  const isCompared = goroutines.base_total !== null;
  const hasWaits = goroutines.longest_minutes !== null;
  const orders: [Order, string][] = [["leaks", "possible leaks first"], ...(isCompared ? [["growth", "growth"] as [Order, string]] : []), ...(hasWaits ? [["wait", "longest wait"] as [Order, string]] : []), ["count", "count"]];
  const order = orders.find(([name]) => name === navigation.get("by"))?.[0] ?? "leaks";
  const state = navigation.get("state");
  const pattern = navigation.get("find") ?? "";
  const limit = Number(navigation.get("shown")) || SHOWN;
  const { groups } = goroutines;
  const places = useMemo(() => {
    const matches = matcher(pattern).test;
    const isWanted = (group: GoroutineGroup) =>
      (state === null || nameOf(group.state) === state) &&
      (!pattern || [...group.stack, group.created_by ?? "", ...group.labels.flat()].some(matches));
    return ordered(groups, order).filter((place) => isWanted(groups[place]!));
  }, [groups, order, state, pattern]);
  const candidates = groups.filter((group) => group.suspicion).length;
  const found = places.reduce((sum, place) => sum + groups[place]!.count, 0);
  const drawn = places.slice(0, limit);
  const facts = [
    goroutines.longest_minutes === null ? "" : `the longest has waited ${minutes(goroutines.longest_minutes)} or more`,
    goroutines.base_total === null ? "" : `${count(goroutines.base_total)} in A: ${change(goroutines.total - goroutines.base_total, "count")}`,
    goroutines.leaked > 0 ? `the runtime found ${count(goroutines.leaked)} leaked` : "",
    goroutines.form === "profile" ? "a profile: states are read from the stacks, nobody knows the waits (--dump takes them)" : "",
    goroutines.truncated ? "the dump was cut: all counts are lower bounds" : "",
    goroutines.source,
  ];
  return (
    <div class="goroutines">
      <h1>
        <b>{plural(goroutines.total, "goroutine")}</b> in {plural(groups.length + goroutines.hidden.groups, "group")}
        {candidates === 0 ? "; no group looks like a leak" : `; ${candidates === 1 ? "1 group may be a leak" : `${count(candidates)} groups may be leaks`}`}
      </h1>
      <p class="facts">{facts.filter(Boolean).map((fact) => <span>{fact}</span>)}</p>
      {subject.notes.length > 0 && <ul class="notes">{subject.notes.map((note) => <li>{note}</li>)}</ul>}
      {goroutines.crash.map((line) => <p class="crash"><b>The crash:</b> {line}</p>)}
      <div class="choices">
        <div class="states" role="group" aria-label="States">
          <State label="every state" total={goroutines.total} of={goroutines.total} isPressed={state === null} run={() => navigation.set({ state: null })} />
          {goroutines.states.map((known) => {
            const name = nameOf(known.state);
            return (
              <State
                key={name}
                label={name}
                total={known.count}
                of={goroutines.total}
                isPressed={state === name}
                run={() => navigation.set({ state: state === name ? null : name })}
              />
            );
          })}
        </div>
        <label class="inline-field">
          <span class="dim">Order</span>
          <select value={order} onChange={(event) => navigation.set({ by: event.currentTarget.value === "leaks" ? null : event.currentTarget.value })}>
            {orders.map(([name, label]) => <option value={name}>{label}</option>)}
          </select>
        </label>
      </div>
      {(pattern || state !== null) && <p class="dim" role="status">{plural(places.length, "group")} of {plural(found, "goroutine")}{state !== null && `, ${state}`}{pattern && ` match ${pattern}`}</p>}
      {places.length === 0 && <Empty>No group is left: the state or the search refuses all of them.</Empty>}
      <ol class="groups">
        {drawn.map((place) => <Group key={place} group={groups[place]!} place={place} isCompared={isCompared} />)}
      </ol>
      {places.length > drawn.length && (
        <button type="button" onClick={() => navigation.set({ shown: String(limit * 4) })}>Show more: {plural(places.length - drawn.length, "group")} not drawn</button>
      )}
      {goroutines.hidden.groups > 0 && <p class="dim">{plural(goroutines.hidden.groups, "group")} of {plural(goroutines.hidden.goroutines, "goroutine")} not sent, none of which looks like a leak: <code>fathom goroutines</code> lists all.</p>}
    </div>
  );
}

/** A state as people read it; a profile does not tell all. */
function nameOf(state: string): string {
  return state || "unknown";
}

function minutes(value: number): string {
  if (value < 120) return `${value} min`;
  if (value < 48 * 60) return `${Math.floor(value / 60)} h`;
  return `${Math.floor(value / 1440)} days`;
}

function State({ label, total, of, isPressed, run }: { label: string; total: number; of: number; isPressed: boolean; run(): void }) {
  return (
    <button type="button" class="state" aria-pressed={isPressed} onClick={run}>
      <span class="state-bar" style={{ "--share": of === 0 ? 0 : total / of }} />
      <span class="state-name">{label}</span> <b>{count(total)}</b>
    </button>
  );
}

function Group({ group, place, isCompared }: { group: GoroutineGroup; place: number; isCompared: boolean }) {
  const navigation = useNavigation();
  const isOpen = navigation.get("at") === String(place);
  const frames = isOpen ? group.stack : group.stack.slice(0, FRAMES);
  const further = group.stack.length - frames.length;
  const hasMore = group.stack.length > FRAMES || group.ids.length > 0;
  const before = group.base_count ?? 0;
  const by = group.count - before;
  return (
    <li class={group.suspicion ? "group suspected" : "group"}>
      <div class="group-head">
        <h2><b>{count(group.count)}</b> {nameOf(group.state)}</h2>
        {isCompared && <span class={by > 0 ? "grew" : by < 0 ? "shrank" : "dim"}>{by === 0 ? "as many as in A" : `${change(by, "count")} since A (${growth(before, group.count)})`}</span>}
        {group.minutes && <span>{waited(group.minutes)}</span>}
        {group.locked > 0 && <span>{count(group.locked)} locked to a thread</span>}
        {group.waits.length > 0 && group.count > 1 && <Waits group={group} />}
      </div>
      {group.suspicion && <p class="suspicion"><span class="severity warning">may be a leak</span> {group.suspicion}</p>}
      <ol class="frames">
        {frames.map((frame, at) => (
          <>
            <li><Place text={frame} /></li>
            {group.elided?.[0] === at + 1 && <li class="dim">… {group.elided[1] === null ? "frames" : plural(group.elided[1], "frame")} that the runtime left out</li>}
          </>
        ))}
      </ol>
      {group.created_by && <p class="created"><span class="dim">created by</span> <Place text={group.created_by} /></p>}
      {group.labels.length > 0 && <p class="created">{group.labels.map(([key, value]) => <span class="badge">{key}={value}</span>)}</p>}
      {isOpen && group.ids.length > 0 && <p class="created dim">goroutine {group.ids.join(", ")}{group.count > group.ids.length && `, and ${count(group.count - group.ids.length)} more`}</p>}
      {hasMore && (
        <button type="button" class="link more" aria-expanded={isOpen} onClick={() => navigation.set({ at: isOpen ? null : String(place) }, "replace")}>
          {isOpen ? "less" : further > 0 ? `${plural(further, "more frame")}` : "ids"}
        </button>
      )}
    </li>
  );
}

function waited([shortest, middle, longest]: [number, number, number]): string {
  if (shortest === longest) return `waited ${minutes(longest)} or more`;
  return `waited ${minutes(shortest)} to ${minutes(longest)}, half of them ${minutes(middle)} or more`;
}

/** A function, and less loud where it is. */
function Place({ text }: { text: string }) {
  const [, name, at] = /^(\S+) (.+:\d+)$/.exec(text) ?? [];
  return (
    <>
      <span class="frame-name">{name ?? text}</span>
      {at && <span class="dim frame-place"> {at}</span>}
    </>
  );
}

/** How many have waited how long, as bars; the first stands for no known wait. */
function Waits({ group }: { group: GoroutineGroup }) {
  const known = group.waits.reduce((sum, wait) => sum + wait.count, 0);
  const unknown = group.count - known;
  const bars = [{ label: "<1m", words: "less than a minute, or nobody knows", count: unknown }, ...group.waits.map((wait, at) => {
    const next = group.waits[at + 1]?.from_minutes;
    return { label: shortly(wait.from_minutes), words: next === undefined ? `${minutes(wait.from_minutes)} or more` : `${minutes(wait.from_minutes)} to ${minutes(next)}`, count: wait.count };
  })];
  const most = Math.max(1, ...bars.map((bar) => bar.count));
  const told = bars.filter((bar) => bar.count > 0).map((bar) => `${bar.words}: ${count(bar.count)} (${percent(bar.count, group.count)})`);
  return (
    <div class="waits" role="img" aria-label={`Waits. ${told.join(". ")}`} title={told.join("\n")}>
      {bars.map((bar) => (
        <span class="wait">
          <span class="wait-bar" style={{ height: bar.count === 0 ? "0" : `max(2px, ${(bar.count / most) * 100}%)` }} />
          <span class={bar.count > 0 ? "wait-label" : "wait-label dim"}>{bar.label}</span>
        </span>
      ))}
    </div>
  );
}

function shortly(value: number): string {
  if (value < 60) return `${value}m`;
  return value < 1440 ? `${value / 60}h` : `${value / 1440}d`;
}
