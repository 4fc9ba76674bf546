// The colours of frames: by package, module, value, or change. Each says the same on a light
// and on a dark ground; the runtime is grey, so that the program stands out.

import type { Flame } from "./columns";

export type Colouring = "package" | "module" | "value" | "change";

export interface Palette {
  isDark: boolean;
}

const RUNTIME = /^(runtime|runtime\/.*|internal\/runtime\/.*|internal\/bytealg|internal\/abi|syscall|internal\/poll|internal\/cpu)$/;
// Hues that people with any colour vision tell apart by lightness too; see theme.css.
const HUES = [205, 38, 150, 265, 18, 180, 320, 85, 232, 55];

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The module of a package: its host and two names, or the first part of the standard library's. */
export function moduleOf(name: string): string {
  const parts = name.split("/");
  if (parts[0]?.includes(".")) return parts.slice(0, 3).join("/");
  return parts[0] ?? "";
}

function hued(key: string, palette: Palette): string {
  const hash = hashOf(key);
  const hue = HUES[hash % HUES.length] ?? 0;
  const shade = (hash >>> 8) % 3;
  return palette.isDark
    ? `hsl(${hue} ${34 + shade * 5}% ${31 + shade * 3}%)`
    : `hsl(${hue} ${52 + shade * 6}% ${80 - shade * 4}%)`;
}

const grey = (palette: Palette, shade: number) =>
  palette.isDark ? `hsl(215 8% ${27 + shade * 3}%)` : `hsl(210 12% ${86 - shade * 4}%)`;

/** The colours of a flame graph's frames, made once for each function where they can be. */
export function colours(flame: Flame, colouring: Colouring, palette: Palette): (frame: number) => string {
  if (colouring === "change" && flame.base) return (frame) => ofChange(flame, frame, palette);
  if (colouring === "value") return (frame) => ofValue((flame.value[frame] ?? 0) / (flame.value[0] || 1), palette);
  const made = flame.names.map((_, place) => {
    if (place === 0) return grey(palette, 0);
    const name = flame.packages[place] ?? "";
    if (name === "" || RUNTIME.test(name)) return grey(palette, hashOf(flame.names[place] ?? "") % 3);
    return hued(colouring === "module" ? moduleOf(name) : name, palette);
  });
  return (frame) => made[flame.function[frame] ?? 0] ?? grey(palette, 0);
}

function ofValue(share: number, palette: Palette): string {
  const strength = Math.min(1, Math.sqrt(share));
  return palette.isDark
    ? `hsl(${205 - strength * 170} ${20 + strength * 45}% ${27 + strength * 14}%)`
    : `hsl(${205 - strength * 170} ${25 + strength * 60}% ${90 - strength * 18}%)`;
}

/** Vermilion grew, blue shrank; grey stayed. The strength is the change's share of the larger. */
function ofChange(flame: Flame, frame: number, palette: Palette): string {
  const value = flame.value[frame] ?? 0;
  const base = flame.base?.[frame] ?? 0;
  const larger = Math.max(value, base);
  const strength = larger === 0 ? 0 : (value - base) / larger;
  const size = Math.abs(strength);
  if (size < 0.02) return grey(palette, 0);
  const hue = strength > 0 ? 16 : 212;
  return palette.isDark
    ? `hsl(${hue} ${18 + size * 52}% ${30 + size * 8}%)`
    : `hsl(${hue} ${30 + size * 55}% ${90 - size * 22}%)`;
}
