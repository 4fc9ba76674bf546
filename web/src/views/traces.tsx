// Whole stacks, the largest first.

import { useFunctionMenu } from "../actions";
import { getJson, useAnswer } from "../api";
import type { Traces as Answered_ } from "../contracts";
import { amount, percent, plural } from "../format";
import { Answered, Empty, Notes } from "../parts/parts";
import { useChosen } from "../request";
import { useNavigation } from "../route";

// More of them are not read at one go.
const SHOWN = 200;

export function Traces() {
  const chosen = useChosen();
  const navigation = useNavigation();
  const openMenu = useFunctionMenu();
  const answer = useAnswer<Answered_>(chosen ? chosen.url("traces") : null, getJson);
  if (!chosen) return null;
  const find = (navigation.get("find") ?? "").toLowerCase();
  return (
    <Answered answer={answer}>
      {(view) => {
        const unit = view.heading.sample_unit;
        const matching = view.traces.filter((trace) => !find || trace.frames.some((frame) => frame.name.toLowerCase().includes(find)));
        const shown = matching.slice(0, SHOWN);
        const notes = [...view.notes];
        if (matching.length > SHOWN) notes.push(`The ${SHOWN} largest of ${plural(matching.length, "stack")}; a search or a filter finds others`);
        return (
          <div class="traces">
            <Notes notes={notes} />
            {shown.length === 0 && <Empty>No stack to show.</Empty>}
            {shown.map((trace) => (
              <section class="trace">
                <div class="trace-value">
                  <b>{amount(trace.value, unit)}</b>
                  <span class="dim">{percent(trace.value, chosen.sampleType.total)}</span>
                  {trace.labels.map(([key, value]) => <span class="badge" title={`${key}: ${value}`}>{key}: {value}</span>)}
                </div>
                <ol class="stack">
                  {trace.frames.map((frame) => (
                    <li class={find && frame.name.toLowerCase().includes(find) ? "match" : ""} onContextMenu={(event) => openMenu(event, frame.name)}>
                      <button type="button" class="link" onClick={() => navigation.go("flame", { pivot: frame.name })}>{frame.name}</button>
                      {frame.inline && <span class="badge">inlined</span>}
                    </li>
                  ))}
                </ol>
              </section>
            ))}
          </div>
        );
      }}
    </Answered>
  );
}
