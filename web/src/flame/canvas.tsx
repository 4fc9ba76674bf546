// One flame graph: a canvas in a box that scrolls, its hits and its motions.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { colours, type Colouring } from "./colour";
import { frameAt, type Flame } from "./columns";
import type { Found } from "./find";
import { hit, layOut, type Order } from "./layout";
import { boxOf, depthAt, paint, paintMap, ROW, rowTop, type Window } from "./paint";

export interface CanvasProps {
  flame: Flame;
  /** The frame that fills the width, as a way from the root. */
  path: string;
  order: Order;
  colouring: Colouring;
  isUp: boolean;
  found: Found | null;
  selected: number;
  theme: "light" | "dark";
  label: string;
  /** Whether the level of the root is left out, and the graph only as high as it is. */
  isHalf?: "callers" | "callees";
  onHover(frame: number): void;
  onSelect(frame: number): void;
  onZoom(frame: number): void;
  onMenu(event: MouseEvent, frame: number): void;
}

const style = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function FlameCanvas(props: CanvasProps) {
  const { flame, path, order, colouring, isUp, found, selected, theme } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [hovered, setHovered] = useState(-1);
  const [top, setTop] = useState(0);
  const isHalf = props.isHalf;
  const layout = useMemo(() => layOut(flame, order), [flame, order]);
  const colour = useMemo(() => colours(flame, colouring, { isDark: theme === "dark" }), [flame, colouring, theme]);
  const focus = useMemo(() => frameAt(flame, path), [flame, path]);
  const levels = layout.levels.length;
  const tall = (levels - (isHalf ? 1 : 0)) * ROW;
  const from = layout.start[focus] ?? 0;
  const view: Window = { from, to: from + (flame.value[focus] ?? 0), top: top + (isHalf && !isUp ? ROW : 0), width: size.width, height: size.height, isUp };

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // What is looked at is in sight: the frame that is zoomed to, and the one that is selected.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || size.height === 0) return;
    if (focus === 0) element.scrollTop = isUp ? tall : 0;
    else {
      const row = isUp ? levels - 1 - (flame.depth[focus] ?? 0) : (flame.depth[focus] ?? 0);
      element.scrollTop = isUp ? row * ROW - size.height + 3 * ROW : row * ROW - 2 * ROW;
    }
    setTop(element.scrollTop);
  }, [focus, isUp, tall, size.height]);
  useEffect(() => {
    const element = box.current;
    if (!element || selected < 0) return;
    const at = rowTop(flame.depth[selected] ?? 0, { ...view, top: element.scrollTop }, levels);
    if (at < 0) element.scrollTop += at - ROW;
    else if (at > element.clientHeight - ROW) element.scrollTop += at - element.clientHeight + 2 * ROW;
  }, [selected]);

  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || size.width === 0) return;
    const ratio = devicePixelRatio || 1;
    const width = Math.round(size.width * ratio);
    const height = Math.round(size.height * ratio);
    if (element.width !== width || element.height !== height) {
      element.width = width;
      element.height = height;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context, flame, layout, view, {
      colour,
      found,
      selected,
      selectedFunction: selected > 0 ? (flame.function[selected] ?? 0) : 0,
      ground: style("--ground"),
      text: style("--frame-text"),
      dimmedText: style("--text-dim"),
      accent: style("--accent"),
      match: style("--match"),
      matchText: style("--match-text"),
      font: `11.5px ${style("--mono")}`,
    });
  }, [flame, layout, colour, found, selected, size, top, focus, isUp, theme]);

  const frameOf = (event: MouseEvent) => {
    const rect = canvas.current?.getBoundingClientRect();
    if (!rect || size.width === 0) return -1;
    const depth = depthAt(event.clientY - rect.top, view, levels);
    const point = view.from + ((event.clientX - rect.left) / size.width) * (view.to - view.from);
    return hit(flame, layout, depth, point);
  };
  const hover = (frame: number) => {
    if (frame === hovered) return;
    setHovered(frame);
    props.onHover(frame);
  };

  // Tests and the curious find frames by their names here.
  useEffect(() => {
    const element = canvas.current as (HTMLCanvasElement & { frameNamed?: (name: string) => { x: number; y: number } | null }) | null;
    if (!element) return;
    element.frameNamed = (name) => {
      const frame = flame.names.indexOf(name);
      for (let at = 0; at < flame.frames; at++) {
        const start = layout.start[at] ?? 0;
        const end = start + (flame.value[at] ?? 0);
        if (flame.function[at] !== frame || end <= view.from || start >= view.to) continue;
        const middle = (Math.max(start, view.from) + Math.min(end, view.to)) / 2;
        const rect = element.getBoundingClientRect();
        return {
          x: rect.left + ((middle - view.from) / (view.to - view.from || 1)) * size.width,
          y: rect.top + rowTop(flame.depth[at] ?? 0, view, levels) + ROW / 2,
        };
      }
      return null;
    };
  });

  // Not painted: the pointer moves more often than all frames can be drawn.
  const pointed = boxOf(flame, layout, hovered, view);
  return (
    <div class={`flame-canvas ${isHalf ? `${isHalf}-half` : ""}`} style={isHalf === "callers" ? { flexBasis: `${tall}px` } : {}} ref={box} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      <canvas
        ref={canvas}
        style={{ width: `${size.width}px`, height: `${size.height}px` }}
        role="img"
        aria-label={props.label}
        onPointerMove={(event) => hover(frameOf(event))}
        onPointerLeave={() => hover(-1)}
        onClick={(event) => props.onSelect(frameOf(event))}
        onDblClick={(event) => {
          const frame = frameOf(event);
          if (frame >= 0) props.onZoom(frame);
        }}
        onContextMenu={(event) => {
          const frame = frameOf(event);
          if (frame > 0) props.onMenu(event, frame);
        }}
      />
      {pointed && <div class="flame-pointed" style={{ left: `${pointed.left}px`, top: `${top + pointed.top}px`, width: `${pointed.width}px`, height: `${ROW - 1}px` }} />}
      <div class="flame-height" style={{ height: `${Math.max(0, tall - size.height)}px` }} />
    </div>
  );
}

const MAP_HEIGHT = 44;

/** The whole graph, small, with the part that is seen. */
export function Minimap({ flame, order, colouring, isUp, found, theme, path, onZoom }: {
  flame: Flame;
  order: Order;
  colouring: Colouring;
  isUp: boolean;
  found: Found | null;
  theme: "light" | "dark";
  path: string;
  onZoom(frame: number): void;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const layout = useMemo(() => layOut(flame, order), [flame, order]);
  const colour = useMemo(() => colours(flame, colouring, { isDark: theme === "dark" }), [flame, colouring, theme]);
  useLayoutEffect(() => {
    const element = canvas.current?.parentElement;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);
  const focus = useMemo(() => frameAt(flame, path), [flame, path]);
  const total = flame.value[0] || 1;
  const left = ((layout.start[focus] ?? 0) / total) * width;
  const wide = Math.max(3, ((flame.value[focus] ?? 0) / total) * width);
  // After the graph itself, which is looked at first.
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || width === 0) return;
    const ratio = devicePixelRatio || 1;
    element.width = Math.round(width * ratio);
    element.height = Math.round(MAP_HEIGHT * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintMap(context, flame, layout, { width, height: MAP_HEIGHT, isUp }, { colour, found, match: style("--match"), ground: style("--ground") });
  }, [flame, layout, colour, found, width, isUp, theme]);
  return (
    <div
      class="minimap"
      title="The whole graph; click to zoom there"
      onClick={(event) => {
        const rect = event.currentTarget.getBoundingClientRect();
        const point = ((event.clientX - rect.left) / width) * total;
        const rows = Math.max(0.5, Math.min(3, MAP_HEIGHT / layout.levels.length));
        const row = Math.floor((isUp ? MAP_HEIGHT - (event.clientY - rect.top) : event.clientY - rect.top) / rows);
        let frame = -1;
        for (let depth = Math.min(row, layout.levels.length - 1); depth >= 0 && frame < 0; depth--) frame = hit(flame, layout, depth, point);
        onZoom(Math.max(0, frame));
      }}
    >
      <canvas ref={canvas} style={{ width: `${width}px`, height: `${MAP_HEIGHT}px` }} aria-hidden="true" />
      <div class="minimap-window" style={{ left: `${left}px`, width: `${wide}px` }} />
    </div>
  );
}
