/** Graphs in GML: numbers and labels of nodes, ends and weights of edges. All else is passed over, and told. */
import { SpectroscopeError } from "../../kernels/errors";
import { decimal } from "./decimal";
import type { EdgeList } from "./edge-list";
import { GmlWords } from "./gml-words";
import { shown } from "./text";

export interface GmlGraph extends EdgeList {
  /** Keys of nodes and edges that are not read. */
  readonly unread: readonly string[];
  readonly directed: boolean;
}

/** Keys before the graph that are looked at, to tell a file. */
const KEYS_BEFORE = 64;

/** Whether the text begins as GML does: keys with values, then `graph [`. */
export function isGml(bytes: Uint8Array): boolean {
  const words = new GmlWords(bytes.subarray(0, 1 << 16), "");
  try {
    for (let keys = 0; keys < KEYS_BEFORE; keys++) {
      if (words.next() !== "word" || !/^[a-z_]\w*$/i.test(words.text())) return false;
      const graph = words.is("graph");
      const value = words.next();
      if (graph) return value === "open";
      words.skip();
    }
  } catch (error) {
    if (!(error instanceof SpectroscopeError)) throw error;
  }
  return false;
}

/** Ends and weights as they come, of nodes that may be told later. */
interface GmlEdge {
  readonly line: number;
  readonly source: number;
  readonly target: number;
  readonly weight: number;
}

class GmlReader {
  readonly ids: number[] = [];
  readonly labels: (string | undefined)[] = [];
  readonly edges: GmlEdge[] = [];
  readonly unread = new Set<string>();
  /** The key that edges have their weight under. */
  weightKey?: "weight" | "value";
  directed = false;
  private weighted?: boolean;
  private readonly words: GmlWords;

  constructor(
    bytes: Uint8Array,
    private readonly file: string,
  ) {
    this.words = new GmlWords(bytes, file);
  }

  read(): void {
    const { words } = this;
    while (words.next() !== "end") {
      if (words.kind !== "word")
        throw words.fault(
          `has ${words.shown()} where a key should be`,
          "GML is keys and values: graph [ node [ id 0 ] ]",
        );
      const graph = words.is("graph");
      const value = words.next();
      if (!graph) words.skip();
      else if (value !== "open") throw words.fault(`has ${words.shown()} behind graph`, "it is: graph [ ... ]");
      else {
        this.graph();
        return;
      }
    }
    throw new SpectroscopeError(`${this.file}: has no graph`, {
      hint: "GML is: graph [ node [ id 0 ] edge [ source 0 target 1 ] ]",
    });
  }

  private graph(): void {
    this.list((key) => {
      if (key === "node" || key === "edge") {
        if (this.words.kind !== "open")
          throw this.words.fault(`has ${this.words.shown()} behind ${key}`, `it is: ${key} [ ... ]`);
        if (key === "node") this.node();
        else this.edge();
        return;
      }
      if (key === "directed") this.directed = this.words.text() === "1";
      this.words.skip();
    });
  }

  /** Each key of the list that was opened; `take` ends at the last word of the value. */
  private list(take: (key: string) => void): void {
    const { words } = this;
    while (words.next() !== "close") {
      if (words.kind !== "word")
        throw words.fault(
          words.kind === "end" ? "ends within a list" : `has ${words.shown()} where a key should be`,
          "it was cut, or is no GML: write it again",
        );
      const key = words.text();
      const value = words.next();
      if (value === "close" || value === "end") throw words.fault(`has no value of ${shown(key)}`, "each key has one");
      take(key);
    }
  }

  private node(): void {
    const { line } = this.words;
    let id: number | undefined;
    let label: string | undefined;
    this.list((key) => {
      if (key === "id") id = this.whole("id");
      else if (key === "label" && this.words.kind !== "open") label = this.words.text();
      else this.pass(key);
    });
    if (id === undefined)
      throw new SpectroscopeError(`${this.file}: line ${line} has a node without id`, {
        hint: "each node has a number: node [ id 0 ]",
      });
    this.ids.push(id);
    this.labels.push(label);
  }

  private edge(): void {
    const { line } = this.words;
    let source: number | undefined;
    let target: number | undefined;
    let weight: number | undefined;
    let value: number | undefined;
    this.list((key) => {
      if (key === "source") source = this.whole(key);
      else if (key === "target") target = this.whole(key);
      else if (key === "weight") weight = this.weight();
      else if (key === "value" && this.words.kind !== "open" && !Number.isNaN(decimal(this.words.text())))
        value = this.weight();
      else this.pass(key);
    });
    const fault = (what: string, hint: string) => new SpectroscopeError(`${this.file}: line ${line} ${what}`, { hint });
    if (source === undefined || target === undefined)
      throw fault("has an edge without source or target", "it is: edge [ source 0 target 1 ]");
    const own = weight ?? value;
    if (own !== undefined && weight === undefined && this.weightKey !== "weight") this.weightKey = "value";
    if (weight !== undefined) {
      this.weightKey = "weight";
      if (value !== undefined) this.unread.add("value");
    }
    this.weighted ??= own !== undefined;
    if (this.weighted !== (own !== undefined))
      throw fault(
        `has an edge ${this.weighted ? "without" : "with"} a weight, and the edges before have ${this.weighted ? "one" : "none"}`,
        "give every edge a weight, or none",
      );
    this.edges.push({ line, source, target, weight: own ?? 1 });
  }

  private pass(key: string): void {
    this.unread.add(key);
    this.words.skip();
  }

  private whole(key: string): number {
    const text = this.words.kind === "open" ? "[" : this.words.text();
    if (!/^-?\d{1,15}$/.test(text))
      throw this.words.fault(`has ${key} ${shown(text)}`, "nodes of GML are whole numbers; names are their labels");
    return Number(text);
  }

  private weight(): number {
    const text = this.words.kind === "open" ? "[" : this.words.text();
    const weight = decimal(text);
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw this.words.fault(`has weight ${shown(text)}`, "weights are finite numbers, not negative");
    return weight;
  }

  get hasWeights(): boolean {
    return this.weighted === true;
  }
}

/** Nodes are numbered in the order of the file. `file` names it in errors. @throws SpectroscopeError with the line */
export function parseGml(bytes: Uint8Array, file: string): GmlGraph {
  const reader = new GmlReader(bytes, file);
  reader.read();
  const { ids, labels, edges, unread, directed } = reader;
  const index = new Map<number, number>();
  ids.forEach((id, v) => {
    if (index.has(id))
      throw new SpectroscopeError(`${file}: has node ${id} twice`, { hint: "each node has a number of its own" });
    index.set(id, v);
  });
  if (edges.length === 0)
    throw new SpectroscopeError(`${file}: holds no edge`, { hint: "it is: edge [ source 0 target 1 ]" });
  const ends: number[] = [];
  const weights: number[] = [];
  let selfLoops = 0;
  let zeroWeights = 0;
  for (const { line, source, target, weight } of edges) {
    const a = index.get(source);
    const b = index.get(target);
    if (a === undefined || b === undefined)
      throw new SpectroscopeError(
        `${file}: line ${line} has an edge to ${a === undefined ? source : target}, which is no node`,
        {
          hint: "each end is the id of a node: node [ id 0 ]",
        },
      );
    if (weight === 0) zeroWeights++;
    else if (a === b) selfLoops++;
    else {
      ends.push(a, b);
      weights.push(weight);
    }
  }
  const counted = ids.every((id, v) => id === v);
  const named = labels.some((label) => label !== undefined);
  return {
    n: ids.length,
    ends: Uint32Array.from(ends),
    ...(reader.hasWeights ? { weights: Float64Array.from(weights) } : {}),
    ...(named ? { names: labels.map((label, v) => label ?? String(ids[v])) } : {}),
    ...(counted ? {} : { ids: Float64Array.from(ids) }),
    ...{ selfLoops, zeroWeights, unread: [...unread].sort(), directed },
  };
}
