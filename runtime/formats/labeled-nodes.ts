/** What labels are for: rows, or nodes with names and numbers. */
import { SpectroscopeError } from "../../kernels/errors";
import { shown } from "./text";

export interface LabelTargets {
  readonly n: number;
  /** What they are called in messages. */
  readonly unit: "rows" | "nodes";
  /** Names of the nodes, where they have any. */
  readonly names?: readonly string[];
  /** Numbers of the nodes outside, where they are not 0 to n - 1. */
  readonly ids?: ArrayLike<number>;
  /** Names come in an order that the file of the graph gives: one label a line is in it too. */
  readonly listed?: boolean;
}

/** A label by the name or number of its node. */
export interface LabelPair {
  readonly node: string;
  readonly label: string;
  /** Line of the file, from 1. */
  readonly line?: number;
}

const WHOLE = /^(0|[1-9]\d{0,15})$/;

export class LabeledNodes {
  readonly n: number;
  private readonly names = new Map<string, number>();
  private readonly numbers = new Map<string, number>();
  private current: Map<string, number>;
  /** Names that two nodes have. */
  private readonly twice = new Set<string>();

  constructor(
    readonly targets: LabelTargets,
    readonly file: string,
  ) {
    const { n, names, ids } = targets;
    this.n = n;
    if (!this.unordered) for (let v = 0; v < n; v++) this.numbers.set(String(ids?.[v] ?? v), v);
    names?.forEach((name, v) => {
      if (this.names.has(name)) this.twice.add(name);
      this.names.set(name, v);
    });
    this.current = names ? this.names : this.numbers;
  }

  /** Takes texts for names or for numbers, of nodes that have both: what more of them are. */
  choose(texts: readonly string[]): void {
    if (!this.targets.names || this.unordered) return;
    const count = (nodes: Map<string, number>) => texts.reduce((sum, text) => sum + (nodes.has(text) ? 1 : 0), 0);
    this.current = count(this.numbers) > count(this.names) ? this.numbers : this.names;
  }

  /** Nodes have names, and no order but that of their first appearance. */
  get unordered(): boolean {
    return this.targets.names !== undefined && !this.targets.listed;
  }

  /** Nodes are whole numbers only. */
  get numbered(): boolean {
    return this.targets.names === undefined;
  }

  /** -1 for none. */
  node(text: string): number {
    return this.current.get(text) ?? -1;
  }

  /**
   * How a list of so many labels goes onto the nodes: the place in it of each node. Of numbers that do not run from 0, labels may be
   * of the nodes in ascending order, of every number from 0 on, or of every number from 1 on.
   */
  places(count: number): ((node: number) => number) | undefined {
    const { n, targets } = this;
    if (count === n) return (v) => v;
    const { ids, names } = targets;
    if (!ids || names || n === 0) return undefined;
    const last = ids[n - 1];
    if (count === last + 1) return (v) => ids[v];
    return count === last && ids[0] >= 1 ? (v) => ids[v] - 1 : undefined;
  }

  /** One label a row. @throws SpectroscopeError when they do not fit, or when nodes have names */
  inOrder(list: readonly string[]): string[] {
    if (this.unordered)
      throw new SpectroscopeError(`${this.file}: nodes have names, and labels without them have no order to go by`, {
        hint: 'write a line "node label" for each node',
      });
    const place = this.places(list.length);
    if (!place) throw this.misfit(list.length);
    return Array.from({ length: this.n }, (_, v) => list[place(v)]);
  }

  /** @param columns of each line of the file */
  misfit(count: number, columns = 1): SpectroscopeError {
    const { unit } = this.targets;
    if (columns > 1)
      return new SpectroscopeError(
        `${this.file}: ${count} lines of ${columns} columns for ${this.n} ${unit}, and none of them is known for the label`,
        { hint: `give one label a line in the order of ${unit}, or columns named ${unit.slice(0, -1)} and label` },
      );
    const hint =
      unit === "rows"
        ? "give one a row; an empty line for none"
        : 'give one a node, an empty line for none, or lines "node label"';
    return new SpectroscopeError(`${this.file}: ${count} labels for ${this.n} ${unit}`, { hint });
  }

  /** @throws SpectroscopeError for two labels of one node, and when none is of a node */
  byName(pairs: readonly LabelPair[]): { labels: string[]; said: string[] } {
    this.choose(pairs.map(({ node }) => node));
    const shifted = this.fromOne(pairs);
    if (shifted) return { labels: shifted, said: ["labels are matched by number: rows count from 1"] };
    const labels = new Array<string>(this.n).fill("");
    const given = new Uint8Array(this.n);
    const { unit } = this.targets;
    const one = unit.slice(0, -1);
    let strange = 0;
    let first: string | undefined;
    for (const { node, label, line } of pairs) {
      const where = `${this.file}${line === undefined ? "" : `: line ${line}`}`;
      const v = this.node(node);
      if (v < 0) {
        strange++;
        first ??= node;
        continue;
      }
      if (this.current === this.names && this.twice.has(node))
        throw new SpectroscopeError(`${where}: ${shown(node)} is the name of more than one node`, {
          hint: "label nodes by their numbers",
        });
      if (given[v] === 1 && labels[v] !== label)
        throw new SpectroscopeError(
          `${where}: ${one} ${shown(node)} has label ${shown(label)}, and ${shown(labels[v])} before`,
          {
            hint: `a ${one} has one label`,
          },
        );
      given[v] = 1;
      labels[v] = label;
    }
    const found = given.reduce((sum, one) => sum + one, 0);
    if (found === 0)
      throw new SpectroscopeError(
        `${this.file}: labels none of the ${this.n} ${unit}; the first is of ${shown(first ?? "none")}`,
        {
          hint: "label nodes as the graph calls them",
        },
      );
    const said = [`labels are matched by ${this.numbered ? "number" : "name"}: ${found} of ${this.n} ${unit} have one`];
    if (strange > 0)
      said.push(`labels of what is no ${one} are left out: ${strange} (${shown(first!)}${strange > 1 ? ", ..." : ""})`);
    return { labels, said };
  }

  /**
   * Labels of rows 1 to n, which are 0 to n - 1 here. @throws SpectroscopeError where labels of nodes are so, or the other way round
   */
  private fromOne(pairs: readonly LabelPair[]): string[] | undefined {
    const { n, targets } = this;
    if (!this.numbered || pairs.length !== n || n < 2) return undefined;
    const first = Number(targets.ids?.[0] ?? 0);
    const last = Number(targets.ids?.[n - 1] ?? n - 1);
    const strange = pairs.filter(({ node }) => this.node(node) < 0);
    if (strange.length !== 1 || last - first !== n - 1) return undefined;
    const [{ node }] = strange;
    if (node !== String(last + 1) && node !== String(first - 1)) return undefined;
    if (targets.unit === "rows" && node === String(n)) {
      const labels = new Array<string>(n).fill("");
      for (const pair of pairs) labels[Number(pair.node) - 1] = pair.label;
      return labels;
    }
    const from = node === String(last + 1) ? first + 1 : first - 1;
    throw new SpectroscopeError(
      `${this.file}: labels nodes ${from} to ${from + n - 1}, and the graph has ${first} to ${last}`,
      {
        hint: "number nodes alike in both files",
      },
    );
  }

  /** Whether a text may be a number of a node. */
  static isWhole(text: string): boolean {
    return WHOLE.test(text);
  }
}
