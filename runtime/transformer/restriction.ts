import { SpectroscopeError } from "../../kernels/errors";
import { suggest } from "../../kernels/suggest";
import { cutRange, type Dims, type Model, type Range, tied } from "./family";

/**
 * A weight restriction: which weights a chain may move. Names are devinterp's (`full`, `embed`, `unembed`, `l0`,
 * `l0 attn`, `l0 mlp`, `l0h3`, `l0g1`, any parameter's own name) and two of ours: `l0 mlp[16:32]`, the neurons 16 to 31 of an
 * MLP, and `l0h3+l1h2+embed_out.weight`, the union of several. What they mean follows from the parameters' parts and cuts.
 *
 * A head moves the weights that are its own: rows of its query, columns of the output, and its key and value where no other
 * head reads them. A group (`l0g1`) moves a key-value head with all query heads that read it; where every head has its own, `l0g1`
 * is `l0h1`. So heads that share a key-value head share no weights here, and their keys and values move with the group alone;
 * devinterp's `l0h3` moves the shared ones too.
 */

/** A rectangular part of a parameter; absent ranges mean all of it. */
export interface Slice {
  /** Hugging Face name. */
  readonly parameter: string;
  readonly rows?: Range;
  readonly columns?: Range;
}

/** What moves inside a layer that is cut: ranges of query heads and of neurons, ascending, apart from each other. */
export interface LayerParts {
  readonly heads: readonly Range[];
  readonly neurons: readonly Range[];
}

export interface Restriction {
  readonly name: string;
  readonly slices: readonly Slice[];
  /** The layers whose inside is cut. */
  readonly parts?: ReadonlyMap<number, LayerParts>;
}

/** A part of a layer that moves by itself. */
interface LayerCut {
  readonly layer: number;
  readonly by: "head" | "neuron";
  readonly range: Range;
  /** Of heads: they are whole groups, whose key-value heads move too. */
  readonly grouped: boolean;
}

/** One name of a union: whole parameters, or a part of a layer. */
interface Member {
  readonly name: string;
  readonly whole: readonly string[];
  readonly cut?: LayerCut;
}

/** A layer, or a part of it. */
const PART = /^l(?<layer>\d+)(?:h(?<head>\d+)|g(?<group>\d+)| mlp\[(?<from>\d+):(?<to>\d+)\]| (?<part>attn|mlp))?$/;

/** Query heads that read one key-value head. */
const groupSize = ({ heads, kvHeads }: Dims) => heads / kvHeads;

/** The standard set: every head, every MLP, embed and unembed: L*H + L + 2 names. */
export function standardRestrictions(model: Model): string[] {
  const { layers, heads } = model.dims;
  const names = ["embed"];
  for (let layer = 0; layer < layers; layer++) {
    for (let head = 0; head < heads; head++) names.push(`l${layer}h${head}`);
    names.push(`l${layer} mlp`);
  }
  return tied(model) ? names : [...names, "unembed"];
}

/** Each MLP cut into `groups` ranges of neurons. */
export function neuronGroups({ dims }: Model, groups: number): string[] {
  const names: string[] = [];
  for (let layer = 0; layer < dims.layers; layer++) {
    for (let group = 0; group < groups; group++) {
      const from = Math.floor((group * dims.intermediate) / groups);
      const to = Math.floor(((group + 1) * dims.intermediate) / groups);
      if (to > from) names.push(`l${layer} mlp[${from}:${to}]`);
    }
  }
  return names;
}

/**
 * Reads a restriction's name. Slices are in this order: whole parameters in the model's, then layer by layer the ranges of heads
 * and those of neurons, each range's in the model's order.
 * @throws SpectroscopeError unknown names, layers, heads, groups or neurons that the model does not have; a union of a head or
 *   neurons with a parameter that holds some, but not all, of their weights
 */
export function parseRestriction(name: string, model: Model): Restriction {
  const names = name.split("+");
  const members = (names.length === 1 ? names : names.map((one) => one.trim())).map((one) => readMember(one, model));
  const whole = new Set(members.flatMap((member) => member.whole));
  const cuts = members.flatMap((member) => (member.cut ? ownCut(name, member, member.cut, whole, model) : []));
  const slices: Slice[] = [...model.parameters.keys()]
    .filter((parameter) => whole.has(parameter))
    .map((parameter) => ({ parameter }));
  const parts = new Map<number, LayerParts>();
  for (let layer = 0; layer < model.dims.layers; layer++) {
    const own = cuts.filter((cut) => cut.layer === layer);
    if (own.length === 0) continue;
    const joined = [...joinHeads(own, model.dims), ...join(own.filter(({ by }) => by === "neuron"))];
    const ranges = (kind: LayerCut["by"]) => joined.filter(({ by }) => by === kind).map(({ range }) => range);
    parts.set(layer, { heads: ranges("head"), neurons: ranges("neuron") });
    slices.push(...joined.flatMap((cut) => cutSlices(cut, model)));
  }
  return { name, slices, ...(parts.size > 0 ? { parts } : {}) };
}

/** The part of a union's member, or nothing where whole parameters hold all of it. */
function ownCut(
  union: string,
  { name }: Member,
  cut: LayerCut,
  whole: ReadonlySet<string>,
  model: Model,
): LayerCut | [] {
  const slices = cutSlices(cut, model);
  const held = slices.filter(({ parameter }) => whole.has(parameter));
  if (held.length === slices.length) return [];
  if (held.length > 0) {
    const all = name.split(/[hg]|\s/)[0];
    throw refuse(
      union,
      `${held[0].parameter} holds a part of ${name} only`,
      `leave one of the two out, or name the whole, such as ${all}`,
    );
  }
  const read = [...whole].find((parameter) => {
    const { layer, cut: other } = model.parameters.get(parameter)!;
    return cut.by === "head" && layer === cut.layer && other?.by === "kv_head";
  });
  if (!read) return cut;
  throw refuse(
    union,
    `${name} reads ${read}, which moves whole`,
    `leave one of the two out, or name l${cut.layer} attn`,
  );
}

/** Ranges in ascending order; those that touch, or overlap, are one, but not across multiples of `border`. */
function join(cuts: readonly LayerCut[], border = Number.POSITIVE_INFINITY): LayerCut[] {
  const result: LayerCut[] = [];
  for (const cut of [...cuts].sort((a, b) => a.range[0] - b.range[0])) {
    const last = result.at(-1);
    const [from, to] = cut.range;
    if (last && (from < last.range[1] || (from === last.range[1] && from % border !== 0))) {
      result[result.length - 1] = { ...last, range: [last.range[0], Math.max(last.range[1], to)] };
    } else result.push(cut);
  }
  return result;
}

/** Heads that share their keys and values with others stay inside their group, and are left out where that moves. */
function joinHeads(cuts: readonly LayerCut[], dims: Dims): LayerCut[] {
  const heads = cuts.filter(({ by }) => by === "head");
  const groups = join(heads.filter(({ grouped }) => grouped));
  const inGroup = ({ range: [from] }: LayerCut) => groups.some(({ range }) => range[0] <= from && from < range[1]);
  const single = heads.filter((cut) => !cut.grouped && !inGroup(cut));
  return [...groups, ...join(single, groupSize(dims))].sort((a, b) => a.range[0] - b.range[0]);
}

/** What a part of a layer holds of its parameters. */
function cutSlices({ layer, by, range, grouped }: LayerCut, { parameters, dims }: Model): Slice[] {
  return [...parameters].flatMap(([parameter, { layer: own, cut }]) => {
    const holds = cut && own === layer && (cut.by === by || (grouped && cut.by === "kv_head"));
    if (!holds) return [];
    return [{ parameter, [cut.axis === 0 ? "rows" : "columns"]: cutRange(cut, range, dims) }];
  });
}

function readMember(name: string, model: Model): Member {
  const all = [...model.parameters.keys()];
  const { layers, heads, kvHeads, intermediate } = model.dims;
  if (name === "full") return { name, whole: all };
  if (name === "embed") return { name, whole: [model.embedding] };
  if (name === "unembed") {
    if (!tied(model)) return { name, whole: [model.unembedding] };
    throw refuse(name, "the model ties its unembedding to its embedding", "use embed");
  }
  if (model.parameters.has(name)) return { name, whole: [name] };
  const said = PART.exec(name)?.groups;
  if (!said) {
    const groups = kvHeads < heads ? ["l0g0"] : [];
    const known = ["full", ...standardRestrictions(model), "l0", "l0 attn", `l0 mlp[0:${intermediate}]`, ...groups];
    throw refuse(
      name,
      "there is no such component",
      suggest(name, known) || `known: ${known.slice(0, 4).join(", ")}, ...`,
    );
  }
  const [layer, head, group, from, to] = ["layer", "head", "group", "from", "to"].map((key) => Number(said[key]));
  if (layer >= layers) throw refuse(name, `the model has layers 0 to ${layers - 1}`);
  const cut = (by: LayerCut["by"], range: Range, grouped = false): Member => {
    return { name, whole: [], cut: { layer, by, range, grouped } };
  };
  if (said.head) {
    if (head < heads) return cut("head", [head, head + 1], kvHeads === heads);
    throw refuse(name, `the model has heads 0 to ${heads - 1}`);
  }
  if (said.group) {
    const size = groupSize(model.dims);
    if (group < kvHeads) return cut("head", [group * size, (group + 1) * size], true);
    throw refuse(name, `the model has key-value heads 0 to ${kvHeads - 1}`);
  }
  if (said.from) {
    if (from < to && to <= intermediate) return cut("neuron", [from, to]);
    throw refuse(name, `the neuron range must lie inside 0 to ${intermediate} and not be empty`);
  }
  const whole = all.filter((parameter) => {
    const { layer: own, part } = model.parameters.get(parameter)!;
    return own === layer && (said.part === undefined || said.part === part);
  });
  return { name, whole };
}

function refuse(name: string, why: string, hint?: string): SpectroscopeError {
  return new SpectroscopeError(`weight restriction "${name}": ${why}`, {
    code: "usage",
    ...(hint ? { hint } : {}),
  });
}
