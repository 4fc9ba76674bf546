// What the parts of the page tell each other: keys of the view, the menu, the function that is
// selected.

import { createContext } from "preact";
import { useContext, useEffect } from "preact/hooks";
import type { Binding } from "./keys";

export interface MenuItem {
  label: string;
  key?: string;
  href?: string;
  run(): void;
}

export interface Shell {
  /** Says which keys a view has, while it is there. */
  bind(bindings: Binding[]): () => void;
  openMenu(x: number, y: number, title: string, items: MenuItem[]): void;
  /** Tells something for a moment. */
  tell(text: string): void;
  theme: "light" | "dark";
}

const Context = createContext<Shell | null>(null);
export const ShellProvider = Context.Provider;

export function useShell(): Shell {
  const shell = useContext(Context);
  if (!shell) throw new Error("no shell");
  return shell;
}

/** The keys of a view. */
export function useKeys(bindings: Binding[], changing: unknown[]): void {
  const shell = useShell();
  useEffect(() => shell.bind(bindings), changing);
}
