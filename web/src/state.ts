// What is shown is what the address says: the view is the path, everything else the query.
// Going back is undoing.

export interface Route {
  view: string;
  params: URLSearchParams;
}

export type Changes = Record<string, string | null | undefined>;

// Parameters that belong to one view and mean nothing in another.
const OF_ONE_VIEW = ["path", "by", "walk", "state", "kind", "at", "shown", "group", "curve", "found", "finding"];
// Parameters whose frames are other frames once the stacks change.
const RESETS_ZOOM = ["focus", "ignore", "hide", "show", "show_from", "prune_from", "tagfocus", "tagignore", "granularity",
  "noinlines", "profile", "base", "side", "pivot", "walk", "tagroot", "tagleaf"];

/** Reads an address; the path below the root names the view. */
export function parse(pathname: string, search: string): Route {
  const view = pathname.slice(pathname.lastIndexOf("/") + 1);
  return { view, params: new URLSearchParams(search) };
}

/** The address of a view with changed parameters, relative to the page's root. */
export function address(route: Route, view: string, changes: Changes): string {
  const params = new URLSearchParams(route.params);
  if (view !== route.view) {
    for (const name of OF_ONE_VIEW) params.delete(name);
  }
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") params.delete(name);
    else params.set(name, value);
  }
  if (Object.keys(changes).some((name) => RESETS_ZOOM.includes(name)) && !("path" in changes)) {
    params.delete("path");
  }
  return `${view}${query(params)}` || "./";
}

/** Parameters as a query, in order. */
export function query(params: URLSearchParams): string {
  const sorted = new URLSearchParams(params);
  sorted.sort();
  const text = sorted.toString();
  return text && `?${text}`;
}

/** A pattern that matches exactly one name. */
export function exactly(name: string): string {
  return `^${escaped(name)}$`;
}

/** A name as a part of a pattern. */
export function escaped(name: string): string {
  return name.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}

/** Adds an alternative to a pattern. */
export function either(pattern: string | null, further: string): string {
  if (!pattern) return further;
  return pattern.split("|").includes(further) ? pattern : `${pattern}|${further}`;
}

/** A pattern as people read it: what stands for exactly one name is that name. */
export function readable(pattern: string): string {
  const parts = pattern.split("|").map((part) => {
    const exact = /^\^(.*)\$$/.exec(part);
    return exact?.[1] === undefined ? part : exact[1].replace(/\\(.)/g, "$1");
  });
  return parts.join(" or ");
}
