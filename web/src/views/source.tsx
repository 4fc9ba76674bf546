// Source lines with what they cost.

import { getJson, useAnswer } from "../api";
import type { Listing } from "../contracts";
import { amount, percentage } from "../format";
import { Answered, Notes } from "../parts/parts";
import { useChosen } from "../request";
import { useNavigation } from "../route";
import { exactly } from "../state";
import { CostCells, mostOf } from "./code";
import { PatternField } from "./pattern";

export function Source() {
  const chosen = useChosen();
  const pattern = useNavigation().get("pattern");
  const answer = useAnswer<Listing>(chosen && pattern ? chosen.url("list", { pattern }) : null, getJson);
  return (
    <>
      <PatternField what="Source of" />
      {pattern && <Answered answer={answer}>{(listing) => <Functions listing={listing} />}</Answered>}
    </>
  );
}

function Functions({ listing }: { listing: Listing }) {
  const navigation = useNavigation();
  const unit = listing.heading.sample_unit;
  return (
    <div class="code-view">
      <Notes notes={listing.notes} />
      {listing.functions.map((fn) =>
        fn.files.map((file) => {
          const most = mostOf(file.lines);
          return (
            <section class="card">
              <header class="code-head">
                <h3>{fn.name}</h3>
                <span class="dim">{file.file}</span>
                <span class="spacer" />
                <span>flat <b>{amount(file.flat, unit)}</b>, cum <b>{amount(file.cum, unit)}</b> <span class="dim">{percentage(file.cum_percent)}</span></span>
                <button type="button" class="quiet" onClick={() => navigation.go("disasm", { pattern: exactly(fn.name) })}>Assembly</button>
              </header>
              {file.missing && <p class="hint">The source is not there: {file.missing}. Give fathom open --source-path the directory of the module.</p>}
              <table class="code">
                <thead><tr><th class="number">flat</th><th class="number">cum</th><th class="number">line</th><th /></tr></thead>
                <tbody>
                  {file.lines.map((line) => (
                    <tr class={line.cum !== 0 ? "hot" : ""}>
                      <CostCells flat={line.flat} cum={line.cum} most={most} unit={unit} />
                      <td class="number line-number">{line.line || ""}</td>
                      <td class="source">{line.source ?? ""}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          );
        }),
      )}
    </div>
  );
}
