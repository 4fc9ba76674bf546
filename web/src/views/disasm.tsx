// Instructions with what they cost.

import { getJson, useAnswer } from "../api";
import type { Disassembly } from "../contracts";
import { amount, percentage } from "../format";
import { Answered, Notes } from "../parts/parts";
import { useChosen } from "../request";
import { useNavigation } from "../route";
import { CostCells, mostOf } from "./code";
import { PatternField } from "./pattern";

export function Disasm() {
  const chosen = useChosen();
  const pattern = useNavigation().get("pattern");
  const answer = useAnswer<Disassembly>(chosen && pattern ? chosen.url("disasm", { pattern }) : null, getJson);
  return (
    <>
      <PatternField what="Instructions of" />
      {pattern && <Answered answer={answer}>{(view) => <Routines view={view} />}</Answered>}
    </>
  );
}

function Routines({ view }: { view: Disassembly }) {
  const unit = view.heading.sample_unit;
  return (
    <div class="code-view">
      <Notes notes={view.notes} />
      {view.routines.map((routine) => {
        const most = mostOf(routine.instructions);
        let place = "";
        return (
          <section class="card">
            <header class="code-head">
              <h3>{routine.name}</h3>
              <span class="dim">{routine.binary}</span>
              <span class="spacer" />
              <span>flat <b>{amount(routine.flat, unit)}</b>, cum <b>{amount(routine.cum, unit)}</b> <span class="dim">{percentage(routine.cum_percent)}</span></span>
            </header>
            <table class="code">
              <thead><tr><th class="number">flat</th><th class="number">cum</th><th class="number">address</th><th>instruction</th><th>line</th></tr></thead>
              <tbody>
                {routine.instructions.map((row) => {
                  const here = row.file ? `${row.file.slice(row.file.lastIndexOf("/") + 1)}:${row.line}` : "";
                  const isNew = here !== place;
                  place = here;
                  return (
                    <tr class={row.cum !== 0 ? "hot" : ""}>
                      <CostCells flat={row.flat} cum={row.cum} most={most} unit={unit} />
                      <td class="number line-number">{row.address.toString(16)}</td>
                      <td class="source">{row.text}</td>
                      <td class="dim place" title={row.file}>{isNew ? here : ""}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </section>
        );
      })}
    </div>
  );
}
