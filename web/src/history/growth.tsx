// What grows, how fast, which line does it, and why that is said.

import { getFresh, useAnswer } from "../api";
import { bytes, plural } from "../format";
import { Answered, Empty, ProblemNote } from "../parts/parts";
import { useNavigation } from "../route";
import type { Course, Growth, Site, Target } from "./contracts";
import { FindingCard } from "./findings";
import { useTarget } from "./targets";
import { clock, length, nameOf, profileAt, rangeOf } from "./time";
import { shownValue } from "./value";

const PARTS: Record<string, string> = {
  "heap-objects": "objects on the heap", "unused-in-spans": "gaps between objects", "idle-spans": "free heap that the runtime keeps",
  stacks: "stacks", "runtime-structures": "the runtime's own structures", "beyond-runtime": "memory outside Go's heap",
};

export function GrowthView() {
  const { target, all, problem } = useTarget();
  if (problem && !target) return <ProblemNote problem={problem} />;
  if (!target) return all.length > 0 ? <Empty>There is no such process. The fleet (f) lists them.</Empty> : <div class="waiting" aria-busy="true">Reading…</div>;
  return <Report key={target.id} target={target} all={all} />;
}

function Report({ target, all }: { target: Target; all: Target[] }) {
  const navigation = useNavigation();
  const range = rangeOf(navigation, target);
  const isChosen = navigation.get("from") !== null || navigation.get("last") !== null;
  // Unless a range is chosen, the last twelve hours: an hour is short for a trend.
  const from = isChosen ? range.from : Math.max(target.first_ms, range.to - 12 * 3600e3);
  const minute = 60e3;
  const url = `api/v1/history/leaks?from=${Math.floor(from / minute) * minute}&target=${target.id}&to=${Math.ceil(range.to / minute) * minute}`;
  const answer = useAnswer<Growth>(url, getFresh);
  return (
    <div class="growth">
      <div class="target-head">
        <select aria-label="Process" value={target.id} onChange={(event) => navigation.set({ target: event.currentTarget.value })}>
          {all.map((other) => <option value={other.id}>{nameOf(other)}</option>)}
        </select>
        <span class="dim">{clock(from)} to {clock(range.to)}</span>
      </div>
      <Answered answer={answer}>{(growth) => <Told growth={growth} target={target} />}</Answered>
    </div>
  );
}

function Told({ growth, target }: { growth: Growth; target: Target }) {
  const navigation = useNavigation();
  const span = growth.until - growth.from;
  const headline = growth.grows ? "Something grows without an end in sight" : span < 1800 ? "Too short to tell growth from noise" : "Nothing grows without an end in sight";
  const compared = growth.heap && {
    profile: profileAt(target.id, "heap", growth.heap.until_unix_nanos / 1e6),
    base: profileAt(target.id, "heap", growth.heap.from_unix_nanos / 1e6),
    sample_index: "inuse_space",
  };
  return (
    <>
      <h1>{headline}</h1>
      <p class="facts">
        <span>judged {length(span * 1000)}{growth.restarts > 0 ? `, since the last of ${plural(growth.restarts, "restart")}` : ""}</span>
        {growth.limit && <span class="warning">limit of {bytes(growth.limit.bytes)} in {length(growth.limit.seconds * 1000)} ({length(growth.limit.soonest * 1000)} to {growth.limit.latest === null ? "never" : length(growth.limit.latest * 1000)})</span>}
      </p>
      {growth.findings.map((finding) => <FindingCard finding={finding} />)}
      <h2>What each part does</h2>
      <table class="rows">
        <thead><tr><th>Part</th><th>Shape</th><th class="number">From</th><th class="number">To</th><th class="number">An hour</th><th class="number">Share of growth</th></tr></thead>
        <tbody>
          {growth.resident && <CourseRow name="resident memory" course={growth.resident} unit="bytes" />}
          {growth.parts.map((part) => <CourseRow name={PARTS[part.part] ?? part.part} course={part} unit="bytes" share={part.share} isInner />)}
          {growth.live_heap && <CourseRow name="live heap" course={growth.live_heap} unit="bytes" />}
          {growth.goroutines && <CourseRow name="goroutines" course={growth.goroutines} unit="count" />}
        </tbody>
      </table>
      {growth.heap && growth.heap.sites.length > 0 && (
        <>
          <h2>Lines whose live memory grows by more than sampling explains</h2>
          <table class="rows">
            <thead><tr><th>Line</th><th>Bytes over time</th><th class="number">From</th><th class="number">To</th><th class="number">An hour</th><th class="number">Share</th></tr></thead>
            <tbody>{growth.heap.sites.slice(0, 30).map((site) => <SiteRow site={site} target={target} />)}</tbody>
          </table>
          {compared && <p><a href={navigation.link("flame", compared)} onClick={(event) => { event.preventDefault(); navigation.go("flame", compared); }}>Compare the first heap profile with the last</a> ({growth.heap.profiles} were read)</p>}
        </>
      )}
      {growth.goroutine_sites.length > 0 && (
        <>
          <h2>Where goroutines become more</h2>
          <table class="rows">
            <thead><tr><th>Line</th><th class="number">From</th><th class="number">To</th><th class="number">Share</th></tr></thead>
            <tbody>
              {growth.goroutine_sites.slice(0, 20).map((site) => (
                <tr><td class="mono">{site.place}</td><td class="number">{site.first}</td><td class="number">{site.last}</td><td class="number">{shownValue(site.share, "fraction")}</td></tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      {growth.live_heap && <Checks name="the live heap" course={growth.live_heap} />}
      {growth.resident && <Checks name="resident memory" course={growth.resident} />}
    </>
  );
}

function CourseRow({ name, course, unit, share, isInner }: { name: string; course: Course; unit: string; share?: number; isInner?: boolean }) {
  const rate = course.per_hour;
  return (
    <tr class={course.grows ? "grows" : ""}>
      <td class={isInner ? "inner" : ""}>{name}</td>
      <td>{course.shape}{course.grows ? ", grows" : ""}</td>
      <td class="number">{shownValue(course.first, unit)}</td>
      <td class="number">{shownValue(course.last, unit)}</td>
      <td class="number" title={rate ? `95 % interval ${shownValue(rate.low, unit)} to ${shownValue(rate.high, unit)}` : ""}>{rate ? shownValue(rate.value, unit) : ""}</td>
      <td class="number">{share === undefined ? "" : shownValue(share, "fraction")}</td>
    </tr>
  );
}

function SiteRow({ site, target }: { site: Site; target: Target }) {
  const navigation = useNavigation();
  const changes = { function: site.allocated_by, of: "heap", type: "inuse_space", target: target.id };
  const top = Math.max(1, ...site.bytes);
  const path = site.bytes.map((value, place) => `${place ? "L" : "M"}${((place / Math.max(1, site.bytes.length - 1)) * 120).toFixed(1)} ${(19 - (value / top) * 18).toFixed(1)}`).join("");
  return (
    <tr>
      <td class="mono"><a href={navigation.link("target", changes)} title="Its curve" onClick={(event) => { event.preventDefault(); navigation.go("target", changes); }}>{site.place}</a></td>
      <td><svg class="spark" width="120" height="20" role="img" aria-label={`from ${bytes(site.first_bytes)} to ${bytes(site.last_bytes)}`}><path d={path} /></svg></td>
      <td class="number">{bytes(site.first_bytes)}</td>
      <td class="number">{bytes(site.last_bytes)}</td>
      <td class="number" title={`95 % interval ${bytes(Math.round(site.rate.low))} to ${bytes(Math.round(site.rate.high))}`}>{bytes(Math.round(site.rate.bytes_per_hour))}</td>
      <td class="number">{shownValue(site.share, "fraction")}</td>
    </tr>
  );
}

function Checks({ name, course }: { name: string; course: Course }) {
  return (
    <details>
      <summary>Why {course.grows ? "growth" : "no growth"} is said of {name}</summary>
      <ul class="checks">{course.checks.map((check) => <li class={check.holds ? "holds" : "fails"}>{check.holds ? "✓" : "✗"} {check.what}</li>)}</ul>
    </details>
  );
}
