/** Hook points by the names that projects give them: this one's, TransformerLens (SAELens), sparsify, dictionary_learning, modules. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import type { Model } from "../../runtime/transformer/family";
import { checkHookPoint, type HookPoint, hookPointsOf, type LayerPoint } from "../../runtime/transformer/hook-points";

const N = "(0|[1-9]\\d{0,8})";

/** Of a layer: the pattern's groups are N and what is read there, or the other way round. */
const OF_LAYERS: readonly { readonly pattern: RegExp; readonly layer: 1 | 2 }[] = [
  { pattern: new RegExp(`^l${N} (resid_pre|attn_out|mlp_out|resid_post)$`), layer: 1 },
  { pattern: new RegExp(`^blocks\\.${N}\\.hook_(resid_pre|attn_out|mlp_out|resid_post)$`), layer: 1 },
  // A module's output: of a layer, of its attention or its MLP, with or without what it lies in (gpt_neox, model, transformer).
  {
    pattern: new RegExp(`^(?:[a-z]\\w*\\.){0,2}(?:layers|h|blocks)\\.${N}(|\\.mlp|\\.attention|\\.self_attn|\\.attn)$`),
    layer: 1,
  },
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
 * The hook point that a name means in a model: `l3 resid_post`, `blocks.3.hook_resid_post`, `layers.3`, `gpt_neox.layers.3`,
 * `resid_out_layer3`, `resid_post_layer_3` are one.
 * @throws SpectroscopeError for a name that is none, and for a layer that the model does not have, with what there is
 */
export function parseHookPoint(text: string, model: Pick<Model, "dims">): HookPoint {
  for (const { pattern, layer } of OF_LAYERS) {
    const found = pattern.exec(text);
    if (!found) continue;
    return checkHookPoint({ kind: MEANINGS[found[3 - layer]], layer: Number(found[layer]) }, model, quoted(text));
  }
  const other = OTHERS.find(({ pattern }) => pattern.test(text));
  if (other) return { kind: other.kind };
  throw new SpectroscopeError(`no hook point ${quoted(text)}`, {
    code: "bad-input",
    hint: `${hookPointsOf(model)}, as "l0 resid_post", "blocks.0.hook_resid_post", "layers.0" or "resid_out_layer0"`,
  });
}
