// The overlay of keys and the palette of commands.

import { useEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { written, type Binding } from "../keys";

export function Dialog({ label, close, children }: { label: string; close(): void; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    box.current?.showModal();
  }, []);
  return (
    <dialog
      ref={box}
      aria-label={label}
      onClose={close}
      onClick={(event) => event.target === box.current && close()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      {children}
    </dialog>
  );
}

export function Help({ bindings, close }: { bindings: Binding[]; close(): void }) {
  const groups = [...new Set(bindings.map((binding) => binding.group))];
  return (
    <Dialog label="Keys" close={close}>
      <div class="help">
        <header>
          <h2>Keys</h2>
          <button type="button" class="quiet" onClick={close}>Close <kbd>Esc</kbd></button>
        </header>
        <div class="help-groups">
          {groups.map((group) => (
            <section>
              <h3>{group}</h3>
              <dl>
                {bindings.filter((binding) => binding.group === group).map((binding) => (
                  <div>
                    <dt><kbd>{written(binding.key)}</kbd></dt>
                    <dd>{binding.what}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
        <p class="dim">Everything is in the address: go back to undo, copy it to share, and give it to <code>fathom open --view</code>.</p>
      </div>
    </Dialog>
  );
}

export interface Entry {
  label: string;
  detail: string;
  run(): void;
}

const MOST = 12;

/** Commands, options and functions by a few letters of their names. */
export function Palette({ entries, close }: { entries: Entry[]; close(): void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = words.join(" ");
  // What is called so comes before what only begins so, and that before what contains it.
  const rank = (entry: Entry) => {
    const label = entry.label.toLowerCase();
    return label === wanted ? 0 : label.startsWith(wanted) ? 1 : 2;
  };
  const matching = entries
    .filter((entry) => words.every((word) => `${entry.label} ${entry.detail}`.toLowerCase().includes(word)))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, MOST);
  const chosen = Math.min(at, Math.max(0, matching.length - 1));
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    close();
    entry.run();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(matching.length - 1, chosen + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, chosen - 1));
    else if (event.key === "Enter") run(matching[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog label="Commands" close={close}>
      <div class="palette">
        <input
          type="text"
          aria-label="Command"
          placeholder="A view, an option, a function…"
          value={text}
          autofocus
          spellcheck={false}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKey}
        />
        <ul role="listbox">
          {matching.map((entry, place) => (
            <li role="option" aria-selected={place === chosen} onPointerMove={() => setAt(place)} onClick={() => run(entry)}>
              <span>{entry.label}</span>
              <span class="dim">{entry.detail}</span>
            </li>
          ))}
          {matching.length === 0 && <li class="dim">Nothing has such a name</li>}
        </ul>
      </div>
    </Dialog>
  );
}
