import { suggest } from "../../kernels/suggest";
import { type CutBy, type Model, type MovingRange, type Range, tied } from "./family";
import {
  cutSlices,
  groupSize,
  holdsPiece,
  join,
  joinHeads,
  type LayerCut,
  PIECES,
  refuse,
  type Slice,
} from "./layer-cuts";

/**
 * A weight restriction: which weights a chain may move. Names are devinterp's (`full`, `embed`, `unembed`, `l0`,
 * `l0 attn`, `l0 mlp`, `l0h3`, `l0g1`, any parameter's own name) and three of ours: `l0 mlp[16:32]`, the neurons 16 to 31 of an
 * MLP; `l0h3.q`, `.k`, `.v`, `.o`, a piece of a head; and `l0h3+l1h2+embed_out.weight`, the union of several. What they mean follows from the parameters' parts and cuts.
 *
 * A head moves the weights that are its own: rows of its query, columns of the output, and its key and value where no other
 * head reads them. A group (`l0g1`) moves a key-value head with all query heads that read it; where every head has its own, `l0g1`
 * is `l0h1`. So heads that share a key-value head share no weights here, and their keys and values move with the group alone;
 * devinterp's `l0h3` moves the shared ones too. Pieces follow: `l0h3.k` is there where a head has its own key, else `l0g1.k`.
 */

/** What moves inside a layer that is cut: query heads and neurons, ascending, apart from each other. */
export interface LayerParts {
  readonly heads: readonly MovingRange[];
  readonly neurons: readonly MovingRange[];
}

export interface Restriction {
  readonly name: string;
  readonly slices: readonly Slice[];
  /** The layers whose inside is cut. */
  readonly parts?: ReadonlyMap<number, LayerParts>;
}

/** One name of a union: whole parameters, or a part of a layer. */
interface Member {
  readonly name: string;
  readonly whole: readonly string[];
  readonly cut?: LayerCut;
}

/** A layer, or a part of it. */
const PART =
  /^l(?<layer>\d+)(?:(?:h(?<head>\d+)|g(?<group>\d+))(?:\.(?<piece>[qkvo]))?| mlp\[(?<from>\d+):(?<to>\d+)\]| (?<part>attn|mlp))?$/;

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

/**
 * The fine set: embed, unembed, every piece of every head (of its group, where heads share keys and values), and each MLP cut into
 * slices of `neurons` neighbors, the last of which may be smaller.
 */
export function fineRestrictions(model: Model, neurons: number): string[] {
  const { layers, heads, kvHeads, intermediate } = model.dims;
  const names = ["embed"];
  for (let layer = 0; layer < layers; layer++) {
    const pieces = (letter: "h" | "g", by: readonly CutBy[], count: number) => {
      const own = PIECES.filter((piece) => holdsPiece(model, layer, piece, by));
      for (let i = 0; i < count; i++) names.push(...own.map((piece) => `l${layer}${letter}${i}.${piece}`));
    };
    if (kvHeads === heads) pieces("h", ["head", "kv_head"], heads);
    else {
      pieces("h", ["head"], heads);
      pieces("g", ["kv_head"], kvHeads);
    }
    for (let from = 0; from < intermediate; from += neurons) {
      names.push(`l${layer} mlp[${from}:${Math.min(intermediate, from + neurons)}]`);
    }
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
 * @throws SpectroscopeError unknown names, layers, heads, groups, pieces or neurons that the model does not have; a union of a
 *   head, a piece or neurons with a parameter that holds some, but not all, of their weights; of a group's piece with another of
 *   its heads
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
    const joined = [...joinHeads(name, own, model), ...join(own.filter(({ by }) => by === "neuron"))];
    const ranges = (kind: LayerCut["by"]): MovingRange[] =>
      joined.filter(({ by }) => by === kind).map(({ range, pieces }) => ({ range, ...(pieces ? { pieces } : {}) }));
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
    return layer === cut.layer && other !== undefined && (other.by === "neuron") === (cut.by === "neuron");
  });
  if (!read) return cut;
  throw refuse(
    union,
    `${name} reads ${read}, which moves whole`,
    `leave one of the two out, or name l${cut.layer} ${cut.by === "head" ? "attn" : "mlp"}`,
  );
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
    const groups = kvHeads < heads ? ["l0g0", "l0g0.k"] : [];
    const pieces = PIECES.map((piece) => `${name.split(".")[0]}.${piece}`);
    const known = [
      ...(PART.test(pieces[0]) ? pieces : []),
      "full",
      ...standardRestrictions(model),
      "l0",
      "l0 attn",
      `l0 mlp[0:${intermediate}]`,
      ...groups,
    ];
    throw refuse(
      name,
      "there is no such component",
      suggest(name, known) || `known: ${known.slice(0, 4).join(", ")}, ...`,
    );
  }
  const [layer, head, group, from, to] = ["layer", "head", "group", "from", "to"].map((key) => Number(said[key]));
  if (layer >= layers) throw refuse(name, `the model has layers 0 to ${layers - 1}`);
  const cut = (by: LayerCut["by"], range: Range, grouped = false): Member => {
    const pieces = PIECES.filter((piece) => piece === said.piece);
    const own = { layer, by, range, grouped, ...(pieces.length > 0 ? { pieces } : {}) };
    checkPieces(name, own, model);
    return { name, whole: [], cut: own };
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

/** Refuses a piece of heads that no parameter says it holds, and one of a head that others share. */
function checkPieces(name: string, { layer, range, grouped, pieces = [] }: LayerCut, model: Model): void {
  for (const piece of pieces) {
    if (holdsPiece(model, layer, piece, grouped ? ["head", "kv_head"] : ["head"])) continue;
    const size = groupSize(model.dims);
    const group = Math.floor(range[0] / size);
    if (holdsPiece(model, layer, piece, ["kv_head"])) {
      const sharing = `heads ${group * size} to ${(group + 1) * size - 1} share their ${piece}`;
      throw refuse(name, sharing, `name that of the group: l${layer}g${group}.${piece}`);
    }
    throw refuse(
      name,
      `the model does not say where the ${piece} of a head lies`,
      `name l${layer} attn, or a parameter`,
    );
  }
}
