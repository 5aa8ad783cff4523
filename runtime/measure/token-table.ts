/** Tokens of a run as a table that any program opens: `tokens.csv`, by RFC 4180. */
import type { TokenInfo } from "./report-data";

const HEAD = ["token", "sequence", "position", "text", "loss", "cluster", "role", "mode"];

/** A field as it stands, in quotes where it has to be: line breaks in a text stay line breaks. */
export function csvField(value: string | number): string {
  const text = String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * One line a probe token, in the order of chi's rows: its number, place, text by the model's tokenizer, loss at w* in nats, cluster
 * (-1: none), and role and mode where they are known.
 * @param labels cluster of each token, [tokens]
 */
export function tokenTable(tokens: readonly TokenInfo[], labels: ArrayLike<number>): string {
  const lines = tokens.map(({ sequence, position, text, loss, role = "", mode = "" }, token) =>
    [token, sequence, position, text, loss, labels[token], role, mode].map(csvField).join(","),
  );
  return `${[HEAD.join(","), ...lines].join("\r\n")}\r\n`;
}
