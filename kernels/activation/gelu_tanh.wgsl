// The GELU approximated by tanh, as an activation; Hugging Face's gelu_new, gelu_fast and gelu_pytorch_tanh.
//
// f(x) = x/2 (1 + tanh u) = x s,  u = sqrt(2/pi) (x + 0.044715 x^3),  s = 1 / (1 + exp(-2u))
// f'(x) = s + x s (1 - s) 2 u'
//
// By the logistic function of 2u and not by tanh: 1 + tanh u cancels in the lower tail, and tanh of a large number is NaN on
// some adapters. exp gets 0 to -87 only; from |x| = 12 on s is 0 or 1 exactly.

struct Logistic { s: f32, rest: f32 } // s and 1 - s, neither of them a difference

fn gelu_logistic(x: f32) -> Logistic {
  let a = min(abs(x), 12.0);
  let twice_u = 1.59576912 * a * (1.0 + 0.044715 * a * a);
  let e = select(0.0, exp(-min(twice_u, 87.0)), twice_u < 87.0);
  let high = 1.0 / (1.0 + e);
  let low = e * high;
  if (x < 0.0) { return Logistic(low, high); }
  return Logistic(high, low);
}

fn activation(x: f32) -> f32 {
  return x * gelu_logistic(x).s;
}

fn activation_slope(x: f32) -> f32 {
  let p = gelu_logistic(x);
  let a = clamp(x, -12.0, 12.0);
  return p.s + a * p.s * p.rest * 1.59576912 * (1.0 + 0.134145 * a * a);
}
