/** Modes of a run as text. */
import type { LawFindings, ModeFindings } from "../../../runtime/measure/mode-findings";

const percent = (share: number | undefined) => (share === undefined ? "" : `${(100 * share).toFixed(1)} %`);

/** Numbers of modes whose shares are told. */
const TOLD = [1, 2, 4, 8, 16, 32, 64, 128];

function shareLines({ noiseFree, plain, values }: LawFindings): string[] {
  const { modes, randomOrder, randomBases, best, principal } = noiseFree ?? plain;
  const head = ["modes", "s", "share", "±", "random order", "random bases", "best bases", "PCA"];
  const rows = TOLD.filter((k) => k <= modes.shares.length).map((k) => [
    `${k}`,
    values[k - 1].toFixed(3),
    percent(modes.shares[k - 1]),
    percent(modes.errors?.[k - 1] ?? undefined),
    percent(randomOrder.shares[k - 1]),
    percent(randomBases.shares[k - 1]),
    percent(best.shares[k - 1]),
    percent(principal.shares[k - 1]),
  ]);
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i].length)));
  return [head, ...rows].map((row) => row.map((cell, i) => cell.padStart(widths[i])).join("  "));
}

/** Shares of chi by law, and what they say. */
export function modesTable({ laws, contexts, tokens, components, agreed }: ModeFindings): string {
  const lines = [
    `chi of ${components} components on ${contexts} contexts × ${tokens} tokens` +
      (agreed === null ? "" : `; chains agree about ${agreed > 0 ? percent(agreed) : "none"} of its variance`),
  ];
  for (const law of laws) {
    lines.push("", `${law.law} law (${law.source}): ${law.loss.toFixed(4)} nats a token`, ...shareLines(law));
    for (const sentence of law.said) lines.push(`- ${sentence}.`);
  }
  return lines.join("\n");
}

/** What the modes of each law hold, a line each, for the end of a run. */
export function modesLines({ laws }: ModeFindings): string {
  return laws.map(({ law, said }) => `modes of the ${law} law: ${said.slice(0, 2).join(". ")}.\n`).join("");
}
