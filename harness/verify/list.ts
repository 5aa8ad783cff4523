/** Every kernel that goldens are held against. */
import { sum } from "../../kernels/add/sum";
import { backward as embeddingBackward } from "../../kernels/embedding/backward";
import { forward as embeddingForward } from "../../kernels/embedding/forward";
import { backward as geluBackward } from "../../kernels/gelu/backward";
import { forward as geluForward } from "../../kernels/gelu/forward";
import type { Kernel } from "../../kernels/kernel";
import { forward as knnForward } from "../../kernels/knn/forward";
import { backward as layernormBackward } from "../../kernels/layernorm/backward";
import { backwardParams as layernormBackwardParams } from "../../kernels/layernorm/backward_params";
import { forward as layernormForward } from "../../kernels/layernorm/forward";
import { backwardWeight as lossBackwardWeight } from "../../kernels/loss/backward_weight";
import { forward as lossForward } from "../../kernels/loss/forward";
import { forwardBackward as lossForwardBackward } from "../../kernels/loss/forward_backward";
import { biasBackward } from "../../kernels/matmul/bias_backward";
import { nn } from "../../kernels/matmul/nn";
import { nt } from "../../kernels/matmul/nt";
import { tn } from "../../kernels/matmul/tn";
import { covariance } from "../../kernels/moments/covariance";
import { bits } from "../../kernels/philox/bits";
import { normal } from "../../kernels/philox/normal";
import { sumRows } from "../../kernels/reduce/sum_rows";
import { rotate } from "../../kernels/rotary/rotate";
import { gaussian } from "../../kernels/sgld/gaussian";
import { rmsprop } from "../../kernels/sgld/rmsprop";
import { step } from "../../kernels/sgld/step";

export const kernels: readonly Kernel[] = [
  sum,
  embeddingBackward,
  embeddingForward,
  geluBackward,
  geluForward,
  layernormBackward,
  layernormBackwardParams,
  layernormForward,
  lossBackwardWeight,
  lossForward,
  lossForwardBackward,
  biasBackward,
  nn,
  nt,
  tn,
  covariance,
  knnForward,
  bits,
  normal,
  sumRows,
  rotate,
  gaussian,
  rmsprop,
  step,
];
