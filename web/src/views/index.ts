// The views: one module each, listed once with its key.

import type { ComponentType } from "preact";
import type { Subject } from "../contracts";
import { Fleet } from "../history/fleet";
import { GrowthView } from "../history/growth";
import { TargetView } from "../history/target";
import { Disasm } from "./disasm";
import { Explain } from "./explain";
import { FlameView } from "./flame";
import { GoroutinesView } from "./goroutines";
import { Graph } from "./graph";
import { MemoryView } from "./memory";
import { Peek } from "./peek";
import { Source } from "./source";
import { Tags } from "./tags";
import { Top } from "./top";
import { Traces } from "./traces";
import { TreeView } from "./tree";

export interface View {
  /** Its path. */
  name: string;
  label: string;
  key: string;
  what: string;
  component: ComponentType;
  /** Whether it shows something without a profile; then it is not about one. */
  needsNoProfile?: boolean;
  /** Whether it shows a history; then it is there only with one. */
  isPast?: boolean;
}

const ALL: View[] = [
  { name: "fleet", label: "Fleet", key: "f", what: "All processes that are recorded", component: Fleet, needsNoProfile: true, isPast: true },
  { name: "target", label: "Curves", key: "h", what: "The curves of one process over time", component: TargetView, needsNoProfile: true, isPast: true },
  { name: "growth", label: "Growth", key: "w", what: "What grows, how fast, and which line does it", component: GrowthView, needsNoProfile: true, isPast: true },
  { name: "explain", label: "Explain", key: "1", what: "What was found, and where every byte is", component: Explain, needsNoProfile: true },
  { name: "flame", label: "Flame", key: "2", what: "Stacks, as wide as what they hold", component: FlameView },
  { name: "top", label: "Top", key: "3", what: "Functions in every sample type", component: Top },
  { name: "graph", label: "Graph", key: "4", what: "The call graph", component: Graph },
  { name: "peek", label: "Peek", key: "5", what: "Callers and callees of matching functions", component: Peek },
  { name: "tree", label: "Tree", key: "6", what: "Every function with its callers and callees", component: TreeView },
  { name: "traces", label: "Traces", key: "7", what: "Whole stacks, the largest first", component: Traces },
  { name: "tags", label: "Tags", key: "8", what: "Labels and their values", component: Tags },
  { name: "source", label: "Source", key: "9", what: "Source lines with what they cost", component: Source },
  { name: "disasm", label: "Assembly", key: "0", what: "Instructions with what they cost", component: Disasm },
  { name: "goroutines", label: "Goroutines", key: "g", what: "Goroutines by stack and state, what may be a leak first", component: GoroutinesView, needsNoProfile: true },
  { name: "memory", label: "Memory map", key: "m", what: "The address space, and what of it is resident", component: MemoryView, needsNoProfile: true },
];

/** The views of a subject. */
export function viewsOf(subject: Subject): View[] {
  const hasOne = subject.has_explanation || subject.has_goroutines || subject.has_memory_map;
  return ALL.filter((view) => (view.isPast ? subject.has_history : hasOne || !view.needsNoProfile || !subject.has_history));
}

/** The view of a path; at the root the first one that has something to show. */
export function viewOf(name: string, subject: Subject): View | undefined {
  const wanted = name === "" ? firstOf(subject) : name;
  return viewsOf(subject).find((view) => view.name === wanted);
}

function firstOf(subject: Subject): string {
  if (subject.has_history) return "fleet";
  if (subject.has_explanation || subject.profiles.length > 0) return "explain";
  return subject.has_goroutines ? "goroutines" : "memory";
}
