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
  /** Whether there is an earlier profile. */
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

export function choose(subject: Subject, navigation: Navigation): Chosen | null {
  const name = navigation.get("profile");
  const profile = subject.profiles.find((known) => known.name === name) ?? subject.profiles[0];
  if (!profile) return null;
  const wanted = navigation.get("sample_index");
  const named = profile.sample_types.findIndex((type, place) => type.name === wanted || String(place) === wanted);
  const column = named >= 0 ? named : profile.default;
  const sampleType = profile.sample_types[column] ?? { name: "", unit: "", total: 0 };
  const isOption = new Set(subject.options.map((option) => option.name));
  const url = (path: string, further: Record<string, string> = {}, without: string[] = []) => {
    const params: Record<string, string> = {};
    for (const [option, value] of navigation.params) {
      if ((isOption.has(option) || option === "profile" || option === "side") && !without.includes(option)) {
        params[option] = value;
      }
    }
    return endpoint(path, Object.entries({ ...params, ...further }));
  };
  return { subject, profile, column, sampleType, isCompared: profile.base !== null, url };
}
