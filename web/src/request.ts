// From the address of the page to the addresses of the API.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { endpoint } from "./api";
import type { ProfileAbout, SampleType, Subject } from "./contracts";
import { useNavigation, type Navigation } from "./route";

const Context = createContext<Subject | null>(null);
export const SubjectProvider = Context.Provider;

export interface Chosen {
  subject: Subject;
  profile: ProfileAbout;
  /** The number of the sample type that is shown. */
  column: number;
  sampleType: SampleType;
  /** What it is compared with. */
  base: ProfileAbout | null;
  isCompared: boolean;
  /** The address of an endpoint under the options of the page. */
  url(path: string, further?: Record<string, string>, without?: string[]): string;
}

export function useSubject(): Subject {
  const subject = useContext(Context);
  if (!subject) throw new Error("no subject");
  return subject;
}

/** The profile and sample type that the address chooses; null where there is no profile. */
export function useChosen(): Chosen | null {
  return choose(useSubject(), useNavigation());
}

/** What a profile is called beside others. */
export function called(subject: Subject, profile: ProfileAbout): string {
  const isOneOfMany = subject.profiles.filter((known) => known.role === "loaded").length > 1;
  if (profile.role === "dropped") return profile.name;
  if (profile.role === "loaded") return isOneOfMany ? `${subject.title} ${profile.name}` : subject.title;
  return isOneOfMany ? `${subject.base_title} ${profile.name.replace(/^base\//, "")}` : subject.base_title;
}

export function choose(subject: Subject, navigation: Navigation): Chosen | null {
  const name = navigation.get("profile");
  const profile = subject.profiles.find((known) => known.name === name) ?? subject.profiles[0];
  if (!profile) return null;
  const baseName = navigation.get("base") ?? profile.base_name;
  const base = subject.profiles.find((known) => known.name === baseName) ?? null;
  const wanted = navigation.get("sample_index");
  const named = profile.sample_types.findIndex((type, place) => type.name === wanted || String(place) === wanted);
  const column = named >= 0 ? named : profile.default;
  const sampleType = profile.sample_types[column] ?? { name: "", unit: "", total: 0 };
  const isOption = new Set(subject.options.map((option) => option.name));
  const url = (path: string, further: Record<string, string> = {}, without: string[] = []) => {
    const params: Record<string, string> = {};
    for (const [option, value] of navigation.params) {
      if ((isOption.has(option) || option === "profile" || option === "base" || option === "side") && !without.includes(option)) {
        params[option] = value;
      }
    }
    return endpoint(path, Object.entries({ ...params, ...further }));
  };
  return { subject, profile, column, sampleType, base, isCompared: base !== null, url };
}
