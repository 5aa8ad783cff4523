import type { ScoreRow } from "../../../runtime/measure/report-data";

/** Heads of what a row was drawn with: chains x draws, nats, reliability of halves. */
export const DRAWN_HEAD = ["draws", "rise", "halves"].map((text) => text.padStart(7)).join(" ");

/** What the columns of `DRAWN_HEAD` mean. */
export const DRAWN_NOTE =
  "draws: chains x draws of each; rise: mean over components, nats; halves: median correlation that two equal runs would have";

/** The same of a row; empty of what comes from no draws. */
export function drawnCells({ drawn }: Pick<ScoreRow, "drawn">): string {
  const number = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(3));
  const cells = drawn
    ? [`${drawn.chains}x${drawn.draws}`, number(drawn.meanRise), number(drawn.reliability)]
    : ["-", "-", "-"];
  return cells.map((text) => text.padStart(7)).join(" ");
}
