// Several processes in one chart, and which two of them are picked to be compared.

import type { CurveLine, Curves, Target } from "./contracts";

/** The processes that were picked, the base first; at most two. */
export function pickedOf(pick: string | null, targets: Target[]): Target[] {
  return (pick ?? "").split(",").flatMap((id) => targets.find((target) => target.id === id) ?? []).slice(0, 2);
}

/** What is picked once one more is; the last two stay. */
export function withPick(pick: string | null, id: string): string | null {
  const before = (pick ?? "").split(",").filter(Boolean);
  const after = before.includes(id) ? before.filter((other) => other !== id) : [...before, id].slice(-2);
  return after.join(",") || null;
}

/** The line of one label of several processes as the lines of one plot, at all their times. */
export function together(label: string, answers: { name: string; curves: Curves }[]): Curves | null {
  const first = answers[0]?.curves;
  if (!first) return null;
  const times = [...new Set(answers.flatMap(({ curves }) => curves.times))].sort((a, b) => a - b);
  const lines: CurveLine[] = answers.flatMap(({ name, curves }) => {
    const line = curves.lines.find((known) => known.label === label);
    if (!line) return [];
    const at = new Map(curves.times.map((time, place) => [time, line.mean[place] ?? null]));
    return [{ label: name, mean: times.map((time) => at.get(time) ?? null) }];
  });
  return { ...first, title: `${first.title}: ${label}`, style: "lines", times, lines };
}

/** The plot and the line of a choice; a label may hold a slash itself. */
export function split(choice: string): [string, string] {
  const at = choice.indexOf("/");
  return [choice.slice(0, at), choice.slice(at + 1)];
}

/** The line whose value at a step is nearest to another. */
export function nearestTo(lines: CurveLine[], place: number, value: number): CurveLine | null {
  const away = (line: CurveLine) => Math.abs((line.mean[place] ?? Infinity) - value);
  const there = lines.filter((line) => (line.mean[place] ?? null) !== null);
  return there.reduce<CurveLine | null>((best, line) => (best && away(best) <= away(line) ? best : line), null);
}
