// The address space in order of addresses: runs of mappings that touch, and the gaps between.

import type { MapRow } from "../contracts";

export interface Piece {
  /** Its place among the mappings. */
  place: number;
  row: MapRow;
  /** How wide it is drawn, in pixels. */
  width: number;
  /** Where 64 MB arenas begin in it, as shares of its width; empty where it has none. */
  ticks: number[];
}

export interface Run {
  start: string;
  pieces: Piece[];
  /** Bytes that nothing is mapped at before it; 0 before the first. */
  gap: number;
  /** Mappings in that gap that are not drawn. */
  leftOut: number;
}

/** More mappings than these are too many to be told apart; the largest are drawn. */
export const MOST = 1500;
const PAGE = 4096;
const NARROWEST = 15;
// Ticks nearer than this are a smear.
const TICK = 7;

/** The width of a mapping: twice as wide is sixteen times as large. */
export function widthOf(bytes: number): number {
  return Math.round(NARROWEST * Math.max(1, bytes / PAGE) ** 0.25);
}

/** Mappings as runs; where there are too many, those with the most resident bytes. */
export function runs(mappings: MapRow[], arenaBytes: number, most = MOST): Run[] {
  const made: Run[] = [];
  const kept = largest(mappings, most);
  let end: bigint | null = null;
  let leftOut = 0;
  mappings.forEach((row, place) => {
    if (kept && !kept.has(place)) {
      leftOut += 1;
      return;
    }
    const start = BigInt(`0x${row.start}`);
    let run = made[made.length - 1];
    if (!run || end === null || start > end || leftOut > 0) {
      run = { start: row.start, pieces: [], gap: end === null ? 0 : Number(start - end), leftOut };
      made.push(run);
      leftOut = 0;
    }
    const width = widthOf(row.amounts.size_bytes);
    run.pieces.push({ place, row, width, ticks: row.kind === "go-arena" ? ticks(start, row.amounts.size_bytes, arenaBytes, width) : [] });
    end = BigInt(`0x${row.end}`);
  });
  return made;
}

function largest(mappings: MapRow[], most: number): Set<number> | null {
  if (mappings.length <= most) return null;
  const places = [...mappings.keys()];
  const size = (place: number) => mappings[place]!.amounts;
  places.sort((a, b) => size(b).resident_bytes - size(a).resident_bytes || size(b).size_bytes - size(a).size_bytes || a - b);
  return new Set(places.slice(0, most));
}

function ticks(start: bigint, size: number, arenaBytes: number, width: number): number[] {
  if (arenaBytes <= 0 || (arenaBytes / size) * width < TICK) return [];
  const found: number[] = [];
  const behind = Number(start % BigInt(arenaBytes));
  for (let at = behind === 0 ? arenaBytes : arenaBytes - behind; at < size; at += arenaBytes) found.push(at / size);
  return found;
}

/** What a kind is called on a piece: a letter, and a word where there is room. */
export const SHORT: Record<string, [string, string]> = {
  "go-arena": ["G", "Go heap"],
  "go-metadata": ["R", "Go tables"],
  "binary-text": ["T", "code"],
  "binary-data": ["D", "data"],
  "binary-bss": ["B", "bss"],
  "c-heap": ["C", "C heap"],
  "c-arena": ["M", "malloc"],
  "thread-stack": ["S", "C stack"],
  "main-stack": ["S", "stack"],
  "other-anonymous": ["A", "anonymous"],
  "library-file": ["L", "library"],
  "file-mapped": ["F", "file"],
  "shared-memory": ["H", "shared"],
  kernel: ["K", "kernel"],
};
