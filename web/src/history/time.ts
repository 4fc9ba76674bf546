// Moments and stretches of time, as the address says them and as people read them.

import type { Navigation } from "../route";
import { useEffect, useState } from "preact/hooks";
import type { Target } from "./contracts";

export interface Range {
  from: number;
  to: number;
  /** Whether it ends where the data does, and goes on with it. */
  isLive: boolean;
}

export const LENGTHS: [string, number][] = [
  ["1m", 60e3], ["5m", 300e3], ["15m", 900e3], ["1h", 3600e3], ["6h", 6 * 3600e3], ["1d", 86400e3], ["1w", 7 * 86400e3],
];

/** The range that the address names: from and to, or the last so long. */
export function rangeOf(navigation: Navigation, target: Pick<Target, "first_ms" | "last_ms">): Range {
  const from = Number(navigation.get("from"));
  const to = Number(navigation.get("to"));
  if (from && to && to > from) return { from, to, isLive: false };
  const end = target.last_ms + 1;
  const last = navigation.get("last") ?? "1h";
  if (last === "all") return { from: target.first_ms, to: end, isLive: true };
  const length = LENGTHS.find(([name]) => name === last)?.[1] ?? 3600e3;
  return { from: end - length, to: end, isLive: true };
}

/** What moves on its own does so in steps of a second, or of that part of it. */
export function grained(range: Range, parts: number): Range {
  if (!range.isLive) return range;
  const grain = Math.max(1000, Math.round((range.to - range.from) / parts / 1000) * 1000);
  return { ...range, from: Math.floor(range.from / grain) * grain, to: Math.ceil(range.to / grain) * grain };
}

const two = (number: number) => String(number).padStart(2, "0");

/** A moment to the second, with the day unless it is today. */
export function clock(ms: number): string {
  const at = new Date(ms);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? time : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

export function length(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

// A target that was not seen for so long is down, whatever its interval.
const DOWN = 90e3;

/** Whether a target was not seen for long, by the clock of this browser unless another is given. */
export const isDown = (target: Pick<Target, "last_ms">, now = Date.now()): boolean => now - target.last_ms > DOWN;

/** Counts what was stored since the page was opened. */
export function useStored(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const source = new EventSource("api/v1/history/live");
    source.addEventListener("stored", () => setCount((before) => before + 1));
    return () => source.close();
  }, []);
  return count;
}

/** The name of the profile of a moment. */
export const profileAt = (target: string, kind: string, at: number): string => `history:${target}/${kind}@${Math.round(at)}`;

/** The name of all profiles of a stretch as one. */
export const profileOf = (target: string, kind: string, from: number, to: number): string =>
  `history:${target}/${kind}@${Math.round(from)}-${Math.round(to)}`;

/** What people call a target. */
export function nameOf(target: Target): string {
  const { job, instance } = target.labels;
  const others = Object.entries(target.labels).filter(([name]) => name !== "job" && name !== "instance");
  const named = [job === "fathom" ? null : job, instance].filter(Boolean).join(" ");
  return named || others.map(([name, value]) => `${name}=${value}`).join(" ") || target.id;
}
