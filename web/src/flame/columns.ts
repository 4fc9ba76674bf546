// A flame graph as the server sends it: a JSON head and columns of numbers.

import type { Heading, SampleType } from "../contracts";

export interface Gone {
  frame: number;
  name: string;
  callers: string[];
  base: number;
}

export interface Flame {
  heading: Heading;
  filters: string[];
  total: number;
  baseTotal: number | null;
  names: string[];
  files: string[];
  packages: string[];
  sampleTypes: SampleType[];
  leftOut: { below: number; frames: number; value: number };
  gone: Gone[];
  notes: string[];
  /** How many frames there are; each column below has so many numbers. */
  frames: number;
  parent: Uint32Array;
  depth: Uint32Array;
  function: Uint32Array;
  inlined: Uint32Array;
  value: Float64Array;
  own: Float64Array;
  start: Float64Array;
  /** Of a difference: what fell to each frame in the base. */
  base: Float64Array | null;
  baseOwn: Float64Array | null;
  /** By sample type: what fell to each frame; empty of a difference. */
  values: Float64Array[];
  /** By function: the hash of its name. */
  hash: Uint32Array;
}

interface Column {
  name: string;
  type: "u32" | "i64";
  offset: number;
  length: number;
}

/** Reads a body; numbers are exact up to 2^53. */
/** Reads 64-bit numbers, as exactly as a number is; by halves, for a BigInt each is slow. */
function numbersOf(body: ArrayBuffer, at: number, length: number): Float64Array {
  const lower = new Uint32Array(body, at, 2 * length);
  const upper = new Int32Array(body, at, 2 * length);
  const numbers = new Float64Array(length);
  for (let place = 0; place < length; place++) numbers[place] = upper[2 * place + 1]! * 0x1_0000_0000 + lower[2 * place]!;
  return numbers;
}

export function decode(body: ArrayBuffer): Flame {
  const length = new DataView(body).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(body, 4, length)));
  const begin = Math.ceil((4 + length) / 8) * 8;
  const narrow = new Map<string, Uint32Array>();
  const wide = new Map<string, Float64Array>();
  for (const column of head.columns as Column[]) {
    const at = begin + column.offset;
    if (column.type === "u32") narrow.set(column.name, new Uint32Array(body, at, column.length));
    else wide.set(column.name, numbersOf(body, at, column.length));
  }
  const ints = (name: string) => narrow.get(name) ?? new Uint32Array(head.frames);
  const numbers = (name: string) => wide.get(name) ?? new Float64Array(head.frames);
  const values: Float64Array[] = [];
  for (let type = 0; wide.has(`values${type}`); type++) values.push(numbers(`values${type}`));
  return {
    heading: head.heading,
    filters: head.filters,
    total: head.total,
    baseTotal: head.base_total,
    names: head.names,
    files: head.files,
    packages: head.packages,
    sampleTypes: head.sample_types,
    leftOut: head.left_out,
    gone: head.gone,
    notes: head.notes,
    frames: head.frames,
    parent: ints("parent"),
    depth: ints("depth"),
    function: ints("function"),
    inlined: ints("inlined"),
    value: numbers("value"),
    own: numbers("own"),
    start: numbers("start"),
    base: wide.get("base") ?? null,
    baseOwn: wide.get("base_own") ?? null,
    values,
    hash: ints("hash"),
  };
}

const hex = (hash: number) => hash.toString(16).padStart(8, "0");

/** The way from the root to a frame, as the server understands it; empty for the root. */
export function pathOf(flame: Flame, frame: number): string {
  let path = "";
  for (let at = frame; at !== 0; at = flame.parent[at] ?? 0) path = hex(flame.hash[flame.function[at] ?? 0] ?? 0) + path;
  return path;
}

const stepOf = (path: string, depth: number) => parseInt(path.slice(8 * depth, 8 * depth + 8), 16);

/** The frame at the end of a way, or the last one that the way leads to. */
export function frameAt(flame: Flame, path: string): number {
  let at = 0;
  let depth = 0;
  const steps = Math.floor(path.length / 8);
  let wanted = stepOf(path, depth);
  // Callees stand behind their caller, before the next frame that is no deeper.
  for (let frame = 1; frame < flame.frames && depth < steps; frame++) {
    if (flame.parent[frame] !== at || flame.hash[flame.function[frame]!] !== wanted) continue;
    at = frame;
    depth += 1;
    wanted = stepOf(path, depth);
  }
  return at;
}

export function nameOf(flame: Flame, frame: number): string {
  return flame.names[flame.function[frame] ?? 0] ?? "";
}

/** The frames from the root to a frame, both included. */
export function lineage(flame: Flame, frame: number): number[] {
  const frames = [frame];
  for (let at = frame; at !== 0; ) {
    at = flame.parent[at] ?? 0;
    frames.push(at);
  }
  return frames.reverse();
}
