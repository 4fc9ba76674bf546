// All processes that are recorded.

import { useMemo } from "preact/hooks";
import { getJson, useAnswer } from "../api";
import { bytes, plural } from "../format";
import { Empty, ProblemNote } from "../parts/parts";
import { useNavigation } from "../route";
import { Comparison } from "./compare";
import type { Curves, Target, Targets } from "./contracts";
import { Findings, marksOf, useFindings } from "./findings";
import { RangeBar } from "./range";
import { useTargets } from "./targets";
import { clock, grained, isDown, length, nameOf, rangeOf } from "./time";
import { pickedOf, withPick } from "./together";
import { shownValue } from "./value";

const COLUMNS: [string, string, string][] = [
  ["resident", "RSS", "RSS"],
  ["gc-memory", "live heap", "Live heap"],
  ["gc-memory", "goal", "Goal"],
  ["goroutines", "goroutines", "Goroutines"],
  ["gc-cpu-fraction", "GCCPUFraction", "GC CPU"],
];

export function Fleet() {
  const { targets, problem } = useTargets();
  if (problem && !targets) return <ProblemNote problem={problem} />;
  if (!targets) return <div class="waiting" aria-busy="true">Reading…</div>;
  if (targets.targets.length === 0) return <Empty>Nothing is recorded yet: the first look comes within an interval.</Empty>;
  return <Shown targets={targets} />;
}

function Shown({ targets }: { targets: Targets }) {
  const navigation = useNavigation();
  const first_ms = Math.min(...targets.targets.map((target) => target.first_ms));
  const last_ms = Math.max(...targets.targets.map((target) => target.last_ms));
  const range = grained(rangeOf(navigation, { first_ms, last_ms }), 200);
  const found = useFindings(null, range);
  const pattern = (navigation.get("find") ?? "").toLowerCase();
  const shown = targets.targets.filter((target) => !pattern || JSON.stringify(target.labels).toLowerCase().includes(pattern));
  const disk = targets.usage.catalogue + targets.usage.artefacts + Object.values(targets.usage.blocks).reduce((a, b) => a + b, 0);
  const marks = useMemo(() => marksOf(found.findings, shown), [found.findings, pattern]);
  const picked = pickedOf(navigation.get("pick"), targets.targets);
  return (
    <div class="fleet">
      <h1><b>{plural(targets.targets.length, "process", "processes")}</b> recorded, {bytes(disk)} on disk</h1>
      <div class="scroll"><table class="rows">
        <thead>
          <tr>
            <th title="Compared with each other">Pick</th><th>Process</th><th>Seen</th><th>RSS, the last hour</th>
            {COLUMNS.map(([, , label]) => <th class="number">{label}</th>)}
            <th class="number">Findings</th><th>Go</th><th class="number">Restarts</th><th class="number">On disk</th>
          </tr>
        </thead>
        <tbody>{shown.map((target) => <Row key={target.id} target={target} now={targets.now_ms} picked={picked.indexOf(target)} />)}</tbody>
      </table></div>
      {shown.length === 0 && <Empty>No process matches the search.</Empty>}
      <div class="target-head"><RangeBar range={range} started={null} /></div>
      {shown.length > 0 && <Comparison targets={shown} range={range} marks={marks} />}
      <Findings found={found} targets={shown} />
    </div>
  );
}

function Row({ target, now, picked }: { target: Target; now: number; picked: number }) {
  const navigation = useNavigation();
  const ago = now - target.last_ms;
  const value = (plot: string, line: string) => target.latest.find((known) => known.plot === plot && known.line === line);
  const build = target.runs.at(-1)?.build;
  return (
    <tr>
      <td class="pick">
        <label><input type="checkbox" checked={picked >= 0} aria-label={`Pick ${nameOf(target)}`} onChange={() => navigation.set({ pick: withPick(navigation.get("pick"), target.id) })} /> {picked >= 0 ? "AB"[picked] : ""}</label>
      </td>
      <td>
        <a href={navigation.link("target", { target: target.id })} title={Object.entries(target.labels).map(([name, label]) => `${name}=${label}`).join("\n")}
          onClick={(event) => { if (event.ctrlKey || event.metaKey) return; event.preventDefault(); navigation.go("target", { target: target.id }); }}>
          {nameOf(target)}
        </a>
      </td>
      <td class={isDown(target, now) ? "down" : "moment"}>{isDown(target, now) ? `not since ${clock(target.last_ms)}` : `${length(Math.max(0, ago))} ago`}</td>
      <td><Spark target={target} /></td>
      {COLUMNS.map(([plot, line]) => {
        const known = value(plot, line);
        return <td class="number">{known ? shownValue(known.value, known.unit) : ""}</td>;
      })}
      <td class="number">{target.findings > 0 ? <a href={navigation.link("growth", { target: target.id })} title="In the last day">{target.findings}</a> : ""}</td>
      <td>{build?.go ?? ""}</td>
      <td class="number">{target.runs.length > 1 ? target.runs.length - 1 : ""}</td>
      <td class="number">{bytes(target.bytes)}</td>
    </tr>
  );
}

function Spark({ target }: { target: Target }) {
  const minute = Math.floor(target.last_ms / 60e3);
  const answer = useAnswer<Curves>(`api/v1/history/curves?from=${minute * 60e3 - 3600e3}&plot=resident&step=60000&target=${target.id}&to=${(minute + 1) * 60e3}`, getJson);
  const line = answer.data?.lines.find((known) => known.label === "RSS");
  if (!answer.data || !line) return <svg class="spark" width="120" height="20" />;
  const points = answer.data.times.map((time, place) => [time, line.mean[place] ?? null] as const);
  const top = Math.max(1, ...line.mean.map((value) => value ?? 0));
  const { from_ms, to_ms } = answer.data;
  const path = points
    .filter(([, value]) => value !== null)
    .map(([time, value], place) => `${place ? "L" : "M"}${(((time - from_ms) / (to_ms - from_ms)) * 120).toFixed(1)} ${(19 - ((value ?? 0) / top) * 18).toFixed(1)}`);
  return <svg class="spark" width="120" height="20" role="img" aria-label={`RSS over an hour, at most ${bytes(top)}`}><path d={path.join("")} /></svg>;
}
