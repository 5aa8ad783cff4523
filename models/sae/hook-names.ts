/** Hook points by the names that projects give them: this one's, TransformerLens (SAELens), sparsify, dictionary_learning, modules. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import type { Model } from "../../runtime/transformer/family";
import { checkHookPoint, type HookPoint, hookPointsOf, type LayerPoint } from "../../runtime/transformer/hook-points";

const N = "(0|[1-9]\\d{0,8})";

/** A module of a layer, with or without what it lies in (gpt_neox, model, transformer): the layer, its attention or its MLP. */
const MODULE = new RegExp(
  `^(?:[a-z]\\w*\\.){0,2}(?:layers|h|blocks)\\.${N}(|\\.mlp|\\.attention|\\.self_attn|\\.attn)$`,
);

/** Of a layer: the pattern's groups are N and what is read there, or the other way round. */
const OF_LAYERS: readonly { readonly pattern: RegExp; readonly layer: 1 | 2 }[] = [
  { pattern: new RegExp(`^l${N} (resid_pre|attn_out|mlp_out|resid_post)$`), layer: 1 },
  { pattern: new RegExp(`^blocks\\.${N}\\.hook_(resid_pre|attn_out|mlp_out|resid_post)$`), layer: 1 },
  // A module's output.
  { pattern: MODULE, layer: 1 },
  { pattern: new RegExp(`^(resid_pre|resid_out|resid_post|attn_out|mlp_out)_?layer_?${N}$`), layer: 2 },
];

const MEANINGS: Readonly<Record<string, LayerPoint>> = {
  resid_pre: "resid_pre",
  resid_post: "resid_post",
  resid_out: "resid_post",
  "": "resid_post",
  attn_out: "attn_out",
  ".attention": "attn_out",
  ".self_attn": "attn_out",
  ".attn": "attn_out",
  mlp_out: "mlp_out",
  ".mlp": "mlp_out",
};

const OTHERS: readonly { readonly pattern: RegExp; readonly kind: "embed" | "final" }[] = [
  { pattern: /^(?:embed|hook_embed|(?:[a-z]\w*\.){0,2}(?:embed_in|embed_tokens|wte))$/, kind: "embed" },
  { pattern: /^(?:final|(?:[a-z]\w*\.){0,2}(?:final_layer_norm|norm|ln_f))$/, kind: "final" },
];

/**
 * The hook point that a name means, in whatever model; undefined for a name that is none. `l3 resid_post`,
 * `blocks.3.hook_resid_post`, `layers.3`, `gpt_neox.layers.3`, `resid_out_layer3`, `resid_post_layer_3` are one. What goes into
 * layer 0 is its `resid_pre`, not `embed`: a family may do something between.
 */
export function hookPointOf(name: string): HookPoint | undefined {
  for (const { pattern, layer } of OF_LAYERS) {
    const found = pattern.exec(name);
    if (found) return { kind: MEANINGS[found[3 - layer]], layer: Number(found[layer]) };
  }
  const other = OTHERS.find(({ pattern }) => pattern.test(name));
  return other && { kind: other.kind };
}

/** What a module gets, for transcoders: known of whole layers only. */
export function inputPointOf(name: string): HookPoint | undefined {
  const found = MODULE.exec(name);
  return found?.[2] === "" ? { kind: "resid_pre", layer: Number(found[1]) } : undefined;
}

/**
 * `hookPointOf` in a model.
 * @throws SpectroscopeError for a name that is none, and for a layer that the model does not have, with what there is
 */
export function parseHookPoint(text: string, model: Pick<Model, "dims">): HookPoint {
  const point = hookPointOf(text);
  if (point) return checkHookPoint(point, model, quoted(text));
  throw new SpectroscopeError(`no hook point ${quoted(text)}`, {
    code: "bad-input",
    hint: `${hookPointsOf(model)}, as "l0 resid_post", "blocks.0.hook_resid_post", "layers.0" or "resid_out_layer0"`,
  });
}
