// Every kernel in one WebAssembly module, so that all share a memory. Each export is called as
// `name(block, from, to, scratch)`; `kernels/kernel.ts`, HostCode, says what these are.
export { add_sum } from "../../add/assembly/sum";
export { loss_backward_input } from "../../loss/assembly/backward_input";
export { loss_backward_weight } from "../../loss/assembly/backward_weight";
export { loss_forward } from "../../loss/assembly/forward";
export { loss_forward_backward } from "../../loss/assembly/forward_backward";
export { loss_merge } from "../../loss/assembly/merge";
export { matmul_bias_backward } from "../../matmul/assembly/bias_backward";
export { matmul_nn } from "../../matmul/assembly/nn";
export { matmul_nt } from "../../matmul/assembly/nt";
export { matmul_tn } from "../../matmul/assembly/tn";
export {
  activation_gelu_backward,
  activation_gelu_tanh_backward,
  activation_relu_backward,
} from "../../activation/assembly/backward";
export {
  activation_gelu_forward,
  activation_gelu_tanh_forward,
  activation_relu_forward,
} from "../../activation/assembly/forward";
export { layernorm_backward } from "../../layernorm/assembly/backward";
export { layernorm_backward_params } from "../../layernorm/assembly/backward_params";
export { layernorm_forward } from "../../layernorm/assembly/forward";
export { rotary_rotate } from "../../rotary/assembly/rotate";
export { attention_backward } from "../../attention/assembly/backward";
export { attention_forward } from "../../attention/assembly/forward";
export { embedding_backward } from "../../embedding/assembly/backward";
export { embedding_forward } from "../../embedding/assembly/forward";
export { moments_covariance } from "../../moments/assembly/covariance";
export { philox_bits, philox_normal } from "../../philox/assembly/words";
export { reduce_sum_rows } from "../../reduce/assembly/sum_rows";
export { sgld_gaussian } from "../../sgld/assembly/gaussian";
export { sgld_rmsprop } from "../../sgld/assembly/rmsprop";
export { sgld_step } from "../../sgld/assembly/step";
