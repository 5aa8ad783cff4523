/** Where an autoencoder reads its model, out of the names that TransformerLens, transformers and dictionary_learning give. */

/** A place of a model whose vectors are read: `layer` counts from 0. `resid_post` of a layer is what the next one gets. */
export type SaeHookPoint =
  | { readonly kind: "embed" }
  | { readonly kind: "resid_post" | "attn_out" | "mlp_out"; readonly layer: number };

/** What goes into a layer: the output of the one before. */
const before = (layer: number): SaeHookPoint =>
  layer === 0 ? { kind: "embed" } : { kind: "resid_post", layer: layer - 1 };

const LENS: Readonly<Record<string, (layer: number) => SaeHookPoint>> = {
  resid_pre: before,
  resid_post: (layer) => ({ kind: "resid_post", layer }),
  attn_out: (layer) => ({ kind: "attn_out", layer }),
  mlp_out: (layer) => ({ kind: "mlp_out", layer }),
};

const EMBEDDING = /^(?:(?:gpt_neox|model|transformer)\.)?(?:embed_in|embed_tokens|wte|embed)$/;
const MODULE =
  /^(?:(?:gpt_neox|model|transformer)\.)?(?:layers|h|blocks)\.(\d{1,6})(?:\.(mlp|attention|attn|self_attn))?$/;
const DICTIONARY = /^(resid_post|resid_out|resid_pre|attn_out|mlp_out)_?layer_?(\d{1,6})$/;

/** `blocks.3.hook_resid_post`, `layers.3.mlp`, `resid_post_layer_3`, `embed`; undefined for a place that is none of these. */
export function hookPointOf(name: string): SaeHookPoint | undefined {
  if (name === "hook_embed" || EMBEDDING.test(name)) return { kind: "embed" };
  const lens = /^blocks\.(\d{1,6})\.hook_(resid_pre|resid_post|attn_out|mlp_out)$/.exec(name);
  if (lens) return LENS[lens[2]](Number(lens[1]));
  const module = MODULE.exec(name);
  if (module) {
    const layer = Number(module[1]);
    return { kind: module[2] === undefined ? "resid_post" : module[2] === "mlp" ? "mlp_out" : "attn_out", layer };
  }
  const own = DICTIONARY.exec(name);
  if (!own) return undefined;
  return LENS[own[1].replace("resid_out", "resid_post")](Number(own[2]));
}

/** What a module gets, for transcoders: known of whole layers only. */
export function inputPointOf(name: string): SaeHookPoint | undefined {
  const point = MODULE.test(name) ? hookPointOf(name) : undefined;
  return point?.kind === "resid_post" ? before(point.layer) : undefined;
}
