// The call graph as the server draws it, with panning, zooming and neighbours.

import { useEffect, useRef } from "preact/hooks";
import { useFunctionMenu } from "../actions";
import { getText, useAnswer } from "../api";
import { Answered } from "../parts/parts";
import { useChosen } from "../request";
import { useNavigation } from "../route";
import { useKeys } from "../shell";

export function Graph() {
  const chosen = useChosen();
  const answer = useAnswer<string>(chosen ? chosen.url("graph.svg") : null, getText);
  return <Answered answer={answer}>{(svg) => <Picture svg={svg} />}</Answered>;
}

interface Place {
  x: number;
  y: number;
  scale: number;
}

function Picture({ svg }: { svg: string }) {
  const navigation = useNavigation();
  const openMenu = useFunctionMenu();
  const box = useRef<HTMLDivElement>(null);
  const place = useRef<Place>({ x: 0, y: 0, scale: 1 });
  const drawn = useRef<SVGSVGElement | null>(null);
  const put = () => {
    const { x, y, scale } = place.current;
    if (drawn.current) drawn.current.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
  };
  const fit = () => {
    const element = drawn.current;
    const frame = box.current;
    if (!element || !frame) return;
    const width = element.viewBox.baseVal.width || 1;
    const height = element.viewBox.baseVal.height || 1;
    const scale = Math.min(1.2, frame.clientWidth / width, frame.clientHeight / height);
    // A tall graph is read from its top, not as a stamp.
    const legible = Math.max(scale, Math.min(0.55, frame.clientWidth / width));
    place.current = { x: (frame.clientWidth - width * legible) / 2, y: legible > scale ? 8 : (frame.clientHeight - height * legible) / 2, scale: legible };
    put();
  };
  useEffect(() => {
    const frame = box.current;
    if (!frame) return;
    // The page moves the picture itself, and has one theme for all.
    const still = svg.replace(/<(script|style)\b[^]*?<\/\1>/g, "");
    const parsed = new DOMParser().parseFromString(still, "image/svg+xml").documentElement;
    const element = document.importNode(parsed, true) as unknown as SVGSVGElement;
    element.setAttribute("width", String(element.viewBox.baseVal?.width ?? 0));
    element.setAttribute("height", String(element.viewBox.baseVal?.height ?? 0));
    frame.replaceChildren(element);
    drawn.current = element;
    const box_ = element.viewBox.baseVal;
    element.style.width = `${box_.width}px`;
    element.style.height = `${box_.height}px`;
    fit();
  }, [svg]);

  useEffect(() => {
    const pattern = (navigation.get("find") ?? "").toLowerCase();
    for (const node of box.current?.querySelectorAll(".node") ?? []) {
      node.classList.toggle("found", pattern !== "" && titleOf(node).toLowerCase().includes(pattern));
      node.classList.toggle("faded", pattern !== "" && !titleOf(node).toLowerCase().includes(pattern));
    }
  }, [svg, navigation.get("find")]);

  const zoom = (factor: number, x: number, y: number) => {
    const old = place.current;
    const scale = Math.max(0.05, Math.min(8, old.scale * factor));
    const by = scale / old.scale;
    place.current = { x: x - (x - old.x) * by, y: y - (y - old.y) * by, scale };
    put();
  };
  const centre = (factor: number) => zoom(factor, (box.current?.clientWidth ?? 0) / 2, (box.current?.clientHeight ?? 0) / 2);
  const pan = (x: number, y: number) => {
    place.current = { ...place.current, x: place.current.x + x, y: place.current.y + y };
    put();
  };
  const group = "Everywhere" as const;
  useKeys(
    [
      { key: "+", what: "Larger", group, run: () => centre(1.25) },
      { key: "-", what: "Smaller", group, run: () => centre(0.8) },
      { key: "Escape", what: "The whole graph", group, run: () => (neighbours(box.current, null), fit()) },
      { key: "ArrowLeft", what: "Move left", group, run: () => pan(80, 0) },
      { key: "ArrowRight", what: "Move right", group, run: () => pan(-80, 0) },
      { key: "ArrowUp", what: "Move up", group, run: () => pan(0, 80) },
      { key: "ArrowDown", what: "Move down", group, run: () => pan(0, -80) },
    ],
    [svg],
  );
  const dragged = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const nodeOf = (event: Event) => (event.target as Element).closest?.(".node") ?? null;
  return (
    <div
      class="graph"
      ref={box}
      role="img"
      aria-label="Call graph"
      onWheel={(event) => {
        event.preventDefault();
        const rect = event.currentTarget.getBoundingClientRect();
        zoom(Math.exp(-event.deltaY * 0.0015), event.clientX - rect.left, event.clientY - rect.top);
      }}
      onPointerDown={(event) => {
        if (event.button === 0) dragged.current = { x: event.clientX, y: event.clientY, moved: false };
      }}
      onPointerMove={(event) => {
        const from = dragged.current;
        if (!from || event.buttons === 0) return;
        if (Math.abs(event.clientX - from.x) + Math.abs(event.clientY - from.y) > 3 || from.moved) {
          pan(event.clientX - from.x, event.clientY - from.y);
          dragged.current = { x: event.clientX, y: event.clientY, moved: true };
        }
      }}
      onClick={(event) => {
        if (!dragged.current?.moved) neighbours(box.current, nodeOf(event));
      }}
      onDblClick={(event) => {
        const node = nodeOf(event);
        if (node) navigation.go("flame", { pivot: titleOf(node) });
      }}
      onContextMenu={(event) => {
        const node = nodeOf(event);
        if (node) openMenu(event, titleOf(node));
      }}
    />
  );
}

/** The function of a box: what its title says before the value in brackets. */
function titleOf(node: Element): string {
  const title = node.querySelector("title")?.textContent ?? "";
  return title.replace(/ \([^()]*\)$/, "");
}

/** Fades what has nothing to do with a box; all is there again without one. */
function neighbours(box: Element | null, node: Element | null): void {
  const near = new Set<string>(node ? [node.id] : []);
  for (const edge of box?.querySelectorAll<SVGElement>(".edge") ?? []) {
    const { from = "", to = "" } = edge.dataset;
    const touches = node !== null && (from === node.id || to === node.id);
    if (touches) near.add(from).add(to);
    edge.classList.toggle("faded", node !== null && !touches);
  }
  for (const other of box?.querySelectorAll(".node") ?? []) other.classList.toggle("faded", node !== null && !near.has(other.id));
}
