import { SpectroscopeError } from "../../kernels/errors";
import { suggest } from "../../kernels/suggest";
import type { NeoxConfig } from "./config";
import { parameterShapes } from "./parameters";

/**
 * A weight restriction: which weights a chain may move. Names are devinterp's (`full`, `embed`, `unembed`, `l0`,
 * `l0 attn`, `l0 mlp`, `l0h3`, any parameter's own name) and two of ours: `l0 mlp[16:32]`, the neurons 16 to 31 of an MLP,
 * and `l0h3+l1h2+embed_out.weight`, the union of several.
 */

/** `from` up to, not including, `to`. */
export type Range = readonly [from: number, to: number];

/** A rectangular part of a parameter; absent ranges mean all of it. */
export interface Slice {
  /** Hugging Face name. */
  readonly parameter: string;
  readonly rows?: Range;
  readonly columns?: Range;
}

/** What moves inside a layer that is cut: ranges of heads and of neurons, ascending, apart from each other. */
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

/** The prefix of a layer's parameter names. */
export function layerPrefix(layer: number): string {
  return `gpt_neox.layers.${layer}.`;
}

/** The standard set: every head, every MLP, embed and unembed: L*H + L + 2 names. */
export function standardRestrictions(config: NeoxConfig): string[] {
  const names = ["embed"];
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    for (let head = 0; head < config.numAttentionHeads; head++) names.push(`l${layer}h${head}`);
    names.push(`l${layer} mlp`);
  }
  return config.tieWordEmbeddings ? names : [...names, "unembed"];
}

/** Each MLP cut into `groups` ranges of neurons. */
export function neuronGroups(config: NeoxConfig, groups: number): string[] {
  const names: string[] = [];
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    for (let group = 0; group < groups; group++) {
      const from = Math.floor((group * config.intermediateSize) / groups);
      const to = Math.floor(((group + 1) * config.intermediateSize) / groups);
      if (to > from) names.push(`l${layer} mlp[${from}:${to}]`);
    }
  }
  return names;
}

/**
 * Reads a restriction's name. Errors: unknown names, layers, heads or neurons that the model does not have; a union of a head
 * or neurons with a parameter that holds some, but not all, of their weights.
 */
export function parseRestriction(name: string, config: NeoxConfig): Restriction {
  const members = name.split("+").map((member) => member.trim());
  if (members.length === 1) return parseOne(name, config);
  return union(
    name,
    members.map((member) => parseOne(member, config)),
    config,
  );
}

/** The union of restrictions: whole parameters first, in the model's order, then the parts of layers in theirs. */
function union(name: string, members: readonly Restriction[], config: NeoxConfig): Restriction {
  const whole = new Set<string>();
  for (const { slices } of members) {
    for (const { parameter, rows, columns } of slices) if (!rows && !columns) whole.add(parameter);
  }
  const heads = new Map<number, Range[]>();
  const neurons = new Map<number, Range[]>();
  for (const member of members) {
    const cut = member.slices.filter(({ rows, columns }) => rows || columns);
    const held = cut.filter(({ parameter }) => whole.has(parameter));
    if (held.length === cut.length) continue;
    if (held.length > 0) {
      throw refuse(
        name,
        `${held[0].parameter} holds a part of ${member.name} only`,
        `leave one of the two out, or name the whole, such as ${member.name.split(/h|\s/)[0]}`,
      );
    }
    for (const [layer, parts] of member.parts ?? []) {
      for (const [kind, ranges] of [[heads, parts.heads] as const, [neurons, parts.neurons] as const]) {
        kind.set(layer, joined([...(kind.get(layer) ?? []), ...ranges]));
      }
    }
  }
  const slices: Slice[] = [...parameterShapes(config).keys()]
    .filter((parameter) => whole.has(parameter))
    .map((parameter) => ({ parameter }));
  const parts = new Map<number, LayerParts>();
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const own: LayerParts = { heads: heads.get(layer) ?? [], neurons: neurons.get(layer) ?? [] };
    if (own.heads.length + own.neurons.length === 0) continue;
    parts.set(layer, own);
    for (const range of own.heads) slices.push(...headSlices(layer, range, config));
    for (const range of own.neurons) slices.push(...neuronSlices(layer, range));
  }
  return { name, slices, ...(parts.size > 0 ? { parts } : {}) };
}

/** Ranges in ascending order; those that touch or overlap are one. */
function joined(ranges: readonly Range[]): Range[] {
  const result: [number, number][] = [];
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

function parseOne(name: string, config: NeoxConfig): Restriction {
  const all = [...parameterShapes(config).keys()];
  const whole = (names: readonly string[]): Restriction => ({
    name,
    slices: names.map((parameter) => ({ parameter })),
  });
  if (name === "full") return whole(all);
  if (name === "embed") return whole([all[0]]);
  if (name === "unembed") {
    if (!config.tieWordEmbeddings) return whole(["embed_out.weight"]);
    throw refuse(name, "the model ties its unembedding to its embedding", "use embed");
  }
  if (all.includes(name)) return whole([name]);
  const match = /^l(\d+)(?:h(\d+)| (attn)| (mlp)(?:\[(\d+):(\d+)\])?)?$/.exec(name);
  if (!match) {
    const known = ["full", ...standardRestrictions(config), "l0", "l0 attn", `l0 mlp[0:${config.intermediateSize}]`];
    throw refuse(
      name,
      "is not a weight restriction",
      suggest(name, known) || `known: ${known.slice(0, 4).join(", ")}, ...`,
    );
  }
  const layer = Number(match[1]);
  if (layer >= config.numHiddenLayers) throw refuse(name, `the model has layers 0 to ${config.numHiddenLayers - 1}`);
  const prefix = layerPrefix(layer);
  const inLayer = (part: string) => all.filter((parameter) => parameter.startsWith(prefix + part));
  if (match[2] !== undefined) return headRestriction(name, layer, Number(match[2]), config);
  if (match[3]) return whole(inLayer("attention."));
  if (match[4]) {
    if (match[5] === undefined) return whole(inLayer("mlp."));
    return neuronRestriction(name, layer, Number(match[5]), Number(match[6]), config);
  }
  return whole(inLayer(""));
}

function headRestriction(name: string, layer: number, head: number, config: NeoxConfig): Restriction {
  if (head >= config.numAttentionHeads) throw refuse(name, `the model has heads 0 to ${config.numAttentionHeads - 1}`);
  const range = [head, head + 1] as const;
  return { name, slices: headSlices(layer, range, config), parts: new Map([[layer, { heads: [range], neurons: [] }]]) };
}

/** Rows of query_key_value that make some heads. */
export function headRows([from, to]: Range, config: NeoxConfig): Range {
  return [3 * config.headDim * from, 3 * config.headDim * to];
}

/** Columns of dense that read some heads. */
export function headColumns([from, to]: Range, config: NeoxConfig): Range {
  return [config.headDim * from, config.headDim * to];
}

function headSlices(layer: number, heads: Range, config: NeoxConfig): Slice[] {
  const prefix = `${layerPrefix(layer)}attention.`;
  const rows = headRows(heads, config);
  const slices: Slice[] = [{ parameter: `${prefix}query_key_value.weight`, rows }];
  if (config.attentionBias) slices.push({ parameter: `${prefix}query_key_value.bias`, rows });
  slices.push({ parameter: `${prefix}dense.weight`, columns: headColumns(heads, config) });
  return slices;
}

function neuronRestriction(name: string, layer: number, from: number, to: number, config: NeoxConfig): Restriction {
  if (!(from < to && to <= config.intermediateSize)) {
    throw refuse(name, `the neuron range must lie inside 0 to ${config.intermediateSize} and not be empty`);
  }
  const range = [from, to] as const;
  return { name, slices: neuronSlices(layer, range), parts: new Map([[layer, { heads: [], neurons: [range] }]]) };
}

function neuronSlices(layer: number, range: Range): Slice[] {
  const prefix = `${layerPrefix(layer)}mlp.`;
  return [
    { parameter: `${prefix}dense_h_to_4h.weight`, rows: range },
    { parameter: `${prefix}dense_h_to_4h.bias`, rows: range },
    { parameter: `${prefix}dense_4h_to_h.weight`, columns: range },
  ];
}

function refuse(name: string, why: string, hint?: string): SpectroscopeError {
  return new SpectroscopeError(`weight restriction "${name}": ${why}`, {
    code: "usage",
    ...(hint ? { hint } : {}),
  });
}
