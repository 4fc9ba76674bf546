// All processes that are recorded.

import { useEffect, useState } from "preact/hooks";
import { getFresh, getJson, useAnswer, type Problem } from "../api";
import { amount, bytes, plural } from "../format";
import { Empty, ProblemNote } from "../parts/parts";
import { useNavigation } from "../route";
import type { Curves, Target, Targets } from "./contracts";
import { clock, length, nameOf, useStored } from "./time";

// A target that was not seen for so long is down, whatever its interval.
const DOWN = 90e3;

const COLUMNS: [string, string, string][] = [
  ["resident", "RSS", "RSS"],
  ["gc-memory", "live heap", "Live heap"],
  ["gc-memory", "goal", "Goal"],
  ["goroutines", "goroutines", "Goroutines"],
  ["gc-cpu-fraction", "GCCPUFraction", "GC CPU"],
];

/** The targets, asked for again whenever something was stored. */
export function useTargets(): { targets: Targets | null; problem: Problem | null } {
  const stored = useStored();
  const [targets, setTargets] = useState<Targets | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    let isWanted = true;
    getFresh<Targets>("api/v1/history/targets").then(
      (told) => isWanted && (setTargets(told), setProblem(null)),
      (told: Problem) => isWanted && setProblem(told),
    );
    return () => {
      isWanted = false;
    };
  }, [stored]);
  return { targets, problem };
}

export function Fleet() {
  const navigation = useNavigation();
  const { targets, problem } = useTargets();
  if (problem && !targets) return <ProblemNote problem={problem} />;
  if (!targets) return <div class="waiting" aria-busy="true">Reading…</div>;
  if (targets.targets.length === 0) return <Empty>Nothing is recorded yet: the first look comes within an interval.</Empty>;
  const pattern = (navigation.get("find") ?? "").toLowerCase();
  const shown = targets.targets.filter((target) => !pattern || JSON.stringify(target.labels).toLowerCase().includes(pattern));
  const disk = targets.usage.catalogue + targets.usage.artefacts + Object.values(targets.usage.blocks).reduce((a, b) => a + b, 0);
  return (
    <div class="fleet">
      <h1><b>{plural(targets.targets.length, "process", "processes")}</b> recorded, {bytes(disk)} on disk</h1>
      <table class="rows">
        <thead>
          <tr>
            <th>Process</th><th>Seen</th><th>RSS, the last hour</th>
            {COLUMNS.map(([, , label]) => <th class="number">{label}</th>)}
            <th class="number">Findings</th><th>Go</th><th class="number">Restarts</th><th class="number">On disk</th>
          </tr>
        </thead>
        <tbody>{shown.map((target) => <Row key={target.id} target={target} now={targets.now_ms} />)}</tbody>
      </table>
      {shown.length === 0 && <Empty>No process matches the search.</Empty>}
    </div>
  );
}

function Row({ target, now }: { target: Target; now: number }) {
  const navigation = useNavigation();
  const ago = now - target.last_ms;
  const value = (plot: string, line: string) => target.latest.find((known) => known.plot === plot && known.line === line);
  const build = target.runs.at(-1)?.build;
  return (
    <tr>
      <td>
        <a href={navigation.link("target", { target: target.id })} title={Object.entries(target.labels).map(([name, label]) => `${name}=${label}`).join("\n")}
          onClick={(event) => { if (event.ctrlKey || event.metaKey) return; event.preventDefault(); navigation.go("target", { target: target.id }); }}>
          {nameOf(target)}
        </a>
      </td>
      <td class={ago > DOWN ? "down" : ""}>{ago > DOWN ? `not since ${clock(target.last_ms)}` : `${length(Math.max(0, ago))} ago`}</td>
      <td><Spark target={target} /></td>
      {COLUMNS.map(([plot, line]) => {
        const known = value(plot, line);
        return <td class="number">{known ? shownValue(known.value, known.unit) : ""}</td>;
      })}
      <td class="number">{target.findings > 0 ? <a href={navigation.link("growth", { target: target.id })}>{target.findings}</a> : ""}</td>
      <td>{build?.go ?? ""}</td>
      <td class="number">{target.runs.length > 1 ? target.runs.length - 1 : ""}</td>
      <td class="number">{bytes(target.bytes)}</td>
    </tr>
  );
}

/** A value with its unit, as plots and tables show it. */
export function shownValue(value: number, unit: string): string {
  if (unit === "bytes") return amount(Math.round(value), "bytes");
  if (unit === "seconds") return amount(Math.round(value * 1e9), "nanoseconds");
  if (unit === "fraction") return `${(value * 100).toFixed(value < 0.1 ? 2 : 0)} %`;
  if (unit === "percent") return `${value.toFixed(1)} %`;
  const digits = Math.abs(value) < 10 && !Number.isInteger(value) ? 2 : 0;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits }).replace(/,/g, "\u202f");
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
