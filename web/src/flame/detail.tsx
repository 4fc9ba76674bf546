// The bar below a flame graph: one frame in every sample type, always in the same place.

import type { ComponentChildren } from "preact";
import { Side } from "../parts/compare";
import { nameOf, type Flame } from "./columns";
import type { Found } from "./find";
import { amount, change, growth, percent, plural, sampleName } from "../format";

interface DetailProps {
  flame: Flame;
  frame: number;
  column: number;
  found: Found | null;
  pattern: string;
  /** Which of the found frames is selected, from 1; 0 for none. */
  at: number;
  step(by: number): void;
}

export function Detail({ flame, frame, column, found, pattern, at, step }: DetailProps) {
  const shown = frame < 0 ? 0 : frame;
  const unit = flame.heading.sample_unit;
  const place = flame.function[shown] ?? 0;
  const value = flame.value[shown] ?? 0;
  const own = flame.own[shown] ?? 0;
  const file = flame.files[place] ?? "";
  return (
    <footer class="detail" aria-live="off">
      <div class="detail-name">
        <b>{shown === 0 ? "everything" : nameOf(flame, shown)}</b>
        {flame.inlined[shown] === 1 && <span class="badge">inlined</span>}
        <span class="dim detail-file"><bdi>{file}</bdi></span>
      </div>
      <div class="detail-numbers">
        {flame.base ? (
          <DifferenceNumbers flame={flame} frame={shown} unit={unit} />
        ) : (
          <>
            <Number label="self" value={amount(own, unit)} share={percent(own, flame.total)} isStrong />
            {flame.values.map((values, type) => {
              const of = flame.sampleTypes[type];
              if (!of) return null;
              return (
                <Number
                  key={of.name}
                  label={sampleName(of.name)}
                  value={amount(values[shown] ?? 0, of.unit)}
                  share={percent(values[shown] ?? 0, of.total)}
                  isStrong={type === column}
                />
              );
            })}
            {flame.values.length === 0 && <Number label="total" value={amount(value, unit)} share={percent(value, flame.total)} isStrong />}
          </>
        )}
      </div>
      {found && (
        <div class="detail-found" role="status">
          {found.frames.length === 0 ? (
            <span>Nothing matches {pattern}</span>
          ) : (
            <>
              <span>
                {plural(found.frames.length, "match", "matches")} hold <b>{percent(found.cum, flame.total)}</b>, {amount(found.cum, unit)}; themselves {percent(found.own, flame.total)}
              </span>
              <button type="button" class="quiet" onClick={() => step(-1)} aria-label="Match before"><kbd>N</kbd></button>
              <span class="number">{at || "–"} / {found.frames.length}</span>
              <button type="button" class="quiet" onClick={() => step(1)} aria-label="Next match"><kbd>n</kbd></button>
            </>
          )}
          {found.error && <span class="dim">{found.error}</span>}
        </div>
      )}
    </footer>
  );
}

function Number({ label, value, share, isStrong }: { label: ComponentChildren; value: string; share: string; isStrong: boolean }) {
  return (
    <span class={isStrong ? "figure strong" : "figure"}>
      <span class="figure-label">{label}</span>
      <span class="figure-value">{value}</span>
      <span class="figure-share">{share}</span>
    </span>
  );
}

function DifferenceNumbers({ flame, frame, unit }: { flame: Flame; frame: number; unit: string }) {
  const now = flame.value[frame] ?? 0;
  const before = flame.base?.[frame] ?? 0;
  const own = flame.own[frame] ?? 0;
  const ownBefore = flame.baseOwn?.[frame] ?? 0;
  return (
    <>
      <Number label={<Side letter="A" />} value={amount(before, unit)} share={percent(before, flame.baseTotal ?? 0)} isStrong={false} />
      <Number label={<Side letter="B" />} value={amount(now, unit)} share={percent(now, flame.total)} isStrong={false} />
      <Number label="B − A" value={change(now - before, unit)} share={growth(before, now)} isStrong />
      <Number label="self" value={change(own - ownBefore, unit)} share={growth(ownBefore, own)} isStrong={false} />
    </>
  );
}
