// What the API answers, as far as it is drawn.

export interface SampleType {
  name: string;
  unit: string;
  total: number;
}

export interface ProfileAbout {
  name: string;
  origin: string;
  samples: number;
  sample_types: SampleType[];
  default: number;
  base: SampleType[] | null;
  /** The name by which its earlier state can be chosen. */
  base_name: string | null;
  role: "loaded" | "base" | "dropped";
  time_unix_nanos: number;
  duration_nanos: number;
  has_labels: boolean;
}

export interface OptionAbout {
  name: string;
  summary: string;
  detail: string;
  group: string;
  kind: "flag" | "number" | "real" | "text" | "choice";
  default: string;
  choices: string[];
}

export interface Subject {
  state: "loading" | "ready";
  title: string;
  base_title: string;
  version: string;
  has_explanation: boolean;
  has_difference: boolean;
  has_goroutines: boolean;
  has_memory_map: boolean;
  has_history: boolean;
  profiles: ProfileAbout[];
  options: OptionAbout[];
  notes: string[];
  /** The most bytes of a file that can be dropped; 0 where none can. */
  most_dropped_bytes: number;
}

export interface Heading {
  file: string;
  build_id: string;
  comments: string[];
  sample_type: string;
  sample_unit: string;
  time_unix_nanos: number | null;
  duration_nanos: number | null;
}

export interface Functions {
  heading: Heading;
  filters: string[];
  selected: number;
  sample_types: SampleType[];
  names: string[];
  handles: (string | null)[];
  flat: number[][];
  cum: number[][];
  base_flat: number[][];
  base_cum: number[][];
  left_out: number;
  notes: string[];
}

export interface Head {
  heading: Heading;
  filters: string[];
  total: number;
  shown: number;
  hidden: { small_rows: number; small_flat: number; further_rows: number; further_flat: number };
  notes: string[];
}

export interface Call {
  name: string;
  weight: number;
  inline: boolean;
}

export interface TreeEntry {
  name: string;
  flat: number;
  flat_percent: number;
  cum: number;
  cum_percent: number;
  callers: Call[];
  callees: Call[];
}

export interface Tree extends Head {
  entries: TreeEntry[];
}

export interface Traces {
  heading: Heading;
  notes: string[];
  traces: { value: number; labels: [string, string][]; frames: { name: string; inline: boolean }[] }[];
}

export interface Tags {
  unit: string;
  total: number;
  notes: string[];
  keys: { key: string; total: number; values: { value: string; flat: number }[] }[];
}

export interface Listing {
  heading: Heading;
  total: number;
  notes: string[];
  functions: {
    name: string;
    files: {
      file: string;
      flat: number;
      cum: number;
      cum_percent: number;
      missing: string | null;
      lines: { line: number; flat: number; cum: number; source: string | null }[];
    }[];
  }[];
}

export interface Disassembly {
  heading: Heading;
  total: number;
  notes: string[];
  routines: {
    name: string;
    binary: string;
    start: number;
    flat: number;
    cum: number;
    cum_percent: number;
    instructions: { address: number; text: string; flat: number; cum: number; file: string; line: number; function: string }[];
  }[];
}

export interface Evidence {
  name: string;
  value: number | string;
  unit: string;
  artefact: string;
}

export interface Finding {
  id: string;
  severity: "info" | "warning" | "critical";
  bytes: number;
  confidence: string;
  title: string;
  detail: string;
  evidence: Evidence[];
  action: string;
  verify: string;
}

export interface LedgerRow {
  id: string;
  parent: string | null;
  label: string;
  bytes: number;
  low_bytes: number;
  high_bytes: number;
  basis: string;
  class: string;
}

export interface Reconciliation {
  id: string;
  left: { name: string; bytes: number };
  right: { name: string; bytes: number };
  gap_bytes: number;
  causes: { id: string; label: string; bytes: number; basis: string }[];
  unexplained_bytes: number;
  note: string;
}

export interface Explanation {
  target: {
    pid: number | null;
    url: string | null;
    host: string | null;
    exe: string | null;
    go_version: string | null;
    main_module: string | null;
    goroutines: number | null;
    threads: number | null;
    taken_at_unix_nanos: number | null;
    remote: boolean;
  };
  totals: Record<string, number | null>;
  ledger: LedgerRow[];
  beside: { id: string; label: string; bytes: number; note: string }[];
  reconciliations: Reconciliation[];
  findings: Finding[];
  sites: { place: string; allocated_by: string; bytes: number; low_bytes: number; high_bytes: number; objects: number }[];
  missing: { what: string; why: string; hint: string | null }[];
}

export interface Difference {
  delta_bytes: number;
  before_totals: Record<string, number | null>;
  after_totals: Record<string, number | null>;
  ledger: { id: string; parent: string | null; label: string; before_bytes: number; after_bytes: number; delta_bytes: number; class: string }[];
  changes: { id: string; fate: string; before_bytes: number | null; after_bytes: number | null; title: string }[];
  findings: Finding[];
  notes: string[];
}

export interface GoroutineGroup {
  count: number;
  base_count: number | null;
  state: string;
  /** The shortest, the middle and the longest wait. */
  minutes: [number, number, number] | null;
  waits: { from_minutes: number; count: number }[];
  locked: number;
  leaked: number;
  suspicion: string | null;
  /** The innermost call first, as `function file:line`. */
  stack: string[];
  /** After how many frames some are missing, and how many if known. */
  elided: [number, number | null] | null;
  created_by: string | null;
  labels: [string, string][];
  ids: number[];
}

export interface Goroutines {
  source: string;
  form: "dump" | "profile";
  total: number;
  base_total: number | null;
  leaked: number;
  longest_minutes: number | null;
  truncated: boolean;
  crash: string[];
  states: { state: string; count: number; leaked: number; longest_minutes: number | null }[];
  groups: GoroutineGroup[];
  hidden: { groups: number; goroutines: number };
}

export interface MapAmounts {
  mappings: number;
  size_bytes: number;
  resident_bytes: number;
  swapped_bytes: number;
  huge_bytes: number;
  lazily_free_bytes: number;
  private_bytes: number;
}

export interface MapKind {
  id: string;
  label: string;
  class: string;
  amounts: MapAmounts;
}

export interface MapRow {
  /** Hexadecimal digits. */
  start: string;
  end: string;
  kind: string;
  name: string;
  deleted: boolean;
  permissions: string;
  offset: number;
  reserved: boolean;
  amounts: MapAmounts;
}

export interface MemoryMap {
  has_memory: boolean;
  arena_bytes: number;
  total: MapAmounts;
  kinds: MapKind[];
  mappings: MapRow[];
}
