// Which two profiles are compared: A, the earlier, and B, the new one.

import { useEffect, useRef, useState } from "preact/hooks";
import { bring, type Problem } from "../api";
import type { ProfileAbout, Subject } from "../contracts";
import { called, type Chosen } from "../request";
import type { Navigation } from "../route";
import { saved } from "../saved";

export type Letter = "A" | "B";

/** The sign of one of the two, the same everywhere. */
export function Side({ letter }: { letter: Letter }) {
  return <b class={`side side-${letter.toLowerCase()}`}>{letter}</b>;
}

/** What the page is about, or which two. */
export function Title({ subject, chosen }: { subject: Subject; chosen: Chosen | null }) {
  const isOwn = !chosen?.base || chosen.base.name === chosen.profile.base_name;
  const before = chosen?.base && !isOwn ? called(subject, chosen.base) : subject.base_title;
  const now = chosen?.base && !isOwn ? called(subject, chosen.profile) : subject.title;
  const isAlone = !before || (chosen !== null && !chosen.isCompared);
  if (isAlone) return <span class="title" title={subject.title}>{subject.title}</span>;
  return (
    <span class="title" title={`A ${before}, B ${now}`}>
      <Side letter="A" /> {before} <span class="dim">→</span> <Side letter="B" /> {now}
    </span>
  );
}

const FILE = "\n";

/** Chooses the profile and what it is compared with. */
export function Pair({ chosen, navigation, take }: { chosen: Chosen; navigation: Navigation; take(file: File, as: Letter): void }) {
  const { subject, profile, base } = chosen;
  const file = useRef<HTMLInputElement>(null);
  const others = subject.profiles.filter((known) => known !== profile);
  const name = (known: ProfileAbout) => (known.role === "loaded" ? known.name : called(subject, known));
  const canTake = !saved && subject.most_dropped_bytes > 0;
  const choose = (element: HTMLSelectElement) => {
    const value = element.value;
    if (value === FILE) {
      element.value = base?.name ?? "";
      file.current?.click();
    } else navigation.set({ base: value || (profile.base_name ? "-" : null), side: null });
  };
  const exchange = base && (
        <button key="exchange" type="button" class="quiet" title="Exchange A and B" aria-label="Exchange A and B" onClick={() => navigation.set({ profile: base.name, base: profile.name, sample_index: null })}>⇄</button>
      );
  const now = subject.profiles.length > 1 && (
        <label key="now" class="inline-field">
          {base && <Side letter="B" />}
          <select
            aria-label="Profile"
            title="Profile (p)"
            value={profile.name}
            onChange={(event) => {
              const value = event.currentTarget.value;
              const isBase = value === base?.name;
              navigation.set({ profile: value, sample_index: null, ...(isBase ? { base: profile.name } : {}) });
            }}
          >
            {subject.profiles.map((known) => <option value={known.name}>{name(known)}</option>)}
          </select>
        </label>
      );
  const before = (others.length > 0 || canTake) && (
        <label key="before" class="inline-field">
          {base && <Side letter="A" />}
          <select aria-label="Compared with" title="What it is compared with" value={base?.name ?? ""} onChange={(event) => choose(event.currentTarget)}>
            <option value="">{base ? "nothing" : "compare with…"}</option>
            {others.map((known) => <option value={known.name}>{name(known)}</option>)}
            {canTake && <option value={FILE}>a file…</option>}
          </select>
        </label>
      );
  // Earlier things stand to the left; without a comparison there is nothing earlier.
  return (
    <>
      {base ? [before, exchange, now] : [now, before]}
      <input
        ref={file}
        type="file"
        hidden
        aria-label="A file to compare with"
        onChange={(event) => {
          const first = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (first) take(first, "A");
        }}
      />
    </>
  );
}

interface DropProps {
  chosen: Chosen | null;
  take(file: File, as: Letter): void;
}

/** Where a file that is dragged over the page can be dropped. */
export function DropZones({ chosen, take }: DropProps) {
  const [isDragged, setDragged] = useState(false);
  useEffect(() => {
    if (saved) return;
    const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setDragged(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setDragged(false);
    };
    const drop = (event: DragEvent) => {
      if (!hasFile(event)) return;
      // The browser would open the file instead of the page.
      event.preventDefault();
      setDragged(false);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  if (!isDragged) return null;
  const zone = (letter: Letter, what: string) => (
    <div
      class={`drop-zone drop-${letter.toLowerCase()}`}
      onDrop={(event) => {
        const file = event.dataTransfer?.files[0];
        if (file) take(file, letter);
      }}
    >
      <p><Side letter={letter} /> {what}</p>
    </div>
  );
  const shown = chosen ? called(chosen.subject, chosen.profile) : "";
  return (
    <div class="drop-zones">
      {zone("A", shown ? `the file is the earlier one, ${shown} the new one` : "the file is the earlier one")}
      {zone("B", shown ? `the file is the new one, ${shown} the earlier one` : "the file is the new one")}
    </div>
  );
}

/** Takes a file and shows it as one of the two. */
export function useTaking(chosen: Chosen | null, subject: Subject, navigation: Navigation, refresh: () => Promise<void>, tell: (text: string) => void) {
  return (file: File, as: Letter) => {
    tell(`Reading ${file.name}…`);
    bring(file, subject.most_dropped_bytes)
      .then(async (name) => {
        await refresh();
        const view = navigation.view === "" || navigation.view === "explain" ? "flame" : navigation.view;
        const other = chosen?.profile.name ?? null;
        const changes = as === "A" && other ? { base: name } : { profile: name, base: other, sample_index: null };
        navigation.go(view, { ...changes, side: null });
        tell(`${name} is ${as}`);
      })
      .catch((problem: Problem) => tell([problem.detail, problem.hint].filter(Boolean).join(" — ")));
  };
}
