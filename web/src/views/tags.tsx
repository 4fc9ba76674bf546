// Labels and their values; a value is a filter.

import { getJson, useAnswer } from "../api";
import type { Tags as Labels } from "../contracts";
import { amount } from "../format";
import { Answered, Cell, Empty, Notes } from "../parts/parts";
import { useChosen } from "../request";
import { useNavigation } from "../route";
import { escaped } from "../state";

export function Tags() {
  const chosen = useChosen();
  const navigation = useNavigation();
  const answer = useAnswer<Labels>(chosen ? chosen.url("tags") : null, getJson);
  if (!chosen) return null;
  const unit = chosen.sampleType.unit;
  // Numbers of a label are ranges, words are patterns.
  const only = (key: string, value: string) => navigation.go("flame", { tagfocus: /^[\d.]+[a-zA-Z]*$/.test(value) ? `${key}=${value}` : `${key}=^${escaped(value)}$` });
  return (
    <Answered answer={answer}>
      {(tags) => (
        <div class="tags">
          <Notes notes={tags.notes} />
          {tags.keys.length === 0 && <Empty>No sample has a label. In Go, pprof.Do and pprof.SetGoroutineLabels set them.</Empty>}
          {tags.keys.map((key) => (
            <section class="card">
              <h3>{key.key} <span class="dim">{amount(key.total, unit)}</span></h3>
              <table>
                <tbody>
                  {key.values.map((value) => (
                    <tr>
                      <Cell value={value.flat} total={key.total} unit={unit} />
                      <td class="name"><button type="button" class="link" title="Only these" onClick={() => only(key.key, value.value)}>{value.value}</button></td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </section>
          ))}
        </div>
      )}
    </Answered>
  );
}
