// What the API tells of a history.

export type Labels = Record<string, string>;

export interface Latest {
  plot: string;
  line: string;
  unit: string;
  value: number;
}

export interface Run {
  started_ms: number | null;
  first_ms: number;
  last_ms: number;
  build: { version: string | null; id: string | null; go: string | null };
}

export interface Target {
  id: string;
  labels: Labels;
  first_ms: number;
  last_ms: number;
  bytes: number;
  runs: Run[];
  latest: Latest[];
  findings: number;
}

export interface Targets {
  now_ms: number;
  targets: Target[];
  usage: { catalogue: number; blocks: Record<string, number>; artefacts: number };
}

export interface PlotAbout {
  id: string;
  title: string;
  about: string;
  group: string;
  style: "lines" | "stacked" | "heatmap";
  unit: string;
  per_second: boolean;
  lines: { label: string }[];
}

export interface CurveLine {
  label: string;
  mean: (number | null)[];
  min?: (number | null)[];
  max?: (number | null)[];
}

export interface Curves {
  title: string;
  about: string;
  unit: string;
  per_second: boolean;
  style: "lines" | "stacked" | "heatmap";
  from_ms: number;
  to_ms: number;
  step_ms: number;
  times: number[];
  lines: CurveLine[];
  heatmap?: { boundaries: (number | null)[]; rows: number[][] };
}

export interface Mark {
  at_ms: number;
  kind: "gc" | "restart" | "deploy" | "note" | "capture" | "finding";
  text: string;
}

export interface SeriesAbout {
  name: string;
  family: { points?: string; stacks?: string };
  unit: string;
}

export interface Entry {
  kind: string;
  at_ms: number;
  samples: number;
  totals: { sample_type: string; unit: string; value: number }[];
}

export interface Course {
  grows: boolean;
  shape: string;
  first: number;
  last: number;
  per_hour?: { value: number; low: number; high: number };
  checks: { what: string; holds: boolean; value: number; needed: number }[];
}

export interface Finding {
  id: string;
  severity: "info" | "warning" | "critical";
  bytes: number;
  confidence: string;
  title: string;
  detail: string;
  evidence: { name: string; value: number | string; unit: string }[];
  action: string;
  verify: string;
}

/** A finding as it is kept, of one process. */
export interface KeptFinding {
  id: string;
  target_id: string;
  target: Labels;
  first_ms: number;
  last_ms: number;
  holds: boolean;
  payload: Finding;
}

/** A capture that is kept. */
export interface Artefact {
  id: number;
  target_id: string;
  finding: string | null;
  name: string;
  at_ms: number;
  bytes: number;
}

export interface Site {
  place: string;
  allocated_by: string;
  first_bytes: number;
  last_bytes: number;
  growth_bytes: number;
  share: number;
  rate: { bytes_per_hour: number; low: number; high: number };
  bytes: number[];
}

export interface Growth {
  grows: boolean;
  from: number;
  until: number;
  restarts: number;
  resident?: Course;
  parts: ({ part: string; share: number } & Course)[];
  live_heap?: Course;
  goroutines?: Course;
  goroutine_sites: { place: string; first: number; last: number; share: number }[];
  limit?: { bytes: number; seconds: number; soonest: number; latest: number | null };
  heap?: { profiles: number; leaks: boolean; shape: string; sites: Site[]; from_unix_nanos: number; until_unix_nanos: number };
  findings: Finding[];
}
