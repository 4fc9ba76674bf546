// Small parts that every view uses.

import type { ComponentChildren } from "preact";
import type { Answer, Problem } from "../api";
import { amount, percent } from "../format";

export function ProblemNote({ problem }: { problem: Problem }) {
  return (
    <div class="problem" role="alert">
      <h2>{problem.title}</h2>
      <p>{problem.detail}</p>
      {problem.hint && <p class="hint">{problem.hint}</p>}
    </div>
  );
}

/** What an answer draws: a problem, the view, or that it is being made. */
export function Answered<T>({ answer, children }: { answer: Answer<T>; children: (data: T) => ComponentChildren }) {
  if (answer.problem) return <ProblemNote problem={answer.problem} />;
  if (!answer.data) return <div class="waiting" aria-busy="true">Reading…</div>;
  return (
    <>
      {answer.isWaiting && <div class="progress" role="progressbar" aria-label="Reading" />}
      {children(answer.data)}
    </>
  );
}

export function Notes({ notes }: { notes: string[] }) {
  if (notes.length === 0) return null;
  return (
    <ul class="notes">
      {notes.map((note) => (
        <li>{note}</li>
      ))}
    </ul>
  );
}

/** A number with its share and a bar behind it. */
export function Cell({ value, total, unit, bar = true }: { value: number; total: number; unit: string; bar?: boolean }) {
  const share = total === 0 ? 0 : Math.min(1, Math.abs(value) / Math.abs(total));
  return (
    <>
      <td class="number">{value === 0 ? <span class="zero">·</span> : amount(value, unit)}</td>
      <td class="number share">
        {bar && <span class="bar" style={{ "--share": share }} />}
        <span>{value === 0 ? "" : percent(value, total)}</span>
      </td>
    </>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="empty">{children}</div>;
}
