// The answer: what was found, as sentences, and where every byte is, as a picture.

import { getJson, useAnswer } from "../api";
import type { Difference, Explanation, Finding, ProfileAbout } from "../contracts";
import { amount, bytes, count, moment, plural } from "../format";
import { Answered, Notes } from "../parts/parts";
import { useSubject } from "../request";
import { Changes } from "./changes";
import { Ledger, Strip } from "./ledger";
import { Missing, Reconciliations, Sites } from "./evidence";
import { Summary } from "./summary";

export function Explain() {
  const subject = useSubject();
  const answer = useAnswer<Explanation>(subject.has_explanation ? "api/v1/explain" : null, getJson);
  const difference = useAnswer<Difference>(subject.has_difference ? "api/v1/explain/difference" : null, getJson);
  // Of a process many profiles are empty: nobody waits for a lock, nothing uses a processor.
  const isEmpty = (profile: ProfileAbout) => profile.sample_types.every((type) => type.total === 0);
  // An earlier state is told beside what it became.
  const shown = subject.profiles.filter((profile) => profile.role !== "base");
  const empty = shown.filter(isEmpty);
  const profiles = (isBrief: boolean) => (
    <>
      {shown.filter((profile) => !isBrief || !isEmpty(profile)).map((profile) => <Summary key={profile.name} profile={profile} isBrief={isBrief} />)}
      {isBrief && empty.length > 0 && <p class="dim">Nothing in: {empty.map((profile) => profile.name).join(", ")}.</p>}
    </>
  );
  if (!subject.has_explanation) {
    return (
      <div class="explain">
        <Notes notes={subject.notes} />
        {profiles(false)}
      </div>
    );
  }
  return (
    <Answered answer={answer}>
      {(explanation) => {
        // Of profiles alone, they are what there is to see.
        const isProcess = explanation.ledger.length > 0;
        return (
          <div class="explain">
            <Notes notes={subject.notes} />
            {isProcess && <Headline explanation={explanation} />}
            {isProcess && <Strip rows={explanation.ledger} />}
            {difference.data && isProcess && <Changes difference={difference.data} />}
            {!isProcess && profiles(false)}
            <Findings findings={explanation.findings} />
            <Ledger rows={explanation.ledger} reconciliations={explanation.reconciliations} beside={explanation.beside} />
            {isProcess && <Sites sites={explanation.sites} />}
            <Reconciliations reconciliations={explanation.reconciliations} />
            {isProcess && subject.profiles.length > 0 && (
              <section>
                <h2>Profiles</h2>
                {profiles(true)}
              </section>
            )}
            <Missing missing={explanation.missing} isOpen={isProcess} />
          </div>
        );
      }}
    </Answered>
  );
}

/** Who it is about, and in one line how much it holds. */
function Headline({ explanation }: { explanation: Explanation }) {
  const { target, totals, ledger } = explanation;
  const facts = [
    target.pid === null ? "" : `pid ${target.pid}`,
    target.main_module ?? target.exe ?? "",
    target.url ?? "",
    target.go_version ?? "",
    target.goroutines === null ? "" : plural(target.goroutines, "goroutine"),
    target.threads === null ? "" : plural(target.threads, "thread"),
    target.taken_at_unix_nanos ? moment(target.taken_at_unix_nanos) : "",
  ].filter(Boolean);
  const root = ledger[0];
  const parents = new Set(ledger.map((row) => row.parent));
  const largest = ledger.filter((row) => !parents.has(row.id)).sort((a, b) => b.bytes - a.bytes).slice(0, 2).filter((row) => root && row.bytes > root.bytes / 10);
  const limit = totals["cgroup_limit_bytes"];
  return (
    <section class="headline">
      {root && (
        <h1>
          <b>{bytes(root.bytes)}</b> {root.id === "rss" || root.label.includes("resident") ? "resident" : root.label}
          {largest.length > 0 && <span>: {largest.map((row) => `${bytes(row.bytes)} ${row.label}`).join(", ")}</span>}
        </h1>
      )}
      <p class="facts">
        {facts.map((fact) => <span>{fact}</span>)}
        {limit != null && <span>limit {bytes(limit)}</span>}
      </p>
    </section>
  );
}

const MARKS: Record<Finding["severity"], string> = { critical: "critical", warning: "warning", info: "info" };

function Findings({ findings }: { findings: Finding[] }) {
  if (findings.length === 0) return <p class="calm">No rule found anything to say.</p>;
  return (
    <section>
      <h2>Findings</h2>
      <ol class="findings">
        {findings.map((finding, place) => (
          <li key={finding.id} class={`finding ${finding.severity}`}>
            <details open={place === 0 && finding.severity !== "info"}>
              <summary>
                <span class={`severity ${finding.severity}`}>{MARKS[finding.severity]}</span>
                <span class="finding-title">{finding.title}</span>
                <span class="dim finding-id">{finding.id}, {finding.confidence}</span>
              </summary>
              <div class="finding-body">
                <p>{finding.detail}</p>
                {finding.action && <p class="led"><b>Do</b> <span>{finding.action}</span></p>}
                {finding.verify && <p class="led"><b>Check</b> <span>{finding.verify}</span></p>}
                {finding.evidence.length > 0 && (
                  <table class="evidence">
                    <tbody>
                      {finding.evidence.map((row) => (
                        <tr>
                          <td>{row.name}</td>
                          <td class={typeof row.value === "number" ? "number" : ""}>{evidenceValue(row.value, row.unit)}</td>
                          <td class="dim">{row.artefact}</td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                )}
              </div>
            </details>
          </li>
        ))}
      </ol>
    </section>
  );
}

function evidenceValue(value: number | string, unit: string): string {
  if (typeof value === "string") return value;
  if (unit === "bytes") return bytes(value);
  if (unit === "percent") return `${Number.isInteger(value) ? value : value.toFixed(1)} %`;
  return unit ? amount(value, unit) : count(value);
}

