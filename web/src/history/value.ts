// Numbers as plots and tables of a history show them.

import { amount } from "../format";

/** A value with its unit. */
export function shownValue(value: number, unit: string): string {
  if (unit === "bytes") return amount(Math.round(value), "bytes");
  if (unit === "seconds") return amount(Math.round(value * 1e9), "nanoseconds");
  if (unit === "fraction") return `${(value * 100).toFixed(value < 0.1 ? 2 : 0)} %`;
  if (unit === "percent") return `${value.toFixed(1)} %`;
  const digits = Math.abs(value) < 10 && !Number.isInteger(value) ? 2 : 0;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits }).replace(/,/g, "\u202f");
}
