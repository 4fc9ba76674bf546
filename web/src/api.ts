// Asking the server. Answers are kept, so that going back is instant.

import { useEffect, useState } from "preact/hooks";
import type { Subject } from "./contracts";
import { saved, savedBytes, savedJson, savedText } from "./saved";

/** Why there is no answer, as RFC 9457 words it. */
export interface Problem {
  title: string;
  status: number;
  detail: string;
  hint?: string;
}

const KEPT = 60;
const kept = new Map<string, Promise<unknown>>();

async function ask<T>(url: string, read: (response: Response) => Promise<T>, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw {
      title: "No answer",
      status: 0,
      detail: "fathom has ended: this page shows what it had read.",
      hint: "Start fathom open again; the address of this view goes on working under the new one.",
    } satisfies Problem;
  }
  if (response.ok) return read(response);
  const told = (await response.json().catch(() => null)) as Problem | null;
  throw told ?? { title: response.statusText, status: response.status, detail: "The server gave no reason." };
}

function remembered<T>(url: string, make: () => Promise<T>): Promise<T> {
  const known = kept.get(url) as Promise<T> | undefined;
  if (known) {
    kept.delete(url);
    kept.set(url, known);
    return known;
  }
  const made = make();
  kept.set(url, made);
  made.catch(() => kept.delete(url));
  for (const oldest of kept.keys()) {
    if (kept.size <= KEPT) break;
    kept.delete(oldest);
  }
  return made;
}

// An answer of a saved page is there, but whoever waits for it waits for a promise.
const answered = <T>(find: () => T): Promise<T> => Promise.resolve().then(find);

export const getJson = <T>(url: string): Promise<T> =>
  remembered(url, () => (saved ? answered(() => savedJson(saved!, url) as T) : ask(url, (response) => response.json() as Promise<T>)));

export const getText = (url: string): Promise<string> =>
  remembered(url, () => (saved ? answered(() => savedText(saved!, url)) : ask(url, (response) => response.text())));

export const getBytes = (url: string): Promise<ArrayBuffer> =>
  remembered(url, () => (saved ? answered(() => savedBytes(saved!, url)) : ask(url, (response) => response.arrayBuffer())));

/** A file; none is kept. */
export const getBlob = (url: string): Promise<Blob> => ask(url, (response) => response.blob());

/** Brings a file to be compared; the answer is the name under which it can be chosen. */
export async function bring(file: File, most: number): Promise<string> {
  if (file.size > most) {
    const detail = most === 0 ? "This fathom takes no files." : `${file.name} has more than ${Math.floor(most / 2 ** 20)} MB.`;
    throw { title: "Too large", status: 413, detail, hint: "fathom open --drop-limit allows more." } satisfies Problem;
  }
  const url = endpoint("profiles", [["name", file.name]]);
  const told = await ask(url, (response) => response.json() as Promise<{ name: string }>, { method: "POST", body: file });
  return told.name;
}

/** Leaves a note in a history. */
export async function leaveNote(target: string, at: number, text: string): Promise<void> {
  const url = endpoint("history/notes", [["target", target], ["at", String(at)]]);
  await ask(url, (response) => response.json(), { method: "POST", body: text });
}

/** Asks anew, whatever was answered before. */
export const getFresh = <T>(url: string): Promise<T> => ask(url, (response) => response.json() as Promise<T>);

/** What the page is about, once the sources are read; of a history, with the profiles that are shown. */
export async function getSubject(shown: string[] = []): Promise<Subject> {
  if (saved) return savedJson(saved, "api/v1/subject") as Subject;
  const url = endpoint("subject", [["profile", shown[0] ?? ""], ["base", shown[1] ?? ""]]);
  for (;;) {
    const subject = await ask(url, (response) => response.json() as Promise<Subject>);
    if (subject.state === "ready") return subject;
  }
}

/** The address of an endpoint under parameters; empty ones are left out. */
export function endpoint(path: string, params: Iterable<[string, string]>): string {
  const query = new URLSearchParams();
  for (const [name, value] of params) if (value !== "") query.append(name, value);
  query.sort();
  const text = query.toString();
  return text ? `api/v1/${path}?${text}` : `api/v1/${path}`;
}

export type Answer<T> = { data: T | null; problem: Problem | null; isWaiting: boolean };

/** What an address answers; while a new one is waited for, what the one before answered. */
export function useAnswer<T>(url: string | null, get: (url: string) => Promise<T>): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T> & { url: string | null }>({
    data: null,
    problem: null,
    isWaiting: url !== null,
    url: null,
  });
  useEffect(() => {
    if (url === null) return;
    let isWanted = true;
    setAnswer((before) => ({ ...before, isWaiting: true }));
    get(url).then(
      (data) => isWanted && setAnswer({ data, problem: null, isWaiting: false, url }),
      (problem: Problem) => isWanted && setAnswer({ data: null, problem, isWaiting: false, url }),
    );
    return () => {
      isWanted = false;
    };
  }, [url]);
  return answer;
}
