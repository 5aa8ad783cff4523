import type { Random } from "../../kernels/kernel";
import type { Activation, Encoder, InputScaling } from "../../runtime/sae/encoder";

/** Codes of tokens by plain loops in f64, from the definitions in `runtime/sae/encoder`: what encoding is held to. */
export interface PlainCodes {
  /** [T, F]. */
  readonly codes: Float64Array;
  /** [T, F]: how far what decides whether a feature fires is from deciding otherwise. */
  readonly margins: Float64Array;
  /** [T]: the largest pre-activation in size. */
  readonly scales: Float64Array;
}

export function plainCodes(encoder: Encoder, x: Float32Array): PlainCodes {
  const { width, features } = encoder;
  const tokens = x.length / width;
  const out = {
    codes: new Float64Array(tokens * features),
    margins: new Float64Array(tokens * features),
    scales: new Float64Array(tokens),
  };
  for (let t = 0; t < tokens; t++) {
    const row = scaled(encoder, Array.from(x.subarray(t * width, (t + 1) * width)));
    const products = Array.from({ length: features }, (_, f) =>
      row.reduce((sum, value, i) => sum + value * encoder.weight[f * width + i], 0),
    );
    const { codes, margins, scores } = activated(encoder, products);
    out.codes.set(codes, t * features);
    out.margins.set(margins, t * features);
    out.scales[t] = Math.max(...scores.map(Math.abs));
  }
  return out;
}

function scaled({ scaling, center, width }: Encoder, x: number[]): number[] {
  const mean = x.reduce((a, b) => a + b, 0) / width;
  const std = Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / (width - 1));
  const length = Math.hypot(...x);
  const of: Record<InputScaling["kind"], (v: number) => number> = {
    none: (v) => v,
    factor: (v) => v * (scaling as { factor: number }).factor,
    standardize: (v) => (v - mean) / (std + (scaling as { epsilon: number }).epsilon),
    unit_rms: (v) => (length > 0 ? (v * Math.sqrt(width)) / length : 0),
  };
  return x.map((v, i) => of[scaling.kind](v) - (center?.[i] ?? 0));
}

function activated({ activation, bias, features }: Encoder, products: number[]) {
  const a = products.map((p, f) => p + bias[f]);
  const relu = (v: number) => Math.max(v, 0);
  switch (activation.kind) {
    case "relu":
      return { codes: a.map(relu), margins: a.map(Math.abs), scores: a };
    case "jumprelu": {
      const { threshold } = activation;
      const codes = a.map((v, f) => (v > threshold[f] ? relu(v) : 0));
      return { codes, margins: a.map((v, f) => Math.min(Math.abs(v), Math.abs(v - threshold[f]))), scores: a };
    }
    case "gated": {
      const gates = products.map((p, f) => p + activation.gateBias[f]);
      const sizes = products.map((p, f) => p * activation.scale[f] + bias[f]);
      const codes = sizes.map((v, f) => (gates[f] > 0 ? relu(v) : 0));
      return { codes, margins: sizes.map((v, f) => Math.min(Math.abs(v), Math.abs(gates[f]))), scores: sizes };
    }
    case "topk": {
      const scores = a.map((v, f) => v * (activation.score?.[f] ?? 1));
      return chosen(scores, [scores.map((_, f) => f)], activation.k);
    }
    default: {
      const size = features / activation.k;
      const groups = Array.from({ length: activation.k }, (_, g) =>
        Array.from({ length: size }, (_, i) => g * size + i),
      );
      return chosen(a, groups, 1);
    }
  }
}

/** The k largest of each group, the first among equals. */
function chosen(scores: number[], groups: number[][], k: number) {
  const codes = scores.map(() => 0);
  const margins = scores.map(() => 0);
  for (const group of groups) {
    const order = group.toSorted((p, q) => scores[q] - scores[p]);
    order.slice(0, k).forEach((f) => {
      codes[f] = Math.max(scores[f], 0);
    });
    const edge = k < order.length ? (scores[order[k - 1]] + scores[order[k]]) / 2 : Number.NEGATIVE_INFINITY;
    for (const f of group) margins[f] = Math.min(Math.abs(scores[f]), Math.abs(scores[f] - edge));
  }
  return { codes, margins, scores };
}

/** Activations by name, for `features` features. */
export function everyActivation(features: number, random: Random): Record<string, Activation> {
  const normals = (shift = 0) => Float32Array.from({ length: features }, () => shift + random.normal());
  const positive = () => normals().map((v) => 0.5 + Math.abs(v));
  const divisor = [7, 5, 3, 2, 1].find((n) => features % n === 0)!;
  return {
    relu: { kind: "relu" },
    jumprelu: { kind: "jumprelu", threshold: positive() },
    gated: { kind: "gated", scale: positive(), gateBias: normals(-0.5) },
    topk: { kind: "topk", k: Math.min(features, 9) },
    "topk with scores": { kind: "topk", k: Math.min(features, 9), score: positive() },
    groupmax: { kind: "groupmax", k: features / divisor },
  };
}

/** An encoder of normal weights whose pre-activations have size 1. */
export function randomEncoder(
  width: number,
  features: number,
  random: Random,
  rest: Partial<Pick<Encoder, "scaling" | "activation" | "center">> = {},
): Encoder {
  const normals = (size: number, scale: number) => Float32Array.from({ length: size }, () => scale * random.normal());
  return {
    ...{ width, features, scaling: { kind: "none" }, activation: { kind: "relu" } },
    weight: normals(features * width, 1 / Math.sqrt(width)),
    bias: normals(features, 0.3),
    ...rest,
  };
}
