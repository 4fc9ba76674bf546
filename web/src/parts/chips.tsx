// The options that are not at their defaults, each to be changed or taken away.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { OptionAbout } from "../contracts";
import { useSubject } from "../request";
import { useNavigation } from "../route";
import { readable } from "../state";

// These have controls of their own.
const ELSEWHERE = new Set(["sample_index"]);

export function Chips() {
  const subject = useSubject();
  const navigation = useNavigation();
  const [edited, setEdited] = useState<string | null>(null);
  const set = subject.options.filter((option) => navigation.get(option.name) !== null && !ELSEWHERE.has(option.name));
  const pivot = navigation.get("pivot");
  return (
    <div class="chips" role="group" aria-label="Filters">
      {pivot && navigation.view === "flame" && (
        <Chip name="around" value={pivot} title="Callers and callees of this function" remove={() => navigation.set({ pivot: null })} />
      )}
      {set.map((option) => {
        const value = navigation.get(option.name) ?? "";
        if (edited === option.name) return <Editor key={option.name} option={option} value={value} close={() => setEdited(null)} />;
        return (
          <Chip
            key={option.name}
            name={option.name}
            value={option.kind === "text" ? readable(value) : value}
            title={`${option.summary}: ${value}`}
            edit={() => setEdited(option.name)}
            remove={() => navigation.set({ [option.name]: null })}
          />
        );
      })}
      <Adder add={(name) => setEdited(name)} />
      {edited !== null && !set.some((option) => option.name === edited) && (
        <NewOption name={edited} close={() => setEdited(null)} />
      )}
      {set.length > 1 && (
        <button type="button" class="quiet" onClick={() => navigation.set(Object.fromEntries(set.map((option) => [option.name, null])))}>
          Remove all
        </button>
      )}
    </div>
  );
}

interface ChipProps {
  name: string;
  value: string;
  title: string;
  edit?: () => void;
  remove(): void;
}

function Chip({ name, value, title, edit, remove }: ChipProps) {
  return (
    <span class="chip" title={title}>
      <button type="button" class="chip-text" onClick={edit} disabled={!edit}>
        <span class="chip-name">{name.replace(/_/g, " ")}</span> {value}
      </button>
      <button type="button" class="chip-remove" aria-label={`Remove ${name}`} onClick={remove}>×</button>
    </span>
  );
}

function Adder({ add }: { add(name: string): void }) {
  const subject = useSubject();
  const navigation = useNavigation();
  const groups = [...new Set(subject.options.map((option) => option.group))];
  const addOption = (name: string) => {
    const option = subject.options.find((known) => known.name === name);
    if (option?.kind === "flag") navigation.set({ [name]: option.default === "true" ? "false" : "true" });
    else add(name);
  };
  return (
    <select
      class="adder"
      aria-label="Add a filter or option"
      value=""
      onChange={(event) => {
        addOption(event.currentTarget.value);
        event.currentTarget.value = "";
      }}
    >
      <option value="">Filter…</option>
      {groups.map((group) => (
        <optgroup label={group}>
          {subject.options
            .filter((option) => option.group === group && !ELSEWHERE.has(option.name))
            .map((option) => (
              <option value={option.name}>{`${option.name.replace(/_/g, " ")}: ${option.summary}`}</option>
            ))}
        </optgroup>
      ))}
    </select>
  );
}

function NewOption({ name, close }: { name: string; close(): void }) {
  const option = useSubject().options.find((known) => known.name === name);
  return option ? <Editor option={option} value="" close={close} /> : null;
}

function Editor({ option, value, close }: { option: OptionAbout; value: string; close(): void }) {
  const navigation = useNavigation();
  const field = useRef<HTMLInputElement & HTMLSelectElement>(null);
  useLayoutEffect(() => {
    field.current?.focus();
  }, []);
  const put = (text: string) => {
    navigation.set({ [option.name]: text === option.default ? null : text });
    close();
  };
  const common = {
    ref: field,
    "aria-label": option.name,
    title: `${option.summary}. ${option.detail}`,
    onBlur: close,
  };
  if (option.kind === "choice") {
    return (
      <label class="chip editing">
        <span class="chip-name">{option.name.replace(/_/g, " ")}</span>
        <select {...common} value={value || option.default} onChange={(event) => put(event.currentTarget.value)}>
          <option value="" />
          {option.choices.map((choice) => <option value={choice}>{choice}</option>)}
        </select>
      </label>
    );
  }
  return (
    <label class="chip editing">
      <span class="chip-name">{option.name.replace(/_/g, " ")}</span>
      <input
        {...common}
        type="text"
        spellcheck={false}
        defaultValue={value}
        placeholder={option.kind === "text" ? "regular expression" : option.default}
        onKeyDown={(event) => {
          if (event.key === "Enter") put(event.currentTarget.value);
          else if (event.key === "Escape") close();
        }}
      />
    </label>
  );
}
