// One plot: lines, areas or a heatmap over time, with marks, exact values and a brush.

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { Curves, Mark } from "./contracts";
import { clock } from "./time";
import { nearestTo } from "./together";
import { shownValue } from "./value";

const HEIGHT = 190;
const HEAT_ROWS = 28;

// Colours that people with any colour vision tell apart (Okabe and Ito), and two greys.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8862b", "#56b4e9", "#7d8894", "#8b5fbf", "#3f4a55"];

// Bytes are written in powers of two, and so the steps of their axis are.
const POWERS = Array.from({ length: 51 }, (_, power) => 2 ** power);

// Where there are more lines than colours, the next ones are dashed.
const DASHES = [[], [8, 4], [2, 3]];

export interface PlotProps {
  curves: Curves;
  marks: Mark[];
  /** Whether pointing names the nearest line: where there are too many for their colours. */
  isNamed?: boolean;
  /** Cursors of plots with one name move together. */
  group: string;
  theme: "light" | "dark";
  /** A stretch of time was brushed; with Shift it is to be compared. */
  brushed(from: number, to: number, isForCompare: boolean): void;
  /** A moment was clicked. */
  clicked(at: number, x: number, y: number): void;
}

interface Heat {
  /** Boundaries of the rows that are drawn, one more than there are. */
  edges: number[];
  rows: number[][];
  top: number;
}

/** Puts buckets together until there are few enough to be seen, leaving out empty ones at both ends. */
export function heatOf(boundaries: (number | null)[], rows: number[][]): Heat | null {
  const count = boundaries.length - 1;
  const used = Array.from({ length: count }, (_, bucket) => rows.some((row) => (row[bucket] ?? 0) > 0));
  const first = used.indexOf(true);
  const last = used.lastIndexOf(true);
  if (first < 0) return null;
  const each = Math.ceil((last - first + 1) / HEAT_ROWS);
  const edges: number[] = [];
  for (let bucket = first; bucket <= last; bucket += each) edges.push(boundaries[bucket] ?? 0);
  edges.push(boundaries[last + 1] ?? boundaries[last] ?? 0);
  const merged = rows.map((row) =>
    Array.from({ length: edges.length - 1 }, (_, place) => {
      let sum = 0;
      for (let bucket = first + place * each; bucket < Math.min(first + (place + 1) * each, last + 1); bucket += 1) sum += row[bucket] ?? 0;
      return sum;
    }),
  );
  return { edges, rows: merged, top: Math.max(1, ...merged.flat()) };
}

/** A hole in the data is a hole in the line: where steps are missing, a step of nothing is put in. */
function withGaps(curves: Curves): { times: number[]; at: (number | null)[] } {
  const times: number[] = [];
  const at: (number | null)[] = [];
  const usual = usualStep(curves);
  curves.times.forEach((time, place) => {
    const before = curves.times[place - 1];
    if (before !== undefined && time - before > 3.5 * usual) {
      times.push((before + usual) / 1000);
      at.push(null);
    }
    times.push(time / 1000);
    at.push(place);
  });
  return { times, at };
}

/** How far steps that hold something are apart: looks may be rarer than steps. */
function usualStep(curves: Curves): number {
  const widths = curves.times.slice(1).map((time, place) => time - (curves.times[place] ?? time));
  widths.sort((a, b) => a - b);
  return Math.max(curves.step_ms, widths[Math.floor(widths.length / 2)] ?? curves.step_ms);
}

export function Plot({ curves, marks, group, theme, isNamed = false, brushed, clicked }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const [hidden, setHidden] = useState<Set<string>>(new Set());
  const handlers = useRef({ brushed, clicked });
  const cursor = useRef({ left: -10, top: -10 });
  handlers.current = { brushed, clicked };
  const suffix = curves.per_second ? "/s" : "";
  const lines = curves.lines.filter((line) => line.mean.some((value) => value !== null));
  const heat = curves.heatmap ? heatOf(curves.heatmap.boundaries, curves.heatmap.rows) : null;
  const isEmpty = curves.style === "heatmap" ? !heat : lines.length === 0;

  useEffect(() => {
    const host = place.current;
    if (!host || isEmpty) return;
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--text-dim").trim();
    const grid = style.getPropertyValue("--line").trim();
    const accent = style.getPropertyValue("--accent").trim();
    const warning = style.getPropertyValue("--warning").trim();
    const shown = lines.filter((line) => !hidden.has(line.label));
    const { times, at } = withGaps(curves);
    const pick = (values: (number | null)[]) => at.map((place) => (place === null ? null : (values[place] ?? null)));
    const isStacked = curves.style === "stacked";
    const columns: (number | null)[][] = [];
    const series: uPlot.Series[] = [{}];
    const bands: uPlot.Band[] = [];
    if (heat) {
      columns.push(times.map(() => null));
      series.push({ label: "count", show: true });
    } else {
      let below: (number | null)[] = times.map(() => 0);
      for (const line of shown) {
        const colour = COLOURS[lines.indexOf(line) % COLOURS.length]!;
        const own = pick(line.mean);
        const drawn: (number | null)[] = isStacked ? own.map((value, step) => (value === null ? null : value + (below[step] ?? 0))) : own;
        series.push({
          label: line.label, stroke: colour, dash: DASHES[Math.floor(lines.indexOf(line) / COLOURS.length) % DASHES.length]!, width: isStacked ? 1 : 1.4, spanGaps: false, points: { show: false },
          ...(isStacked ? { fill: `${colour}66` } : {}),
        });
        columns.push(drawn);
        if (isStacked) {
          if (columns.length > 1) bands.push({ series: [columns.length, columns.length - 1], fill: `${colour}66` });
          below = drawn;
        }
      }
    }
    const down = { x: 0, isShift: false };
    const plot = new uPlot(
      {
        width: host.clientWidth, height: HEIGHT,
        // The last moment's label ends within the plot.
        padding: [null, 30, null, null],
        series, bands,
        legend: { show: false },
        cursor: { sync: { key: group }, drag: { x: true, y: false, setScale: false }, points: { size: 5 }, ...(isNamed ? { focus: { prox: 30 } } : {}) },
        ...(isNamed ? { focus: { alpha: 0.35 } } : {}),
        scales: {
          x: { time: true, range: () => [curves.from_ms / 1000, curves.to_ms / 1000] },
          y: heat ? { range: () => [0, heat.edges.length - 1] } : { range: (_, low, high) => limits(low, high) },
        },
        axes: [
          { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, space: 70, values: (_, values) => values.map((value) => tick(value, curves)) },
          {
            stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, size: 74, ...(!heat && curves.unit === "bytes" ? { incrs: POWERS } : {}),
            values: (_, values) => values.map((value) => (heat ? edge(heat, value, curves.unit) : shownValue(value, curves.unit) + suffix)),
          },
        ],
        hooks: {
          drawClear: [(u) => heat && drawHeat(u, heat, curves, theme)],
          draw: [(u) => drawMarks(u, marks, { accent, ink, warning })],
          setSelect: [(u) => {
            if (u.select.width < 3) return;
            const from = u.posToVal(u.select.left, "x") * 1000;
            const to = u.posToVal(u.select.left + u.select.width, "x") * 1000;
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            handlers.current.brushed(from, to, down.isShift);
          }],
          setCursor: [(u) => {
            cursor.current = { left: u.cursor.left ?? -10, top: u.cursor.top ?? -10 };
            tell(host, u, { curves, lines: shown, at, heat, suffix, marks, isNamed });
          }],
        },
      },
      [times, ...columns] as uPlot.AlignedData,
      host.querySelector<HTMLElement>(".canvas")!,
    );
    // Newer data come under the pointer, not instead of it.
    if (cursor.current.left >= 0) plot.setCursor(cursor.current, false);
    const over = plot.over;
    const press = (event: MouseEvent) => Object.assign(down, { x: event.clientX, isShift: event.shiftKey });
    const release = (event: MouseEvent) => {
      if (Math.abs(event.clientX - down.x) > 2) return;
      const box = over.getBoundingClientRect();
      handlers.current.clicked(plot.posToVal(event.clientX - box.left, "x") * 1000, event.clientX, event.clientY);
    };
    over.addEventListener("mousedown", press);
    over.addEventListener("click", release);
    const sized = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: HEIGHT }));
    sized.observe(host);
    return () => {
      sized.disconnect();
      plot.destroy();
    };
  }, [curves, marks, theme, hidden, group]);

  const toggle = (label: string, isAlone: boolean) =>
    setHidden((before) => {
      const all = lines.map((line) => line.label);
      if (isAlone) return before.size === all.length - 1 && !before.has(label) ? new Set() : new Set(all.filter((other) => other !== label));
      const after = new Set(before);
      if (!after.delete(label)) after.add(label);
      return after;
    });
  return (
    <figure class="plot" ref={place} data-plot={curves.title}>
      <figcaption title={curves.about}>{curves.title}</figcaption>
      {isEmpty ? <div class="plot-empty">nothing in this range</div> : <div class="canvas" />}
      {!isEmpty && !heat && (
        <div class="legend">
          {lines.map((line, number) => (
            <button type="button" aria-pressed={!hidden.has(line.label)} title="Click to hide, Alt-click to see it alone"
              onClick={(event) => toggle(line.label, event.altKey)}>
              <span class="swatch" style={{ background: COLOURS[number % COLOURS.length] }} />
              {line.label} <b data-value={line.label}>{lastOf(line.mean, curves.unit, suffix)}</b>
            </button>
          ))}
        </div>
      )}
      <output class="exact" />
    </figure>
  );
}

function lastOf(values: (number | null)[], unit: string, suffix: string): string {
  const last = values.findLast((value) => value !== null);
  return last === undefined || last === null ? "" : shownValue(last, unit) + suffix;
}

function limits(low: number | null, high: number | null): [number, number] {
  const bottom = Math.min(0, low ?? 0);
  const top = Math.max(0, high ?? 0);
  if (top === bottom) return [bottom, bottom + 1];
  return [bottom, top + (top - bottom) * 0.06];
}

function tick(seconds: number, curves: Curves): string {
  const at = new Date(seconds * 1000);
  const span = curves.to_ms - curves.from_ms;
  const two = (number: number) => String(number).padStart(2, "0");
  if (span > 2 * 86400e3) return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}h`;
  const minutes = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return span < 900e3 ? `${minutes}:${two(at.getSeconds())}` : minutes;
}

function edge(heat: Heat, row: number, unit: string): string {
  const at = heat.edges[Math.round(row)];
  return at === undefined || !Number.isInteger(row) ? "" : shownValue(at, unit);
}

function drawHeat(u: uPlot, heat: Heat, curves: Curves, theme: string) {
  const { ctx } = u;
  const width = u.valToPos((curves.from_ms + usualStep(curves)) / 1000, "x", true) - u.valToPos(curves.from_ms / 1000, "x", true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  ctx.clip();
  const base = theme === "dark" ? "86, 180, 233" : "0, 90, 150";
  curves.times.forEach((time, step) => {
    const left = u.valToPos(time / 1000, "x", true);
    heat.rows[step]?.forEach((count, row) => {
      if (count === 0) return;
      const top = u.valToPos(row + 1, "y", true);
      const bottom = u.valToPos(row, "y", true);
      ctx.fillStyle = `rgba(${base}, ${(0.12 + (0.88 * Math.log1p(count)) / Math.log1p(heat.top)).toFixed(3)})`;
      ctx.fillRect(left, top, Math.max(1, width), bottom - top);
    });
  });
  ctx.restore();
}

// Collections are many and only ticks; what a person wants to see is a line.
function drawMarks(u: uPlot, marks: Mark[], { accent, ink, warning }: Record<"accent" | "ink" | "warning", string>) {
  const { ctx } = u;
  // Ticks that touch each other say nothing.
  const isCrowded = marks.filter((mark) => mark.kind === "gc").length > u.bbox.width / devicePixelRatio / 4;
  ctx.save();
  for (const mark of marks) {
    if (mark.kind === "gc" && isCrowded) continue;
    const x = Math.round(u.valToPos(mark.at_ms / 1000, "x", true));
    if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
    ctx.strokeStyle = mark.kind === "gc" ? `${ink}55` : mark.kind === "finding" ? warning : accent;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash(mark.kind === "gc" || mark.kind === "restart" ? [] : [4 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    const bottom = u.bbox.top + u.bbox.height;
    ctx.moveTo(x, mark.kind === "gc" ? bottom - 5 * devicePixelRatio : u.bbox.top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
    if (mark.kind === "finding") {
      // A flag, so that it is told from other marks without its colour.
      const size = 6 * devicePixelRatio;
      ctx.fillStyle = warning;
      ctx.beginPath();
      ctx.moveTo(x, u.bbox.top);
      ctx.lineTo(x + size * 1.4, u.bbox.top + size / 2);
      ctx.lineTo(x, u.bbox.top + size);
      ctx.fill();
    }
  }
  ctx.restore();
}

interface Told {
  curves: Curves;
  lines: Curves["lines"];
  at: (number | null)[];
  heat: Heat | null;
  suffix: string;
  marks: Mark[];
  isNamed: boolean;
}

/** Writes the exact values under the cursor. */
function tell(host: HTMLElement, u: uPlot, { curves, lines, at, heat, suffix, marks, isNamed }: Told) {
  const out = host.querySelector("output");
  if (!out) return;
  const index = u.cursor.idx;
  const place = index === null || index === undefined ? null : (at[index] ?? null);
  if (place === null) {
    out.textContent = "";
    for (const line of lines) write(host, line.label, lastOf(line.mean, curves.unit, suffix));
    return;
  }
  const time = curves.times[place] ?? 0;
  const near = marks.filter((mark) => mark.kind !== "gc" && Math.abs(mark.at_ms - time) <= 2 * usualStep(curves));
  const parts = [clock(time), ...near.map((mark) => mark.text)];
  if (heat) {
    const row = Math.floor(u.posToVal(u.cursor.top ?? 0, "y"));
    const count = heat.rows[place]?.[row];
    if (count !== undefined) parts.push(`${shownValue(heat.edges[row] ?? 0, curves.unit)} to ${shownValue(heat.edges[row + 1] ?? 0, curves.unit)}: ${count}`);
  }
  const nearest = isNamed ? nearestTo(lines, place, u.posToVal(u.cursor.top ?? 0, "y")) : null;
  if (nearest) parts.splice(1, 0, `${nearest.label}: ${shownValue(nearest.mean[place] ?? 0, curves.unit)}${suffix}`);
  for (const line of lines) {
    const value = line.mean[place] ?? null;
    const low = line.min?.[place] ?? null;
    const high = line.max?.[place] ?? null;
    const spread = low !== null && high !== null && low !== high ? ` (${shownValue(low, curves.unit)} to ${shownValue(high, curves.unit)})` : "";
    write(host, line.label, value === null ? "" : shownValue(value, curves.unit) + suffix + spread);
  }
  out.textContent = parts.join(" · ");
}

function write(host: HTMLElement, label: string, text: string) {
  const place = host.querySelector(`[data-value=${JSON.stringify(label)}]`);
  if (place) place.textContent = text;
}
