// log in f32, one number at a time.
//
// log(2^e m) = e log 2 + 2 artanh(z),  z = (m - 1) / (m + 1),  m in [sqrt(1/2), sqrt(2)), |z| <= 0.172
//
// The series of artanh is cut behind z^11 (a relative error of 5e-11) and summed in f64, so that the result is rounded once: half
// a unit in the last place. The argument is positive, normal and finite.

/** log of a positive normal number. */
export function log1(a: f32): f32 {
  const bits = reinterpret<u64>(<f64>a);
  let e = <i32>(bits >>> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    e++;
  }
  const z = (m - 1) / (m + 1);
  const q = z * z;
  const series = 1 + q * (1 / 3.0 + q * (1 / 5.0 + q * (1 / 7.0 + q * (1 / 9.0 + q / 11.0))));
  return <f32>(<f64>e * 0.6931471805599453 + 2 * z * series);
}
