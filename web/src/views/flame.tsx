// The flame graph: stacks from the root, or callers above and callees below one function.

import { useEffect, useMemo, useState } from "preact/hooks";
import { useFunctionKeys, useFunctionMenu } from "../actions";
import { getBytes, useAnswer, type Answer } from "../api";
import { FlameCanvas, Minimap } from "../flame/canvas";
import type { Colouring } from "../flame/colour";
import { decode, frameAt, lineage, nameOf, pathOf, type Flame } from "../flame/columns";
import { Detail } from "../flame/detail";
import { find, type Found } from "../flame/find";
import { matcher } from "../matcher";
import { FunctionList } from "../flame/functions";
import type { Order } from "../flame/layout";
import { amount, percent, plural, shortName } from "../format";
import { Answered, Empty, Notes } from "../parts/parts";
import { useChosen } from "../request";
import { useNavigation } from "../route";
import { useKeys, useShell } from "../shell";

const decoded = new WeakMap<ArrayBuffer, Flame>();
const getFlame = (url: string): Promise<Flame> =>
  getBytes(url).then((body) => {
    let flame = decoded.get(body);
    if (!flame) {
      flame = decode(body);
      decoded.set(body, flame);
    }
    return flame;
  });

const COLOURINGS: Colouring[] = ["package", "module", "value"];

export function FlameView() {
  const navigation = useNavigation();
  const chosen = useChosen();
  const pivot = navigation.get("pivot");
  if (!chosen) return null;
  const key = `${chosen.profile.name} ${pivot ?? ""}`;
  return pivot ? <Sandwich key={key} pivot={pivot} /> : <Whole key={key} />;
}

interface Looks {
  order: Order;
  colouring: Colouring;
  isUp: boolean;
}

function useLooks(flame: Flame | null): Looks {
  const navigation = useNavigation();
  const wanted = navigation.get("colour") as Colouring | null;
  const normal: Colouring = flame?.base ? "change" : "package";
  return {
    order: navigation.get("order") === "name" ? "name" : "heavy",
    colouring: wanted ?? normal,
    isUp: navigation.get("up") === "1",
  };
}

/** The graph from the root. What is zoomed to is asked for in more detail, and until that is
 * there the coarser graph is shown. */
function Whole() {
  const navigation = useNavigation();
  const chosen = useChosen()!;
  const path = navigation.get("path") ?? "";
  const walk = navigation.get("walk") ?? "";
  const whole = useAnswer(chosen.url("flame/columns", { walk }, []), getFlame);
  const part = useAnswer(path ? chosen.url("flame/columns", { walk, path }) : null, getFlame);
  const isFine = path !== "" && part.data !== null && !part.isWaiting && pathOf(part.data, frameAt(part.data, path)) === path;
  const flame = isFine ? part.data! : whole.data;
  const answer: Answer<Flame> = { data: flame, problem: whole.problem, isWaiting: whole.isWaiting || (path !== "" && part.isWaiting) };
  return (
    <Answered answer={answer}>
      {(shown) =>
        (shown.value[0] ?? 0) > 0 || shown.gone.length > 0 ? (
          <Graph flame={shown} whole={whole.data ?? shown} path={path} column={chosen.column} />
        ) : (
          <Empty>
            No stack is left: {shown.filters.join(", ") || `nothing was counted in ${shown.heading.sample_type}`}. Remove a filter above, or choose another sample type (t).
          </Empty>
        )
      }
    </Answered>
  );
}

function Graph({ flame, whole, path, column }: { flame: Flame; whole: Flame; path: string; column: number }) {
  const navigation = useNavigation();
  const shell = useShell();
  const openMenu = useFunctionMenu();
  const looks = useLooks(flame);
  const pattern = navigation.get("find") ?? "";
  const found = useMemo(() => find(flame, pattern), [flame, pattern]);
  const foundInWhole = useMemo(() => find(whole, pattern), [whole, pattern]);
  const [selectedPath, select] = useState("");
  const [hovered, setHovered] = useState(-1);
  const selected = useMemo(() => {
    const frame = selectedPath ? frameAt(flame, selectedPath) : 0;
    return frame > 0 && pathOf(flame, frame) === selectedPath ? frame : -1;
  }, [flame, selectedPath]);
  const at = found && selected > 0 ? found.frames.indexOf(selected) + 1 : 0;
  const zoom = (frame: number) => navigation.set({ path: frame > 0 ? pathOf(flame, frame) : null });
  const step = (by: number) => {
    if (!found || found.frames.length === 0) return;
    const next = (at === 0 ? (by > 0 ? 0 : -1) : at - 1 + by) % found.frames.length;
    const frame = found.frames.at(next) ?? 0;
    // A match outside the part that is seen brings the whole back.
    if (path && !lineage(flame, frame).includes(frameAt(flame, path))) navigation.set({ path: null });
    select(pathOf(flame, frame));
  };
  useEffect(() => {
    const listen = (event: Event) => step((event as CustomEvent).detail === "before" ? -1 : 1);
    addEventListener("fathom-find", listen);
    return () => removeEventListener("fathom-find", listen);
  });
  const move = (direction: "up" | "down" | "left" | "right") => {
    const from = selected < 0 ? frameAt(flame, path) : selected;
    const deeper = looks.isUp ? "up" : "down";
    if (direction === "up" || direction === "down") {
      const next = direction === deeper ? firstCallee(flame, from) : (flame.parent[from] ?? 0);
      if (next >= 0) select(next === 0 ? "" : pathOf(flame, next));
    } else {
      const next = sibling(flame, from, direction === "right" ? 1 : -1);
      if (next > 0) select(pathOf(flame, next));
    }
  };
  const nextColour = () => {
    const all: Colouring[] = flame.base ? ["change", ...COLOURINGS] : COLOURINGS;
    const next = all[(all.indexOf(looks.colouring) + 1) % all.length];
    navigation.set({ colour: next === all[0] ? null : next });
  };
  const group = "Flame graph" as const;
  useKeys(
    [
      { key: "ArrowUp", what: "Frame above", group, run: () => move("up") },
      { key: "ArrowDown", what: "Frame below", group, run: () => move("down") },
      { key: "ArrowLeft", what: "Frame to the left", group, run: () => move("left") },
      { key: "ArrowRight", what: "Frame to the right", group, run: () => move("right") },
      { key: "Enter", what: "Zoom to the selected frame (also a double click)", group, run: () => selected > 0 && zoom(selected) },
      { key: "+", what: "Zoom to the selected frame", group, run: () => selected > 0 && zoom(selected) },
      { key: "-", what: "Zoom out to the caller", group, run: () => zoom(flame.parent[frameAt(flame, path)] ?? 0) },
      { key: "Escape", what: "Select nothing, then zoom out", group, run: () => (selected > 0 ? select("") : zoom(0)) },
      { key: "n", what: "Next match", group, run: () => step(1) },
      { key: "N", what: "Match before", group, run: () => step(-1) },
      { key: "o", what: "Widest first, or by name", group, run: () => navigation.set({ order: looks.order === "name" ? null : "name" }) },
      { key: "r", what: "Turn around: icicle or flame", group, run: () => navigation.set({ up: looks.isUp ? null : "1" }) },
      { key: "u", what: "From the leaves: what was called from where", group, run: () => navigation.set({ walk: navigation.get("walk") ? null : "callers" }) },
      { key: "c", what: "Next colouring", group, run: nextColour },
    ],
    [flame, selected, path, found, at, navigation.params.toString()],
  );
  const selectedFunction = selected > 0 ? (flame.function[selected] ?? 0) : 0;
  useFunctionKeys(flame.names[selectedFunction === 0 ? -1 : selectedFunction] ?? "", flame.packages[selectedFunction] ?? "");
  const focus = useMemo(() => frameAt(flame, path), [flame, path]);
  return (
    <div class="flame">
      <div class="flame-bar">
        <Trail flame={flame} frame={focus} zoom={zoom} />
        <span class="spacer" />
        <Toggle isOn={looks.order === "name"} set={(on) => navigation.set({ order: on ? "name" : null })} off="heavy" on="by name" label="Order (o)" />
        <Toggle isOn={looks.isUp} set={(on) => navigation.set({ up: on ? "1" : null })} off="icicle" on="flame" label="Direction (r)" />
        <Toggle isOn={navigation.get("walk") === "callers"} set={(on) => navigation.set({ walk: on ? "callers" : null })} off="from roots" on="from leaves" label="Stacks (u)" />
        <label class="inline-field">
          <span class="dim">colour</span>
          <select aria-label="Colour" title="Colour (c)" value={looks.colouring} onChange={(event) => navigation.set({ colour: event.currentTarget.value })}>
            {(flame.base ? (["change", ...COLOURINGS] as Colouring[]) : COLOURINGS).map((known) => <option value={known}>{known}</option>)}
          </select>
        </label>
      </div>
      {path !== "" && (
        <Minimap flame={whole} order={looks.order} colouring={looks.colouring} isUp={looks.isUp} found={foundInWhole} theme={shell.theme} path={path} onZoom={(frame) => navigation.set({ path: frame > 0 ? pathOf(whole, frame) : null })} />
      )}
      <FlameCanvas
        flame={flame}
        path={path}
        {...looks}
        found={found}
        selected={selected}
        theme={shell.theme}
        label={`Flame graph of ${flame.heading.sample_type}, ${plural(flame.frames - 1, "frame")}`}
        onHover={setHovered}
        onSelect={(frame) => select(frame > 0 && frame !== selected ? pathOf(flame, frame) : "")}
        onZoom={zoom}
        onMenu={(event, frame) => {
          select(pathOf(flame, frame));
          const place = flame.function[frame] ?? 0;
          openMenu(event, nameOf(flame, frame), flame.packages[place]);
        }}
      />
      <LeftOut flame={flame} />
      {flame.base && <Legend flame={flame} />}
      <Detail flame={flame} frame={hovered >= 0 ? hovered : selected >= 0 ? selected : focus} column={column} found={found} pattern={pattern} at={at} step={step} />
    </div>
  );
}

function firstCallee(flame: Flame, frame: number): number {
  for (let at = frame + 1; at < flame.frames && (flame.depth[at] ?? 0) > (flame.depth[frame] ?? 0); at++) {
    if (flame.parent[at] === frame && (flame.value[at] ?? 0) > 0) return at;
  }
  return -1;
}

/** The frame beside another one on its level. */
function sibling(flame: Flame, frame: number, by: number): number {
  const depth = flame.depth[frame];
  for (let at = frame + by; at > 0 && at < flame.frames; at += by) {
    if (flame.depth[at] === depth && (flame.value[at] ?? 0) > 0) return at;
  }
  return -1;
}

function Trail({ flame, frame, zoom }: { flame: Flame; frame: number; zoom(frame: number): void }) {
  const frames = lineage(flame, frame);
  const unit = flame.heading.sample_unit;
  const last = frames.length - 1;
  // The way is long: its ends are what is looked for.
  const shown = frames.length > 5 ? [frames[0]!, -1, ...frames.slice(-3)] : frames;
  return (
    <nav class="trail" aria-label="Zoom">
      {shown.map((at, place) =>
        at < 0 ? (
          <span class="dim">…</span>
        ) : at === frames[last] ? (
          <span class="trail-here">
            {at === 0 ? "everything" : shortName(nameOf(flame, at))}{" "}
            <span class="dim">{amount(flame.value[at] ?? 0, unit)}{at === 0 ? "" : `, ${percent(flame.value[at] ?? 0, flame.total)}`}</span>
          </span>
        ) : (
          <button type="button" class="link" title={nameOf(flame, at)} key={place} onClick={() => zoom(at)}>
            {at === 0 ? "everything" : shortName(nameOf(flame, at))}
          </button>
        ),
      )}
    </nav>
  );
}

function Toggle({ isOn, set, off, on, label }: { isOn: boolean; set(on: boolean): void; off: string; on: string; label: string }) {
  return (
    <div class="segments small" role="radiogroup" aria-label={label} title={label}>
      <button type="button" role="radio" aria-checked={!isOn} onClick={() => set(false)}>{off}</button>
      <button type="button" role="radio" aria-checked={isOn} onClick={() => set(true)}>{on}</button>
    </div>
  );
}

function LeftOut({ flame }: { flame: Flame }) {
  const { frames, value, below } = flame.leftOut;
  const unit = flame.heading.sample_unit;
  const notes = [...flame.notes];
  if (frames > 0) notes.push(`${plural(frames, "frame")} narrower than ${amount(below, unit)} not drawn, ${amount(value, unit)} (${percent(value, flame.total)}) together; zooming in draws them`);
  return <Notes notes={notes} />;
}

function Legend({ flame }: { flame: Flame }) {
  const unit = flame.heading.sample_unit;
  return (
    <div class="legend">
      <span><i class="swatch shrank" /> shrank</span>
      <span><i class="swatch same" /> same</span>
      <span><i class="swatch grew" /> grew since A</span>
      {flame.gone.length > 0 && (
        <details>
          <summary>{plural(flame.gone.length, "call")} only in A, {amount(flame.gone.reduce((sum, gone) => sum + gone.base, 0), unit)}</summary>
          <table>
            <tbody>
              {flame.gone.slice(0, 50).map((gone) => (
                <tr>
                  <td class="number">{amount(gone.base, unit)}</td>
                  <td class="name" title={gone.callers.join(" ← ")}>{gone.name} <span class="dim">← {gone.callers.slice(0, 2).map(shortName).join(" ← ")}</span></td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </div>
  );
}

/** What calls a function above it, what it calls below. */
function Sandwich({ pivot }: { pivot: string }) {
  const navigation = useNavigation();
  const shell = useShell();
  const chosen = useChosen()!;
  const openMenu = useFunctionMenu();
  const callers = useAnswer(chosen.url("flame/columns", { pivot, walk: "callers" }), getFlame);
  const callees = useAnswer(chosen.url("flame/columns", { pivot }), getFlame);
  const looks = useLooks(callees.data);
  const pattern = navigation.get("find") ?? "";
  const foundAbove = useMemo(() => callers.data && find(callers.data, pattern), [callers.data, pattern]);
  const foundBelow = useMemo(() => callees.data && find(callees.data, pattern), [callees.data, pattern]);
  const matches = useMemo(() => (pattern ? matcher(pattern).test : null), [pattern]);
  const [hovered, setHovered] = useState<{ flame: Flame; frame: number } | null>(null);
  // Matches of both halves in one row; the pivot itself is in both.
  const steps = useMemo(() => {
    const of = (flame: Flame | null, found: Found | null) => (flame && found ? found.frames.map((frame) => ({ flame, frame })) : []);
    return [...of(callers.data, foundAbove), ...of(callees.data, foundBelow).filter(({ frame }) => frame > 1)];
  }, [callers.data, callees.data, foundAbove, foundBelow]);
  const [at, setAt] = useState(0);
  useEffect(() => setAt(0), [steps]);
  const selected = steps[at - 1] ?? null;
  const step = (by: number) => {
    if (steps.length === 0) return;
    setAt(at === 0 ? (by > 0 ? 1 : steps.length) : ((at - 1 + by + steps.length) % steps.length) + 1);
  };
  useEffect(() => {
    const listen = (event: Event) => step((event as CustomEvent).detail === "before" ? -1 : 1);
    addEventListener("fathom-find", listen);
    return () => removeEventListener("fathom-find", listen);
  });
  const group = "Flame graph" as const;
  useKeys(
    [
      { key: "Escape", what: "Back to all stacks", group, run: () => navigation.set({ pivot: null }) },
      { key: "n", what: "Next match", group, run: () => step(1) },
      { key: "N", what: "Match before", group, run: () => step(-1) },
      { key: "Enter", what: "Callers and callees of the match", group, run: () => selected && navigation.set({ pivot: nameOf(selected.flame, selected.frame) }) },
    ],
    [navigation.params.toString(), steps, at],
  );
  useFunctionKeys(pivot, "");
  return (
    <Answered answer={callees}>
      {(below) => {
        const root = below.frames > 1 ? below.value[1] ?? 0 : 0;
        const unit = below.heading.sample_unit;
        const half = (flame: Flame, isUp: boolean, label: string) => (
          <FlameCanvas
            flame={flame}
            path=""
            isHalf={isUp ? "callers" : "callees"}
            order={looks.order}
            colouring={looks.colouring}
            isUp={isUp}
            found={isUp ? foundAbove : foundBelow}
            selected={selected?.flame === flame ? selected.frame : -1}
            theme={shell.theme}
            label={label}
            onHover={(frame) => setHovered(frame < 0 ? null : { flame, frame })}
            onSelect={(frame) => frame > 1 && navigation.set({ pivot: nameOf(flame, frame) })}
            onZoom={() => undefined}
            onMenu={(event, frame) => openMenu(event, nameOf(flame, frame), flame.packages[flame.function[frame] ?? 0])}
          />
        );
        if (root === 0) return <Empty>No stack goes through {pivot}{below.filters.length > 0 ? ` under ${below.filters.join(", ")}` : ""}.</Empty>;
        const shown = hovered ?? selected ?? { flame: below, frame: 1 };
        return (
          <div class="flame sandwich">
            <div class="flame-bar">
              <span class="trail-here">{pivot} <span class="dim">{amount(root, unit)}, {percent(root, below.total)} of all; itself {amount(below.own[1] ?? 0, unit)}</span></span>
              <span class="spacer" />
              <button type="button" class="quiet" onClick={() => navigation.set({ pivot: null })}>All stacks <kbd>Esc</kbd></button>
            </div>
            <div class="sandwich-body">
              <FunctionList pivot={pivot} matches={matches} />
              <div class="halves">
                <h3 class="half-title">Callers</h3>
                {callers.data && half(callers.data, true, `Callers of ${pivot}`)}
                <h3 class="half-title">Callees</h3>
                {half(below, false, `Callees of ${pivot}`)}
              </div>
            </div>
            <Detail flame={shown.flame} frame={shown.frame} column={chosen.column} found={foundBelow && { ...foundBelow, frames: steps.map(({ frame }) => frame) }} pattern={pattern} at={at} step={step} />
          </div>
        );
      }}
    </Answered>
  );
}
