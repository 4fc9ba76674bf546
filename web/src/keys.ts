// Keys: what each does is said once, for the overlay, the palette and the listener.

export interface Binding {
  /** As KeyboardEvent.key says it. */
  key: string;
  what: string;
  group: "Views" | "Everywhere" | "Flame graph" | "Memory map" | "Curves" | "Selected function";
  run(): void;
}

/** Whether typing goes into a field. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** The binding of a key; keys with Ctrl, Alt or Meta are the browser's. */
export function find(bindings: Binding[], event: KeyboardEvent): Binding | undefined {
  if (event.ctrlKey || event.altKey || event.metaKey) return undefined;
  return bindings.find((binding) => binding.key === event.key);
}

/** How a key is written. */
export function written(key: string): string {
  const names: Record<string, string> = {
    ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Enter: "↵", " ": "Space",
  };
  return names[key] ?? key;
}
