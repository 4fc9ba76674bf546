// The page around the views: what it is about, which view, filters, keys.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { getJson, getSubject, useAnswer, type Problem } from "./api";
import type { Functions, Subject } from "./contracts";
import { amount, moment, sampleName } from "./format";
import { find as findBinding, isTyping, type Binding } from "./keys";
import { Chips } from "./parts/chips";
import { DropZones, Pair, Side, Title, useTaking, type Letter } from "./parts/compare";
import { Menu, type MenuState } from "./parts/menu";
import { Help, Palette, type Entry } from "./parts/overlay";
import { Empty, ProblemNote } from "./parts/parts";
import { choose, SubjectProvider, type Chosen } from "./request";
import { NavigationProvider, useAddress, type Navigation } from "./route";
import { saveItems } from "./save";
import { saved } from "./saved";
import { ShellProvider, type MenuItem, type Shell } from "./shell";
import { exactly } from "./state";
import { useTheme } from "./theme";
import { viewOf, viewsOf } from "./views/index";

export function App() {
  const [subject, setSubject] = useState<Subject | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const theme = useTheme();
  const navigation = useAddress();
  // The profiles of a history are as many as its moments: those that are shown are asked for.
  const shown = [navigation.get("profile") ?? "", navigation.get("base") ?? ""].map((name) => (name.startsWith("history:") ? name : ""));
  const isKnown = subject !== null && shown.every((name) => name === "" || subject.profiles.some((known) => known.name === name));
  useEffect(() => {
    if (isKnown) return;
    let isWanted = true;
    getSubject(shown).then(
      (told) => isWanted && setSubject(told),
      (told: Problem) => isWanted && setProblem(told),
    );
    return () => {
      isWanted = false;
    };
  }, [isKnown, ...shown]);
  if (problem) return <main class="alone"><ProblemNote problem={problem} /></main>;
  if (!subject || !isKnown) return <main class="alone"><div class="waiting" aria-busy="true">Reading the sources…</div></main>;
  return (
    <NavigationProvider value={navigation}>
      <SubjectProvider value={subject}>
        <Page subject={subject} navigation={navigation} theme={theme} refresh={() => getSubject(shown).then(setSubject)} />
      </SubjectProvider>
    </NavigationProvider>
  );
}

interface PageProps {
  subject: Subject;
  navigation: Navigation;
  theme: ReturnType<typeof useTheme>;
  /** Asks again what there is. */
  refresh(): Promise<void>;
}

function Page({ subject, navigation, theme, refresh }: PageProps) {
  const [overlay, setOverlay] = useState<"help" | "palette" | null>(null);
  const [menu, setMenu] = useState<MenuState | null>(null);
  const [told, setTold] = useState("");
  const bound = useRef<Binding[][]>([]);
  const search = useRef<HTMLInputElement>(null);
  const saveButton = useRef<HTMLButtonElement>(null);
  const view = viewOf(navigation.view, subject);
  const chosen = choose(subject, navigation);
  const home = subject.has_history ? "fleet" : "explain";

  const cycle = <T,>(all: T[], at: number, by: number) => all[(at + by + all.length) % all.length];
  const nextType = (by: number) => {
    const type = chosen && cycle(chosen.profile.sample_types, chosen.column, by);
    if (type) navigation.set({ sample_index: type.name });
  };
  const nextProfile = () => {
    if (!chosen) return;
    const next = cycle(subject.profiles, subject.profiles.indexOf(chosen.profile), 1);
    if (next) navigation.set({ profile: next.name, sample_index: null });
  };
  const take = useTaking(chosen, subject, navigation, refresh, setTold);
  const saving = saveItems(subject.title, chosen, navigation, setTold);
  const openSaving = () => {
    const place = saveButton.current?.getBoundingClientRect();
    if (place) setMenu({ x: place.left, y: place.bottom + 4, title: `Save ${view?.label ?? "the page"}`, items: saving });
  };
  const everywhere: Binding[] = [
    ...viewsOf(subject).map((known): Binding => ({ key: known.key, what: known.label, group: "Views", run: () => navigation.go(known.name) })),
    { key: "/", what: "Search", group: "Everywhere", run: () => search.current?.focus() },
    { key: "t", what: "Next sample type", group: "Everywhere", run: () => nextType(1) },
    { key: "T", what: "Sample type before", group: "Everywhere", run: () => nextType(-1) },
    { key: "p", what: "Next profile", group: "Everywhere", run: nextProfile },
    { key: ":", what: "Commands (also Ctrl-K)", group: "Everywhere", run: () => setOverlay("palette") },
    { key: "?", what: "These keys", group: "Everywhere", run: () => setOverlay("help") },
    { key: "D", what: "Light or dark", group: "Everywhere", run: theme.next },
    ...(saved ? [] : [{ key: "S", what: "Save this view", group: "Everywhere", run: openSaving } as const]),
  ];
  const current = useRef(everywhere);
  current.current = everywhere;

  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "k") {
        event.preventDefault();
        setOverlay("palette");
        return;
      }
      if (isTyping(event)) return;
      const binding = findBinding([...bound.current.flat(), ...current.current], event);
      if (!binding) return;
      event.preventDefault();
      binding.run();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
  useEffect(() => {
    const about = view?.label ?? "fathom";
    document.title = `${subject.title} · ${about} · fathom`;
    // Of all tabs a narrow screen shows a few.
    document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [view, subject]);
  useEffect(() => {
    if (!told) return;
    const timer = setTimeout(() => setTold(""), Math.max(1600, 45 * told.length));
    return () => clearTimeout(timer);
  }, [told]);

  const shell = useMemo<Shell>(
    () => ({
      bind: (bindings) => {
        bound.current = [...bound.current, bindings];
        return () => {
          bound.current = bound.current.filter((known) => known !== bindings);
        };
      },
      openMenu: (x, y, title, items) => setMenu({ x, y, title, items }),
      tell: setTold,
      theme: theme.theme,
    }),
    [theme.theme],
  );
  const Shown = view?.component;
  return (
    <ShellProvider value={shell}>
      <header class="top">
        <div class="top-line">
          <a class="brand" href={navigation.link(home)} onClick={follow(() => navigation.go(home))}>fathom</a>
          <Title subject={subject} chosen={chosen} />
          {chosen && !view?.needsNoProfile && <Choosers chosen={chosen} navigation={navigation} take={take} />}
          <span class="spacer" />
          {saved ? (
            <span class="saved" title="This page asks no server: it holds what it showed when it was saved">saved {moment(saved.saved_unix_nanos)}, read-only</span>
          ) : (
            <button type="button" class="quiet" title="Save this view (S)" ref={saveButton} aria-haspopup="menu" onClick={openSaving}>Save</button>
          )}
          <button type="button" class="quiet" title="Commands (Ctrl-K)" onClick={() => setOverlay("palette")} aria-label="Commands"><kbd>:</kbd></button>
          <button type="button" class="quiet" title={`Colours: ${theme.choice}`} onClick={theme.next} aria-label="Light or dark">{theme.theme === "dark" ? "☾" : "☀"}</button>
          <button type="button" class="quiet" title="Keys" onClick={() => setOverlay("help")} aria-label="Keys"><kbd>?</kbd></button>
        </div>
        <div class="bar-line">
          <nav class="tabs" aria-label="Views">
            {viewsOf(subject).map((known) => (
              <a
                href={navigation.link(known.name)}
                aria-current={known === view ? "page" : undefined}
                title={`${known.what} (${known.key})`}
                onClick={follow(() => navigation.go(known.name))}
              >
                {known.label}
              </a>
            ))}
          </nav>
          {view?.name !== "explain" && <SearchField field={search} navigation={navigation} />}
        </div>
        {chosen && !view?.needsNoProfile && (
          <div class="chip-line">
            {chosen.isCompared && <Sides navigation={navigation} />}
            <Chips />
          </div>
        )}
      </header>
      <main class={`view view-${view?.name ?? "none"}`}>
        {!Shown && <Empty>There is no view {navigation.view}. The views are above.</Empty>}
        {Shown && (chosen || view?.needsNoProfile) && <Shown key={view.name} />}
        {Shown && !chosen && !view?.needsNoProfile && <Empty>{subject.has_history ? "Choose a moment among the curves (h): a click there opens its profile." : "There is no profile among the sources."}</Empty>}
      </main>
      {menu && <Menu menu={menu} close={() => setMenu(null)} />}
      {overlay === "help" && <Help bindings={[...everywhere, ...bound.current.flat()]} close={() => setOverlay(null)} />}
      {overlay === "palette" && (
        <Commands chosen={chosen} navigation={navigation} bindings={[...everywhere, ...bound.current.flat()]} saving={saving} close={() => setOverlay(null)} />
      )}
      <DropZones chosen={chosen} take={take} />
      <div class="told" role="status">{told}</div>
    </ShellProvider>
  );
}

/** Follows a link in the page, unless the browser is asked for a tab of its own. */
function follow(run: () => void) {
  return (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    run();
  };
}

function Choosers({ chosen, navigation, take }: { chosen: Chosen; navigation: Navigation; take(file: File, as: Letter): void }) {
  const { profile } = chosen;
  return (
    <>
      <Pair chosen={chosen} navigation={navigation} take={take} />
      <div class="segments" role="radiogroup" aria-label="Sample type" title="Sample type (t)">
        {profile.sample_types.map((type, place) => (
          <button
            type="button"
            role="radio"
            aria-checked={place === chosen.column}
            onClick={() => navigation.set({ sample_index: type.name })}
          >
            <span>{sampleName(type.name)}</span> <b>{amount(type.total, type.unit)}</b>
          </button>
        ))}
      </div>
    </>
  );
}

/** Which of two states, for the views that show one profile. */
function Sides({ navigation }: { navigation: Navigation }) {
  return (
    <div class="segments small" role="radiogroup" aria-label="Side" title="The change from A to B, or one of them">
      {([["", <><Side letter="A" /> → <Side letter="B" /></>], ["base", <Side letter="A" />], ["new", <Side letter="B" />]] as const).map(([value, label]) => (
        <button type="button" role="radio" aria-checked={(navigation.get("side") ?? "") === value} onClick={() => navigation.set({ side: value })}>
          {label}
        </button>
      ))}
    </div>
  );
}

const PATIENCE = 150;

/** The search: a part of the address, replaced while it is being typed. */
function SearchField({ field, navigation }: { field: { current: HTMLInputElement | null }; navigation: Navigation }) {
  const timer = useRef(0);
  const value = navigation.get("find") ?? "";
  useEffect(() => {
    // Going back changes it, too.
    if (field.current && document.activeElement !== field.current) field.current.value = value;
  }, [value]);
  return (
    <input
      ref={field}
      class="search"
      type="search"
      aria-label="Search"
      placeholder="Search ( / )"
      spellcheck={false}
      defaultValue={value}
      onInput={(event) => {
        const text = event.currentTarget.value;
        clearTimeout(timer.current);
        timer.current = window.setTimeout(() => navigation.set({ find: text || null }, "replace"), PATIENCE);
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          clearTimeout(timer.current);
          event.currentTarget.value = "";
          navigation.set({ find: null }, "replace");
          event.currentTarget.blur();
        } else if (event.key === "Enter") {
          clearTimeout(timer.current);
          navigation.set({ find: event.currentTarget.value || null }, "replace");
          const direction = event.shiftKey ? "before" : "next";
          dispatchEvent(new CustomEvent("fathom-find", { detail: direction }));
        }
      }}
    />
  );
}

interface CommandsProps {
  chosen: Chosen | null;
  navigation: Navigation;
  bindings: Binding[];
  saving: MenuItem[];
  close(): void;
}

function Commands({ chosen, navigation, bindings, saving, close }: CommandsProps) {
  const functions = useAnswer<Functions>(chosen ? chosen.url("functions", {}, ["sample_index", "sort", "side"]) : null, getJson);
  const entries: Entry[] = bindings.map((binding) => ({ label: binding.what, detail: `${binding.group}  ${binding.key}`, run: binding.run }));
  for (const item of saving) entries.push({ label: `Save: ${item.label}`, detail: "Save", run: item.run });
  for (const option of chosen?.subject.options ?? []) {
    for (const choice of option.kind === "choice" ? option.choices : []) {
      entries.push({ label: `${option.name.replace(/_/g, " ")} ${choice}`, detail: option.summary, run: () => navigation.set({ [option.name]: choice }) });
    }
    if (option.kind === "flag") {
      const other = (navigation.get(option.name) ?? option.default) === "true" ? "false" : "true";
      entries.push({ label: option.name.replace(/_/g, " "), detail: option.summary, run: () => navigation.set({ [option.name]: other === option.default ? null : other }) });
    }
  }
  const names = functions.data?.names ?? [];
  const show = (name: string) => navigation.go(navigation.view === "source" || navigation.view === "peek" || navigation.view === "disasm" ? navigation.view : "flame",
    navigation.view === "source" || navigation.view === "peek" || navigation.view === "disasm" ? { pattern: exactly(name) } : { pivot: name });
  for (const name of names.slice(0, 20000)) entries.push({ label: name, detail: "function", run: () => show(name) });
  return <Palette entries={entries} close={close} />;
}
