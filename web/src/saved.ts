// A page that was saved holds what its views ask for, and asks nobody.

import type { Problem } from "./api";

/** What one address answered when the page was saved. */
type Kept = { json: unknown } | { text: string } | { base64: string } | { problem: Problem };

export interface Saved {
  /** The view with its query. */
  view: string;
  saved_unix_nanos: number;
  has_source: boolean;
  answers: Record<string, Kept>;
}

function read(): Saved | null {
  const element = typeof document === "undefined" ? null : document.getElementById("saved");
  return element ? (JSON.parse(element.textContent ?? "") as Saved) : null;
}

/** The data of a saved page; null where a server answers. */
export const saved = read();

function kept(page: Saved, url: string): Exclude<Kept, { problem: Problem }> {
  const found = page.answers[url];
  if (found && !("problem" in found)) return found;
  if (found) throw found.problem;
  throw {
    title: "Not in this file",
    status: 0,
    detail: "This page was saved: it holds every view under the filters it was saved with, and no others.",
    hint: page.has_source
      ? "Going back leads to what it holds. fathom open on the profile itself shows everything."
      : "It was saved without source code. fathom open on the profile itself shows everything.",
  } satisfies Problem;
}

export function savedJson(page: Saved, url: string): unknown {
  const found = kept(page, url);
  return "json" in found ? found.json : null;
}

export function savedText(page: Saved, url: string): string {
  const found = kept(page, url);
  return "text" in found ? found.text : "";
}

export function savedBytes(page: Saved, url: string): ArrayBuffer {
  const found = kept(page, url);
  const text = atob("base64" in found ? found.base64 : "");
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes.buffer;
}
