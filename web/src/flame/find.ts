// Which frames a search finds, and what they hold together.

import { matcher } from "../matcher";
import type { Flame } from "./columns";

export interface Found {
  /** By function: whether its name matches. */
  functions: Uint8Array;
  /** What falls to matching frames and what they call; each sample counts once. */
  cum: number;
  /** What falls to matching frames themselves. */
  own: number;
  /** The outermost matching frames, the widest first. */
  frames: number[];
  /** Why the pattern is none. */
  error: string;
}

/** Finds frames by a regular expression, whatever the case of letters. */
export function find(flame: Flame, pattern: string): Found | null {
  if (!pattern) return null;
  const functions = new Uint8Array(flame.names.length);
  const regex = matcher(pattern);
  const found: Found = { functions, cum: 0, own: 0, frames: [], error: regex.error };
  for (let place = 1; place < flame.names.length; place++) {
    if (regex.test(flame.names[place] ?? "")) functions[place] = 1;
  }
  const isBelow = new Uint8Array(flame.frames);
  for (let frame = 1; frame < flame.frames; frame++) {
    const isMatch = functions[flame.function[frame] ?? 0] === 1;
    const isInside = isBelow[flame.parent[frame] ?? 0] === 1;
    if (isMatch) found.own += flame.own[frame] ?? 0;
    if (isMatch && !isInside) {
      found.cum += flame.value[frame] ?? 0;
      if ((flame.value[frame] ?? 0) > 0) found.frames.push(frame);
    }
    if (isMatch || isInside) isBelow[frame] = 1;
  }
  found.frames.sort((a, b) => (flame.value[b] ?? 0) - (flame.value[a] ?? 0) || a - b);
  return found;
}
