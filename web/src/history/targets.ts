// Which processes there are, and which of them the address names.

import { useEffect, useState } from "preact/hooks";
import { getFresh, type Problem } from "../api";
import { useNavigation } from "../route";
import type { Target, Targets } from "./contracts";
import { useStored } from "./time";

/** The targets, asked for again whenever something was stored. */
export function useTargets(): { targets: Targets | null; problem: Problem | null } {
  const stored = useStored();
  const [targets, setTargets] = useState<Targets | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    let isWanted = true;
    getFresh<Targets>("api/v1/history/targets").then(
      (told) => isWanted && (setTargets(told), setProblem(null)),
      (told: Problem) => isWanted && setProblem(told),
    );
    return () => {
      isWanted = false;
    };
  }, [stored]);
  return { targets, problem };
}

/** The target that the address names, or the only one. */
export function useTarget(): { target: Target | null; all: Target[]; problem: Problem | null } {
  const navigation = useNavigation();
  const { targets, problem } = useTargets();
  const all = targets?.targets ?? [];
  const wanted = navigation.get("target");
  return { target: all.find((known) => known.id === wanted) ?? (wanted ? null : (all[0] ?? null)), all, problem };
}
