// What can be done with a function: the same in every view's menu, and by the same keys.

import { useKeys, useShell, type MenuItem } from "./shell";
import { either, escaped, exactly } from "./state";
import { useNavigation, type Navigation } from "./route";
import type { Binding } from "./keys";

export function actions(navigation: Navigation, name: string, packageName: string, tell: (text: string) => void): MenuItem[] {
  const pattern = exactly(name);
  const filter = (option: string, further: string) => navigation.set({ [option]: either(navigation.get(option), further) });
  const show = (view: string, changes: Record<string, string | null>) => ({
    href: navigation.link(view, changes),
    run: () => navigation.go(view, changes),
  });
  const items: MenuItem[] = [
    { label: "Callers and callees", key: "v", ...show("flame", { pivot: name, path: null }) },
    { label: "Source", key: "s", ...show("source", { pattern }) },
    { label: "Disassembly", key: "a", ...show("disasm", { pattern }) },
    { label: "Peek", key: "k", ...show("peek", { pattern }) },
    { label: "Focus: only stacks with it", key: "f", run: () => filter("focus", pattern) },
    { label: "Ignore stacks with it", key: "i", run: () => filter("ignore", pattern) },
    { label: "Hide it, keep its cost", key: "h", run: () => filter("hide", pattern) },
    { label: "Show from it: cut its callers", key: "F", run: () => filter("show_from", pattern) },
  ];
  if (packageName) {
    const further = `^${escaped(packageName)}\\.`;
    items.push({ label: `Hide all of ${packageName}`, run: () => filter("hide", further) });
  }
  items.push({
    label: "Copy name",
    key: "y",
    run: () => {
      navigator.clipboard?.writeText(name).then(() => tell("Copied"), () => tell("The browser does not let it be copied"));
    },
  });
  return items;
}

/** The keys that do something with the function that is selected. */
export function useFunctionKeys(name: string, packageName: string): void {
  const navigation = useNavigation();
  const shell = useShell();
  const bindings: Binding[] = [];
  for (const item of actions(navigation, name, packageName, shell.tell)) {
    if (!item.key) continue;
    bindings.push({ key: item.key, what: item.label, group: "Selected function", run: () => name !== "" && item.run() });
  }
  useKeys(bindings, [name, packageName, navigation.params.toString(), navigation.view]);
}

/** Opens the menu of a function. */
export function useFunctionMenu(): (event: MouseEvent, name: string, packageName?: string) => void {
  const navigation = useNavigation();
  const shell = useShell();
  return (event, name, packageName = "") => {
    if (!name) return;
    event.preventDefault();
    shell.openMenu(event.clientX, event.clientY, name, actions(navigation, name, packageName, shell.tell));
  };
}
