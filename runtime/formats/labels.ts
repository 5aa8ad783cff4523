/** Labels of rows and nodes, to score against: text, `.npy` or JSON, told by content; one a row, or `node label` lines. */
import { SpectroscopeError } from "../../kernels/errors";
import { numberByAppearance } from "../statistics/numbering";
import { parseJson } from "./json";
import { type LabelPair, pairsOfLines } from "./label-pairs";
import { rowsOfLines } from "./label-rows";
import { LabeledNodes, type LabelTargets } from "./labeled-nodes";
import { decodeNpy } from "./npy";
import { refuseOtherFiles } from "./other-files";
import { decodeText, shown } from "./text";

export type { LabelTargets };

export interface GivenLabels {
  /** Number of each row's label in order of first appearance, -1 for none. */
  readonly numbers: Int32Array;
  /** The labels themselves, by number. */
  readonly names: readonly string[];
}

/** What a file says, before it is known what it labels. */
export interface LabelFile {
  readonly file: string;
  /** Lines of a text. */
  readonly lines?: readonly string[];
  /** Labels in the order of rows. */
  readonly list?: readonly string[];
  /** Labels by the names of nodes. */
  readonly pairs?: readonly LabelPair[];
}

/** Labels, and what was made of their file, a line each. */
export interface FittedLabels {
  readonly labels: GivenLabels;
  readonly said: readonly string[];
}

/**
 * A text of one label a line or of `node label` lines, a `.npy` of whole numbers, a JSON array, a JSON object of labels by node, or one
 * of `communities`, lists of nodes. `file` names it in errors. @throws SpectroscopeError
 */
export function readLabels(bytes: Uint8Array, file: string): LabelFile {
  if (bytes[0] === 0x93 && bytes[1] === 0x4e) return { file, list: npyLabels(bytes, file) };
  refuseOtherFiles(bytes, file);
  const text = decodeText(bytes, file);
  if (/^[ \t\r\n]*\[/.test(text)) return { file, list: jsonLabels(text, file) };
  if (/^[ \t\r\n]*\{[ \t\r\n]*["}]/.test(text)) return { file, pairs: jsonPairs(text, file) };
  const lines = text.split(text.includes("\n") ? /\r?\n/ : "\r");
  if (lines.at(-1) === "") lines.pop();
  return { file, lines };
}

/**
 * Without blanks at both ends, in time that is linear. Spaces of other scripts and marks without width belong to a label: without
 * them two labels might be one.
 */
function trimmed(line: string): string {
  let from = 0;
  let to = line.length;
  const isBlank = (at: number) => line[at] === " " || line[at] === "\t";
  while (from < to && isBlank(from)) from++;
  while (to > from && isBlank(to - 1)) to--;
  return line.slice(from, to);
}

/**
 * A label for each row or node, -1 where there is none. An empty label, `-1` and null are none.
 * @throws SpectroscopeError when there are too many or too few, or when it is not said whose they are
 */
export function fitLabels({ file, lines, list, pairs }: LabelFile, targets: LabelTargets): FittedLabels {
  const nodes = new LabeledNodes(targets, file);
  if (pairs) return fitted(nodes.byName(pairs));
  if (list) return fitted({ labels: nodes.inOrder(list), said: [] });
  const named = pairsOfLines(lines!, nodes);
  if (!named) return fitted(rowsOfLines(lines!.map(trimmed), nodes));
  const { labels, said } = nodes.byName(named.pairs);
  return fitted({ labels, said: [...named.said, ...said] });
}

function fitted({ labels, said }: { labels: readonly string[]; said: readonly string[] }): FittedLabels {
  const { numbers, found } = numberByAppearance(labels, (label) => label === "" || label === "-1");
  const labeled = numbers.reduce((sum, number) => sum + (number >= 0 ? 1 : 0), 0);
  const words = [...said];
  if (labeled === 0) words.push("no row has a label");
  else if (labeled > 3 && found.length === labeled)
    words.push(
      `no two have the same label: ${found
        .slice(0, 3)
        .map((name) => shown(name))
        .join(", ")}, ...`,
    );
  return { labels: { numbers, names: found }, said: words };
}

function npyLabels(bytes: Uint8Array, path: string): string[] {
  const { shape, data } = decodeNpy(bytes, path);
  if (shape.length !== 1)
    throw new SpectroscopeError(`${path}: has ${shape.length} axes, labels have 1`, {
      hint: shape.length === 2 && shape[1] > 1 ? "give labels.argmax(1) where a row is one-hot" : "give labels.ravel()",
    });
  return Array.from(data, (value, row) => {
    if (!Number.isInteger(value))
      throw new SpectroscopeError(`${path}: label ${value} of row ${row} is no whole number`, {
        hint: "save integers, or text with one label a line",
      });
    return String(value);
  });
}

const isScalar = (value: unknown) => typeof value === "string" || typeof value === "number";

function jsonLabels(text: string, path: string): string[] {
  const list = parseJson(text, path) as unknown[];
  return list.map((value, row) => {
    if (value === null) return "";
    if (!isScalar(value))
      throw new SpectroscopeError(`${path}: label ${shown(JSON.stringify(value))} of row ${row} is no text or number`, {
        hint: "give one array of labels",
      });
    return String(value);
  });
}

/** Labels by node, or communities as lists of nodes. */
function jsonPairs(text: string, path: string): LabelPair[] {
  const object = parseJson(text, path) as Record<string, unknown>;
  const fail = (what: string): never => {
    throw new SpectroscopeError(`${path}: ${what}`, {
      hint: 'give an array of labels, an object of labels by node, or {"communities": [[nodes], ...]}',
    });
  };
  const { communities } = object;
  if (Array.isArray(communities))
    return communities.flatMap((members: unknown, community) => {
      if (!Array.isArray(members)) return fail(`community ${community} is no list`);
      return members.map((node: unknown) => ({
        node: isScalar(node) ? String(node) : fail(`community ${community} holds ${shown(JSON.stringify(node))}`),
        label: String(community),
      }));
    });
  return Object.entries(object).map(([node, value]) => {
    if (value !== null && !isScalar(value))
      return fail(`label ${shown(JSON.stringify(value))} of ${shown(node)} is no text or number`);
    return { node, label: value === null ? "" : String(value) };
  });
}
