// The choice of a range of time.

import { useNavigation } from "../route";
import { clock, LENGTHS, type Range } from "./time";

export function RangeBar({ range, started }: { range: Range; started: number | null }) {
  const navigation = useNavigation();
  const last = navigation.get("from") ? null : (navigation.get("last") ?? "1h");
  return (
    <>
      <div class="segments small" role="radiogroup" aria-label="Range">
        {[...LENGTHS.map(([name]) => name), "all"].map((name) => (
          <button type="button" role="radio" aria-checked={last === name} onClick={() => navigation.set({ last: name === "1h" ? null : name, from: null, to: null })}>{name}</button>
        ))}
      </div>
      <span class="dim">
        {clock(range.from)} to {clock(range.to)}
        {!range.isLive && <> · <button type="button" class="quiet" onClick={() => navigation.set({ from: null, to: null })}>latest</button></>}
        {range.isLive && started ? ` · started ${clock(started)}` : ""}
      </span>
    </>
  );
}
