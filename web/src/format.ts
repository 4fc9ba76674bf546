// Numbers as fathom writes them: binary units, three digits that count.

const BYTES = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
const NUMBERS = new Intl.NumberFormat("en-US");

/** Three digits that count: 1.12, 53.4, 621. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  if (size >= 9.995) return value.toFixed(1);
  return value.toFixed(2);
}

export function bytes(value: number): string {
  let size = Math.abs(value);
  let unit = 0;
  // 1023.6 kB is written as 1.00 MB.
  while (size >= 999.5 && unit < BYTES.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const text = unit === 0 ? String(size) : digits(size);
  return `${value < 0 ? "−" : ""}${text} ${BYTES[unit]}`;
}

export function nanoseconds(value: number): string {
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  const of = (unit: number, name: string) => `${sign}${digits(size / unit)} ${name}`;
  if (size === 0) return "0 s";
  if (size < 999.5) return of(1, "ns");
  if (size < 999.5e3) return of(1e3, "µs");
  if (size < 999.5e6) return of(1e6, "ms");
  if (size < 600e9) return of(1e9, "s");
  if (size < 600 * 60e9) return of(60e9, "min");
  return of(3600e9, "h");
}

export function count(value: number): string {
  return NUMBERS.format(value).replace("-", "−");
}

const TIMES: Record<string, number> = { nanoseconds: 1, ns: 1, microseconds: 1e3, us: 1e3, milliseconds: 1e6, ms: 1e6, seconds: 1e9, s: 1e9 };

/** A value in the unit of its profile. */
export function amount(value: number, unit: string): string {
  if (unit === "bytes" || unit === "B") return bytes(value);
  const time = TIMES[unit];
  if (time !== undefined) return nanoseconds(value * time);
  return unit === "count" || unit === "" ? count(value) : `${count(value)} ${unit}`;
}

/** A change with its sign. */
export function change(value: number, unit: string): string {
  return value > 0 ? `+${amount(value, unit)}` : amount(value, unit);
}

export function percent(part: number, whole: number): string {
  if (whole === 0) return part === 0 ? "0 %" : "–";
  return percentage((part / whole) * 100);
}

export function percentage(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0 %";
  if (size < 0.05) return value < 0 ? "−0.0 %" : "<0.1 %";
  return `${value < 0 ? "−" : ""}${size >= 99.95 ? Math.round(size) : size.toFixed(1)} %`;
}

/** How much something grew, as a factor of what it was. */
export function growth(before: number, now: number): string {
  if (before === 0) return now === 0 ? "same" : "new";
  if (now === 0) return "gone";
  return change_percent(((now - before) / Math.abs(before)) * 100);
}

function change_percent(value: number): string {
  if (Math.abs(value) < 0.05) return "same";
  return value > 999 ? `×${value > 99900 ? count(Math.round(value / 100 + 1)) : digits(value / 100 + 1)}` : `${value > 0 ? "+" : ""}${percentage(value)}`;
}

export function moment(unixNanos: number): string {
  return new Date(unixNanos / 1e6).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** A plural with its number. */
export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** The name of a sample type as people say it. */
export function sampleName(name: string): string {
  return name.replace(/_/g, " ");
}

/** A function's name without the directories of its package. */
export function shortName(name: string): string {
  const bracket = name.search(/[[(<]/);
  const plain = bracket < 0 ? name : name.slice(0, bracket);
  const slash = plain.lastIndexOf("/");
  return slash < 0 ? name : name.slice(slash + 1);
}
