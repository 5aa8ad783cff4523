import { backward as activationBackward } from "./activation/backward";
import { forward as activationForward } from "./activation/forward";
import { sum } from "./add/sum";
import { backward as attentionBackward } from "./attention/backward";
import { forward as attentionForward } from "./attention/forward";
import { backward as embeddingBackward } from "./embedding/backward";
import { forward as embeddingForward } from "./embedding/forward";
import type { Kernel } from "./kernel";
import { forward as knnForward } from "./knn/forward";
import { backward as layernormBackward } from "./layernorm/backward";
import { backwardParams as layernormBackwardParams } from "./layernorm/backward_params";
import { forward as layernormForward } from "./layernorm/forward";
import { backwardInput as lossBackwardInput } from "./loss/backward_input";
import { backwardWeight as lossBackwardWeight } from "./loss/backward_weight";
import { forward as lossForward } from "./loss/forward";
import { forwardBackward as lossForwardBackward } from "./loss/forward_backward";
import { merge as lossMerge } from "./loss/merge";
import { biasBackward } from "./matmul/bias_backward";
import { nn } from "./matmul/nn";
import { nt } from "./matmul/nt";
import { tn } from "./matmul/tn";
import { covariance } from "./moments/covariance";
import { deviation } from "./moments/deviation";
import { sumRows } from "./reduce/sum_rows";
import { rotate } from "./rotary/rotate";
import { activate } from "./sae/activate";
import { topk } from "./sae/topk";
import { baoab } from "./sgld/baoab";
import { gaussian } from "./sgld/gaussian";
import { rmsprop } from "./sgld/rmsprop";
import { step } from "./sgld/step";

/** Every kernel that plans call: what tests, goldens, benches and tunings go through. */
export const kernels: readonly Kernel[] = [
  sum,
  attentionForward,
  attentionBackward,
  embeddingForward,
  embeddingBackward,
  ...Object.values(activationForward),
  ...Object.values(activationBackward),
  knnForward,
  layernormForward,
  layernormBackward,
  layernormBackwardParams,
  lossForward,
  lossForwardBackward,
  lossBackwardInput,
  lossBackwardWeight,
  lossMerge,
  nt,
  nn,
  tn,
  biasBackward,
  covariance,
  deviation,
  sumRows,
  rotate,
  activate,
  topk,
  gaussian,
  rmsprop,
  step,
  baoab,
];
