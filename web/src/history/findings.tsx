// What was found over time, whether it still holds, and what was captured of it.

import { getFresh, type Problem } from "../api";
import { bytes, plural } from "../format";
import { Empty } from "../parts/parts";
import { useNavigation } from "../route";
import type { Artefact, Finding, KeptFinding, Mark, Target } from "./contracts";
import { useFresh } from "./fresh";
import { clock, isDown, length, nameOf, type Range } from "./time";
import { shownValue } from "./value";

const WEIGHTS = { critical: 2, warning: 1, info: 0 };

export interface Found {
  /** None before the first answer. */
  findings: KeptFinding[] | null;
  artefacts: Artefact[];
  problem: Problem | null;
}

/** What was seen in a range of one process, or of all. */
export function useFindings(target: string | null, range: Range): Found {
  const of = target ? `&target=${target}` : "";
  const to = Math.round(range.to);
  const from = Math.round(range.from);
  const { data, problem } = useFresh(of, `${from}-${to}`, async () => {
    const [{ findings }, { artefacts }] = await Promise.all([
      getFresh<{ findings: KeptFinding[] }>(`api/v1/history/findings?from=${from}${of}&to=${to}`),
      // What was captured of a finding may be older than the range that it is still seen in.
      getFresh<{ artefacts: Artefact[] }>(`api/v1/history/artefacts?from=0${of}&to=${to}`),
    ]);
    return { findings, artefacts };
  });
  return { findings: data?.findings ?? null, artefacts: data?.artefacts ?? [], problem };
}

/** A finding is a mark where it was first seen; among several processes it says of which. */
export function marksOf(findings: KeptFinding[] | null, of: Target[]): Mark[] {
  return (findings ?? []).flatMap((finding) => {
    const target = of.find((known) => known.id === finding.target_id);
    const text = of.length > 1 && target ? `${nameOf(target)}: ${finding.payload.title}` : finding.payload.title;
    return target ? [{ at_ms: finding.first_ms, kind: "finding" as const, text }] : [];
  });
}

/** What is worst comes first; what is over comes last. */
export function byWeight(one: KeptFinding, other: KeptFinding): number {
  return Number(other.holds) - Number(one.holds) || WEIGHTS[other.payload.severity] - WEIGHTS[one.payload.severity] || other.last_ms - one.last_ms;
}

const keyOf = (finding: KeptFinding): string => `${finding.target_id}/${finding.id}`;

export function Findings({ found, targets }: { found: Found; targets: Target[] }) {
  const navigation = useNavigation();
  const all = (found.findings ?? []).filter((finding) => targets.some((target) => target.id === finding.target_id));
  const search = (navigation.get("found") ?? "").toLowerCase();
  const textOf = (finding: KeptFinding) => `${finding.id} ${finding.payload.title} ${Object.values(finding.target).join(" ")}`.toLowerCase();
  const shown = all.filter((finding) => textOf(finding).includes(search)).sort(byWeight);
  const open = navigation.get("finding");
  const holding = all.filter((finding) => finding.holds).length;
  const isOfMany = targets.length > 1;
  return (
    <section class="was-found" aria-label="Findings">
      <div class="section-head">
        <h2>{all.length === 0 ? "Findings" : `${plural(all.length, "finding")}, ${holding === 0 ? "none holds" : `${holding} hold${holding === 1 ? "s" : ""}`}`}</h2>
        {(all.length > 0 || search) && (
          <input type="search" aria-label="Search findings" placeholder="search findings" value={navigation.get("found") ?? ""}
            onInput={(event) => navigation.set({ found: event.currentTarget.value || null }, "replace")} />
        )}
      </div>
      {found.problem && <p class="warning">{found.problem.detail}</p>}
      {all.length === 0 && !found.problem && <p class="dim">{found.findings ? "Nothing was found in this range." : "Reading…"}</p>}
      {all.length > 0 && shown.length === 0 && <Empty>No finding matches the search.</Empty>}
      {shown.length > 0 && (
        <div class="scroll">
          <table class="rows">
            <thead><tr><th>Severity</th><th>Finding</th>{isOfMany && <th>Process</th>}<th>Since</th><th>Last seen</th><th>Now</th></tr></thead>
            <tbody>
              {shown.map((finding) => (
                <FindingRows key={keyOf(finding)} finding={finding} target={targets.find((target) => target.id === finding.target_id)!} isOfMany={isOfMany}
                  artefacts={found.artefacts.filter((artefact) => artefact.target_id === finding.target_id && artefact.finding === finding.id)}
                  isOpen={open === keyOf(finding)} toggle={() => navigation.set({ finding: open === keyOf(finding) ? null : keyOf(finding) })} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

interface RowsProps {
  finding: KeptFinding;
  target: Target;
  artefacts: Artefact[];
  isOfMany: boolean;
  isOpen: boolean;
  toggle(): void;
}

function FindingRows({ finding, target, artefacts, isOfMany, isOpen, toggle }: RowsProps) {
  const navigation = useNavigation();
  const { payload } = finding;
  const state = !finding.holds ? "over" : isDown(target) ? "held when last seen" : "holds";
  return (
    <>
      <tr class={finding.holds ? "" : "is-over"}>
        <td><span class={`severity ${payload.severity}`}>{payload.severity}</span></td>
        <td class="says"><button type="button" class="link" aria-expanded={isOpen} onClick={toggle}>{payload.title}</button>{artefacts.length > 0 && <span class="badge">{plural(artefacts.length, "capture")}</span>}</td>
        {isOfMany && <td><a href={navigation.link("target", { target: target.id })} onClick={(event) => { if (event.ctrlKey || event.metaKey) return; event.preventDefault(); navigation.go("target", { target: target.id }); }}>{nameOf(target)}</a></td>}
        <td class="moment" title={`${length(finding.last_ms - finding.first_ms)} until it was last seen`}>{clock(finding.first_ms)}</td>
        <td class="moment">{clock(finding.last_ms)}</td>
        <td class="moment">{state}</td>
      </tr>
      {isOpen && (
        <tr class="whole">
          <td colSpan={isOfMany ? 6 : 5}>
            <FindingCard finding={payload} isUntitled />
            <Captures artefacts={artefacts} />
          </td>
        </tr>
      )}
    </>
  );
}

function Captures({ artefacts }: { artefacts: Artefact[] }) {
  if (artefacts.length === 0) return <p class="dim captures">No capture is kept with it.</p>;
  return (
    <ul class="captures">
      {artefacts.map((artefact) => (
        <li><a href={`api/v1/history/artefacts/${artefact.id}`} download={artefact.name}>{artefact.name}</a> <span class="dim">captured {clock(artefact.at_ms)}, {bytes(artefact.bytes)}; fathom explain and fathom open read it</span></li>
      ))}
    </ul>
  );
}

export function FindingCard({ finding, isUntitled = false }: { finding: Finding; isUntitled?: boolean }) {
  return (
    <article class={`finding ${finding.severity}`}>
      {!isUntitled && <h2><span class="severity">{finding.severity}</span> {finding.title}</h2>}
      <p>{finding.detail}</p>
      <dl class="evidence">
        {finding.evidence.map((row) => (
          <div><dt>{row.name}</dt><dd>{typeof row.value === "number" ? shownValue(row.value, row.unit) : row.value}</dd></div>
        ))}
      </dl>
      <p><b>Do:</b> {finding.action}</p>
      <p><b>Check:</b> {finding.verify}</p>
      <p class="dim">{finding.id}, {finding.confidence}</p>
    </article>
  );
}
