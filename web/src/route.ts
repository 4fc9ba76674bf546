// The address as state of components.

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { saved } from "./saved";
import { address, parse, type Changes, type Route } from "./state";

export interface Navigation extends Route {
  /** Shows a view under changed parameters; a step of the history unless it replaces. */
  go(view: string, changes?: Changes, how?: "push" | "replace"): void;
  /** Changes parameters of this view. */
  set(changes: Changes, how?: "push" | "replace"): void;
  /** The address of a link. */
  link(view: string, changes?: Changes): string;
  get(name: string): string | null;
}

const Context = createContext<Navigation | null>(null);
export const NavigationProvider = Context.Provider;

export function useNavigation(): Navigation {
  const navigation = useContext(Context);
  if (!navigation) throw new Error("no navigation");
  return navigation;
}

/** A saved page is one file, whose views are fragments of its address. */
function here(): Route {
  if (!saved) return parse(location.pathname, location.search);
  const [path = "", search = ""] = (location.hash.slice(1) || saved.view).split("?");
  return parse(path, search);
}

const placed = (to: string): string => (saved ? `#${to}` : to);

/** Follows the address. */
export function useAddress(): Navigation {
  const [route, setRoute] = useState(here);
  useEffect(() => {
    const follow = () => setRoute(here());
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  const go = (view: string, changes: Changes = {}, how: "push" | "replace" = "push") => {
    // Several changes in one event build on each other.
    const to = placed(address(here(), view, changes));
    const from = location.href;
    if (how === "replace") history.replaceState(null, "", to);
    else if (new URL(to, from).href !== from) history.pushState(null, "", to);
    setRoute(here());
  };
  return {
    ...route,
    go,
    set: (changes, how) => go(here().view, changes, how),
    link: (view, changes = {}) => placed(address(route, view, changes)),
    get: (name) => route.params.get(name),
  };
}
