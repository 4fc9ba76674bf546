// Functions with their callers above and their callees below.

import { useFunctionMenu } from "../actions";
import { getJson, useAnswer } from "../api";
import type { Call, Tree, TreeEntry } from "../contracts";
import { amount, percent, percentage, plural } from "../format";
import { Answered, Empty, Notes } from "../parts/parts";
import { useChosen } from "../request";
import { useNavigation } from "../route";
import { exactly } from "../state";

export function TreeView() {
  const chosen = useChosen();
  const answer = useAnswer<Tree>(chosen ? chosen.url("tree") : null, getJson);
  return <Answered answer={answer}>{(tree) => <Entries tree={tree} />}</Answered>;
}

export function Entries({ tree }: { tree: Tree }) {
  const navigation = useNavigation();
  const find = (navigation.get("find") ?? "").toLowerCase();
  const entries = tree.entries.filter((entry) => !find || entry.name.toLowerCase().includes(find));
  const { hidden, heading } = tree;
  const notes = [...tree.notes];
  const rows = hidden.small_rows + hidden.further_rows;
  if (rows > 0) notes.push(`${plural(rows, "function")} not shown, ${amount(hidden.small_flat + hidden.further_flat, heading.sample_unit)} (${percent(hidden.small_flat + hidden.further_flat, tree.total)}) by themselves: they are small, or beyond nodecount`);
  return (
    <div class="entries">
      <Notes notes={notes} />
      {entries.length === 0 && <Empty>Nothing to show{find && ` for ${find}`}.</Empty>}
      {entries.map((entry) => <Entry key={entry.name} entry={entry} tree={tree} />)}
    </div>
  );
}

function Entry({ entry, tree }: { entry: TreeEntry; tree: Tree }) {
  const unit = tree.heading.sample_unit;
  const openMenu = useFunctionMenu();
  return (
    <section class="entry">
      <Calls calls={entry.callers} of={entry.cum} unit={unit} word="called by" />
      <div class="entry-head" onContextMenu={(event) => openMenu(event, entry.name)}>
        <h3 title={entry.name}>{entry.name}</h3>
        <span class="figure"><span class="figure-label">flat</span> {amount(entry.flat, unit)} <span class="dim">{percentage(entry.flat_percent)}</span></span>
        <span class="figure strong"><span class="figure-label">cum</span> {amount(entry.cum, unit)} <span class="dim">{percentage(entry.cum_percent)}</span></span>
      </div>
      <Calls calls={entry.callees} of={entry.cum} unit={unit} word="calls" />
    </section>
  );
}

function Calls({ calls, of, unit, word }: { calls: Call[]; of: number; unit: string; word: string }) {
  const navigation = useNavigation();
  const openMenu = useFunctionMenu();
  if (calls.length === 0) return null;
  const sorted = [...calls].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  return (
    <table class={`calls ${word === "calls" ? "callees" : "callers"}`}>
      <tbody>
        {sorted.map((call) => (
          <tr onContextMenu={(event) => openMenu(event, call.name)}>
            <td class="number">{amount(call.weight, unit)}</td>
            <td class="number share">
              <span class="bar" style={{ "--share": Math.min(1, Math.abs(of === 0 ? 0 : call.weight / of)) }} />
              <span>{percent(call.weight, of)}</span>
            </td>
            <td class="dim word">{word}</td>
            <td class="name">
              <button type="button" class="link" title={call.name} onClick={() => navigation.go("peek", { pattern: exactly(call.name) })}>{call.name}</button>
              {call.inline && <span class="badge">inlined</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
