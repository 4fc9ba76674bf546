// What source lines and instructions share.

import { amount } from "../format";

/** A line's flat and cum, with the strength of its share of the heaviest line. */
export function CostCells({ flat, cum, most, unit }: { flat: number; cum: number; most: number; unit: string }) {
  const heat = most === 0 ? 0 : Math.min(1, Math.abs(cum) / most);
  return (
    <>
      <td class="number cost">{flat === 0 ? <span class="zero">·</span> : amount(flat, unit)}</td>
      <td class="number cost">
        <span class="heat" style={{ opacity: heat === 0 ? 0 : 0.15 + heat * 0.85 }} />
        {cum === 0 ? <span class="zero">·</span> : amount(cum, unit)}
      </td>
    </>
  );
}

export const mostOf = (rows: { cum: number }[]): number => rows.reduce((most, row) => Math.max(most, Math.abs(row.cum)), 0);
