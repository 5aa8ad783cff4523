/** Labels of rows, to score against: text, `.npy` or JSON, told by content. */
import { SpectroscopeError } from "../../kernels/errors";
import { numberByAppearance } from "../statistics/numbering";
import { parseJson } from "./json";
import { decodeNpy } from "./npy";
import { decodeText, shown } from "./text";

export interface GivenLabels {
  /** Number of each row's label in order of first appearance, -1 for none. */
  readonly numbers: Int32Array;
  /** The labels themselves, by number. */
  readonly names: readonly string[];
}

/**
 * One label a row: a text of one label a line, a `.npy` of whole numbers, or a JSON array. Any text is a label; an empty line, -1
 * and null are none. `file` names it in errors. @throws SpectroscopeError
 */
export function parseLabels(bytes: Uint8Array, file: string): GivenLabels {
  if (bytes[0] === 0x93 && bytes[1] === 0x4e) return numbered(npyLabels(bytes, file));
  const text = decodeText(bytes, file);
  return numbered(/^[ \t\r\n]*\[/.test(text) ? jsonLabels(text, file) : lineLabels(text));
}

function npyLabels(bytes: Uint8Array, path: string): string[] {
  const { shape, data } = decodeNpy(bytes, path);
  if (shape.length !== 1)
    throw new SpectroscopeError(`${path}: has ${shape.length} axes, labels have 1`, { hint: "give labels.ravel()" });
  return Array.from(data, (value, row) => {
    if (!Number.isInteger(value))
      throw new SpectroscopeError(`${path}: label ${value} of row ${row} is no whole number`, {
        hint: "save integers, or text with one label a line",
      });
    return String(value);
  });
}

function jsonLabels(text: string, path: string): string[] {
  const list = parseJson(text, path) as unknown[];
  return list.map((value, row) => {
    if (value === null) return "";
    if (typeof value !== "string" && typeof value !== "number")
      throw new SpectroscopeError(`${path}: label ${shown(JSON.stringify(value))} of row ${row} is no text or number`, {
        hint: "give one array of labels",
      });
    return String(value);
  });
}

function lineLabels(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  // Spaces of other scripts and marks without width belong to a label: without them two labels might be one.
  return lines.map((line) => line.replace(/^[ \t]+|[ \t]+$/g, ""));
}

function numbered(labels: readonly string[]): GivenLabels {
  const { numbers, found } = numberByAppearance(labels, (label) => label === "" || label === "-1");
  return { numbers, names: found };
}
