// Drawing frames on a canvas: what is as wide as a pixel, level by level.

import type { Flame } from "./columns";
import type { Found } from "./find";
import { search, type Layout } from "./layout";
import { shortName } from "../format";

export const ROW = 19;
const LEAST_TEXT = 26;
const PADDING = 5;

export interface Window {
  /** The part of the values that fills the width. */
  from: number;
  to: number;
  /** The first row that is seen, in pixels. */
  top: number;
  width: number;
  height: number;
  /** Whether callees stand above their callers. */
  isUp: boolean;
}

export interface Look {
  colour(frame: number): string;
  found: Found | null;
  selected: number;
  /** The function of the selected frame shows wherever it is called. */
  selectedFunction: number;
  ground: string;
  text: string;
  dimmedText: string;
  accent: string;
  match: string;
  matchText: string;
  font: string;
}

/** Where a row of the screen lies, in pixels from the top of the canvas. */
export function rowTop(depth: number, window: Window, levels: number): number {
  const row = window.isUp ? levels - 1 - depth : depth;
  return row * ROW - window.top;
}

/** Which depth a pixel lies in. */
export function depthAt(y: number, window: Window, levels: number): number {
  const row = Math.floor((y + window.top) / ROW);
  return window.isUp ? levels - 1 - row : row;
}

const characterWidths = new Map<string, number>();

function characterWidth(context: CanvasRenderingContext2D, font: string): number {
  let width = characterWidths.get(font);
  if (width === undefined) {
    width = context.measureText("mmmmmmmmmm").width / 10;
    characterWidths.set(font, width);
  }
  return width;
}

/** A text that fits into so many characters. */
export function fitted(name: string, characters: number): string {
  if (name.length <= characters) return name;
  const short = shortName(name);
  if (short.length <= characters) return short;
  return characters < 3 ? "" : `${short.slice(0, characters - 1)}…`;
}

export function paint(context: CanvasRenderingContext2D, flame: Flame, layout: Layout, window: Window, look: Look): void {
  const { width, height, from, to } = window;
  context.fillStyle = look.ground;
  context.fillRect(0, 0, width, height);
  context.font = look.font;
  context.textBaseline = "middle";
  const character = characterWidth(context, look.font);
  const scale = width / (to - from || 1);
  const count = layout.levels.length;
  layout.levels.forEach((level, depth) => {
    const y = rowTop(depth, window, count);
    if (y <= -ROW || y >= height) return;
    // What is too narrow to be seen alone is seen as a shade, neighbours as one.
    let shadeStart = -1;
    let shadeEnd = -1;
    const shade = () => {
      if (shadeStart < 0) return;
      context.globalAlpha = 0.3;
      context.fillStyle = look.dimmedText;
      context.fillRect(shadeStart, y, Math.max(1, shadeEnd - shadeStart), ROW - 1);
      context.globalAlpha = 1;
      shadeStart = -1;
    };
    for (let place = search(flame, layout, level, from); place < level.length; place++) {
      const frame = level[place]!;
      const start = layout.start[frame]!;
      if (start >= to) break;
      const x = Math.max(0, (start - from) * scale);
      const end = Math.min(width, (start + flame.value[frame]! - from) * scale);
      const wide = end - x;
      if (wide < 1) {
        if (shadeStart < 0 || x > shadeEnd + 1) {
          shade();
          shadeStart = x;
        }
        shadeEnd = end;
        continue;
      }
      const name = flame.function[frame]!;
      const isMatch = look.found?.functions[name] === 1;
      const isFaded = look.found !== null && !isMatch;
      context.globalAlpha = isFaded ? 0.35 : 1;
      context.fillStyle = isMatch ? look.match : look.colour(frame);
      context.fillRect(x, y, wide - (wide > 3 ? 1 : 0), ROW - 1);
      if (wide >= LEAST_TEXT) {
        const text = fitted(flame.names[name] ?? "", Math.floor((wide - 2 * PADDING) / character));
        context.fillStyle = isMatch ? look.matchText : isFaded ? look.dimmedText : look.text;
        context.globalAlpha = isFaded ? 0.75 : 1;
        context.fillText(text, x + PADDING, y + ROW / 2);
      }
      context.globalAlpha = 1;
      if (name === look.selectedFunction && name !== 0 && frame !== look.selected && wide > 2) {
        outline(context, x, y, wide, look.accent, 1);
      }
    }
    shade();
  });
  const selected = boxOf(flame, layout, look.selected, window);
  if (selected) outline(context, selected.left, selected.top, selected.width, look.accent, 2);
}

/** Where a frame stands, as far as it is in the window; null where it is not. */
export function boxOf(flame: Flame, layout: Layout, frame: number, window: Window): { left: number; top: number; width: number } | null {
  if (frame < 0) return null;
  const { width, from, to } = window;
  const scale = width / (to - from || 1);
  const x = (layout.start[frame]! - from) * scale;
  const end = Math.min(width, x + flame.value[frame]! * scale);
  if (end <= 0 || x >= width) return null;
  const left = Math.max(0, x);
  return { left, top: rowTop(flame.depth[frame]!, window, layout.levels.length), width: end - left };
}

function outline(context: CanvasRenderingContext2D, x: number, y: number, width: number, colour: string, weight: number): void {
  context.strokeStyle = colour;
  context.lineWidth = weight;
  const inset = weight / 2;
  context.strokeRect(x + inset, y + inset, Math.max(1, width - 2 * inset - 1), ROW - 1 - 2 * inset);
}

/** Draws the whole graph small: a pixel or two a level. */
export function paintMap(
  context: CanvasRenderingContext2D,
  flame: Flame,
  layout: Layout,
  size: { width: number; height: number; isUp: boolean },
  look: Pick<Look, "colour" | "found" | "match" | "ground">,
): void {
  const { width, height } = size;
  context.fillStyle = look.ground;
  context.fillRect(0, 0, width, height);
  const scale = width / (flame.value[0] || 1);
  const row = Math.max(0.5, Math.min(3, height / layout.levels.length));
  layout.levels.forEach((level, depth) => {
    const y = size.isUp ? height - (depth + 1) * row : depth * row;
    let drawn = -1;
    for (const frame of level) {
      const x = layout.start[frame]! * scale;
      const end = x + flame.value[frame]! * scale;
      if (end - drawn < 0.5) continue;
      drawn = end;
      context.fillStyle = look.found?.functions[flame.function[frame]!] === 1 ? look.match : look.colour(frame);
      context.fillRect(x, y, Math.max(0.5, end - x), row);
    }
  });
}
