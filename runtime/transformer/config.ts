import type { ActivationName } from "../../kernels/activation/functions";

/** The numbers of a GPT-NeoX model that the mathematics needs. */
export interface NeoxConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  /** hiddenSize / numAttentionHeads */
  readonly headDim: number;
  readonly intermediateSize: number;
  /** How many leading dims of each head are rotated, 0 to headDim; of an odd number one more is. */
  readonly rotaryNdims: number;
  /** Base of the rotary frequencies: pair i of a head turns by `rotaryBase^(-2i/rotaryNdims)` radians per position. */
  readonly rotaryBase: number;
  readonly layerNormEps: number;
  /** true: `x + attn(ln1 x) + mlp(ln2 x)`; false: one after the other. */
  readonly useParallelResidual: boolean;
  /** Of the MLP: `gelu` is exact, by erf; `gelu_tanh` its approximation by tanh. */
  readonly hiddenAct: ActivationName;
  /** Whether query_key_value and attention.dense have biases. */
  readonly attentionBias: boolean;
  /** true: the unembedding is the embedding's matrix and has no weight of its own. */
  readonly tieWordEmbeddings: boolean;
  readonly maxPositionEmbeddings: number;
}
