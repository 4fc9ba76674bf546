// Where frames stand: levels of frames from left to right.

import type { Flame } from "./columns";

export type Order = "heavy" | "name";

export interface Layout {
  /** Where each frame begins, in the unit of the values. */
  start: Float64Array;
  /** By depth, the frames from left to right; those without width are left out. */
  levels: Uint32Array[];
}

const known = new WeakMap<Flame, Partial<Record<Order, Layout>>>();

/** Places frames: the widest first, as the server sends them, or by name. Once for each graph,
 * which stands on the page at more than one place. */
export function layOut(flame: Flame, order: Order): Layout {
  const layouts = known.get(flame) ?? {};
  known.set(flame, layouts);
  return (layouts[order] ??= made(flame, order));
}

function made(flame: Flame, order: Order): Layout {
  const start = order === "name" ? byName(flame) : flame.start;
  let deepest = 0;
  for (let frame = 0; frame < flame.frames; frame++) deepest = Math.max(deepest, flame.depth[frame] ?? 0);
  const counts = new Uint32Array(deepest + 1);
  const isWide = (frame: number) => (flame.value[frame] ?? 0) > 0;
  for (let frame = 0; frame < flame.frames; frame++) {
    if (isWide(frame)) counts[flame.depth[frame] ?? 0]! += 1;
  }
  const levels = Array.from(counts, (length) => new Uint32Array(length));
  const filled = new Uint32Array(deepest + 1);
  for (let frame = 0; frame < flame.frames; frame++) {
    if (!isWide(frame)) continue;
    const depth = flame.depth[frame] ?? 0;
    levels[depth]![filled[depth]!++] = frame;
  }
  if (order === "name") {
    for (const level of levels) level.sort((a, b) => (start[a] ?? 0) - (start[b] ?? 0) || a - b);
  }
  while (levels.length > 1 && levels[levels.length - 1]?.length === 0) levels.pop();
  return { start, levels };
}

function byName(flame: Flame): Float64Array {
  const start = new Float64Array(flame.frames);
  // Callees of a frame stand one behind the other only by parent: collect them.
  const first = new Int32Array(flame.frames).fill(-1);
  const next = new Int32Array(flame.frames).fill(-1);
  for (let frame = flame.frames - 1; frame > 0; frame--) {
    const parent = flame.parent[frame] ?? 0;
    next[frame] = first[parent] ?? -1;
    first[parent] = frame;
  }
  for (let frame = 0; frame < flame.frames; frame++) {
    const callees: number[] = [];
    for (let at = first[frame] ?? -1; at >= 0; at = next[at] ?? -1) callees.push(at);
    const name = (callee: number) => flame.names[flame.function[callee] ?? 0] ?? "";
    callees.sort((a, b) => (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0));
    let at = start[frame] ?? 0;
    for (const callee of callees) {
      start[callee] = at;
      at += flame.value[callee] ?? 0;
    }
  }
  return start;
}

/** The place in a level of the frame that holds a point, or of the next one to the right. */
export function search(flame: Flame, layout: Layout, level: Uint32Array, point: number): number {
  let low = 0;
  let high = level.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const frame = level[middle] ?? 0;
    if ((layout.start[frame] ?? 0) + (flame.value[frame] ?? 0) <= point) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The frame at a depth and a point; -1 where there is none. */
export function hit(flame: Flame, layout: Layout, depth: number, point: number): number {
  const level = layout.levels[depth];
  if (!level) return -1;
  const frame = level[search(flame, layout, level, point)];
  return frame !== undefined && (layout.start[frame] ?? 0) <= point ? frame : -1;
}
