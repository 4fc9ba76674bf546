// The field of the views that are about matching functions.

import { useEffect, useRef } from "preact/hooks";
import { getJson, useAnswer } from "../api";
import type { Functions } from "../contracts";
import { useChosen } from "../request";
import { useNavigation } from "../route";
import { exactly, readable } from "../state";
import { shortName } from "../format";

/** Chooses the functions of a view; without a choice, some that hold most. */
export function PatternField({ what }: { what: string }) {
  const navigation = useNavigation();
  const chosen = useChosen();
  const pattern = navigation.get("pattern") ?? "";
  const field = useRef<HTMLInputElement>(null);
  const functions = useAnswer<Functions>(!pattern && chosen ? chosen.url("functions", {}, ["side"]) : null, getJson);
  useEffect(() => {
    if (field.current) field.current.value = pattern;
    if (!pattern) field.current?.focus();
  }, [pattern]);
  return (
    <div class="pattern">
      <label class="inline-field">
        <span>{what}</span>
        <input
          ref={field}
          type="text"
          aria-label="Pattern"
          spellcheck={false}
          placeholder="a regular expression over names, as main\.work$"
          defaultValue={pattern}
          onKeyDown={(event) => event.key === "Enter" && navigation.set({ pattern: event.currentTarget.value || null })}
        />
      </label>
      {pattern && readable(pattern) !== pattern && <span class="dim">only {readable(pattern)}</span>}
      {!pattern && (
        <ol class="suggestions">
          {(functions.data?.names ?? []).slice(0, 30).map((name) => (
            <li>
              <button type="button" class="link" title={name} onClick={() => navigation.set({ pattern: exactly(name) })}>{shortName(name)}</button>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
