import { SpectroscopeError } from "../../kernels/errors";
import { suggest } from "../../kernels/nearest";
import type { NeoxConfig } from "./config";
import { parameterShapes } from "./parameters";

/**
 * A weight restriction: which weights a chain may move. Names are devinterp's (`full`, `embed`, `unembed`, `l0`,
 * `l0 attn`, `l0 mlp`, `l0h3`) and one finer one of ours, `l0 mlp[16:32]`: the neurons 16 to 31 of an MLP.
 */

/** A rectangular part of a parameter; absent ranges mean all of it. */
export interface Slice {
  /** Hugging Face name. */
  readonly parameter: string;
  readonly rows?: readonly [number, number];
  readonly columns?: readonly [number, number];
}

export interface Restriction {
  readonly name: string;
  readonly slices: readonly Slice[];
  /** The layer whose inside is cut: which heads or neurons move there. */
  readonly part?: {
    readonly layer: number;
    readonly heads?: readonly [number, number];
    readonly neurons?: readonly [number, number];
  };
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

/** Reads a restriction's name. Errors: unknown names, layers, heads or neurons that the model does not have. */
export function parseRestriction(name: string, config: NeoxConfig): Restriction {
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
  const width = config.headDim;
  const prefix = `${layerPrefix(layer)}attention.`;
  const rows = [3 * width * head, 3 * width * (head + 1)] as const;
  const slices: Slice[] = [{ parameter: `${prefix}query_key_value.weight`, rows }];
  if (config.attentionBias) slices.push({ parameter: `${prefix}query_key_value.bias`, rows });
  slices.push({ parameter: `${prefix}dense.weight`, columns: [width * head, width * (head + 1)] });
  return { name, slices, part: { layer, heads: [head, head + 1] } };
}

function neuronRestriction(name: string, layer: number, from: number, to: number, config: NeoxConfig): Restriction {
  if (!(from < to && to <= config.intermediateSize)) {
    throw refuse(name, `the neuron range must lie inside 0 to ${config.intermediateSize} and not be empty`);
  }
  const prefix = `${layerPrefix(layer)}mlp.`;
  const range = [from, to] as const;
  return {
    name,
    slices: [
      { parameter: `${prefix}dense_h_to_4h.weight`, rows: range },
      { parameter: `${prefix}dense_h_to_4h.bias`, rows: range },
      { parameter: `${prefix}dense_4h_to_h.weight`, columns: range },
    ],
    part: { layer, neurons: range },
  };
}

function refuse(name: string, why: string, hint?: string): SpectroscopeError {
  return new SpectroscopeError(`weight restriction "${name}": ${why}`, {
    code: "bad-input",
    ...(hint ? { hint } : {}),
  });
}
