/** What kinetic temperatures (`sampler/temperature.ts`) say of chains: their mean, and how far chance alone takes it from 1. */
export function meanTemperature(
  temperatures: ArrayLike<number>,
  weights: number,
): { readonly temperature: number; readonly temperatureError: number } {
  let sum = 0;
  for (let i = 0; i < temperatures.length; i++) sum += temperatures[i];
  const temperature = sum / temperatures.length;
  // Each is a mean of as many squares of normals as there are weights, each of variance 2.
  return { temperature, temperatureError: Math.sqrt(2 / (weights * temperatures.length)) };
}
