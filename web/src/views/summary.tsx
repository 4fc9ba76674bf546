// What a profile is, and what holds most of it, at a glance.

import { getJson, useAnswer, endpoint } from "../api";
import type { Functions, ProfileAbout } from "../contracts";
import { amount, change, growth, moment, nanoseconds, percent, plural, sampleName, shortName } from "../format";
import { Answered } from "../parts/parts";
import { useFunctionMenu } from "../actions";
import { useNavigation } from "../route";

const ROWS = 8;

export function Summary({ profile, isBrief = false }: { profile: ProfileAbout; isBrief?: boolean }) {
  const navigation = useNavigation();
  const openMenu = useFunctionMenu();
  const answer = useAnswer<Functions>(endpoint("functions", [["profile", profile.name], ["limit", "2000"]]), getJson);
  const type = profile.sample_types[profile.default];
  const base = profile.base?.[profile.default];
  if (!type) return null;
  const facts = [
    plural(profile.samples, "sample"),
    profile.time_unix_nanos ? moment(profile.time_unix_nanos) : "",
    profile.duration_nanos ? `over ${nanoseconds(profile.duration_nanos)}` : "",
    profile.origin,
  ].filter(Boolean);
  const open = (view: string, changes: Record<string, string> = {}) => navigation.go(view, { profile: profile.name, sample_index: null, ...changes });
  return (
    <section class="card summary">
      <header class="summary-head">
        <h3>
          <b>{amount(type.total, type.unit)}</b> {sampleName(type.name)} <span class="dim">{profile.name}</span>
          {base && <span class={type.total < base.total ? "shrank" : "grew"}> {change(type.total - base.total, type.unit)} ({growth(base.total, type.total)})</span>}
        </h3>
        <span class="spacer" />
        <button type="button" class="primary" onClick={() => open("flame")}>Flame graph</button>
        <button type="button" onClick={() => open("top")}>All functions</button>
      </header>
      <p class="facts">{facts.map((fact) => <span>{fact}</span>)}</p>
      {!isBrief && (
        <p class="types">
          {profile.sample_types.map((other) => (
            <button type="button" class="quiet" onClick={() => open("flame", { sample_index: other.name })}>
              {sampleName(other.name)} <b>{amount(other.total, other.unit)}</b>
            </button>
          ))}
        </p>
      )}
      <Answered answer={answer}>
        {(functions) => {
          const column = functions.selected;
          const flat = functions.flat[column] ?? [];
          const cum = functions.cum[column] ?? [];
          const rows = functions.names.map((_, row) => row).filter((row) => flat[row] !== 0);
          rows.sort((a, b) => Math.abs(flat[b] ?? 0) - Math.abs(flat[a] ?? 0));
          return (
            <table class="sites">
              <tbody>
                {rows.slice(0, isBrief ? 5 : ROWS).map((row) => {
                  const name = functions.names[row] ?? "";
                  return (
                    <tr onContextMenu={(event) => openMenu(event, name)}>
                      <td class="number">{amount(flat[row] ?? 0, type.unit)}</td>
                      <td class="number share">
                        <span class="bar" style={{ "--share": Math.min(1, Math.abs(flat[row] ?? 0) / (type.total || 1)) }} />
                        <span>{percent(flat[row] ?? 0, type.total)}</span>
                      </td>
                      <td class="number dim">{amount(cum[row] ?? 0, type.unit)} cum</td>
                      <td class="name"><button type="button" class="link" title={name} onClick={() => open("flame", { pivot: name })}>{shortName(name)}</button></td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          );
        }}
      </Answered>
    </section>
  );
}
