/** What kinetic temperatures (`sampler/temperature.ts`) say of chains. */

/** A component's mean kinetic temperature and its sampling error; absent where none was taken. */
export interface Heat {
  readonly temperature?: number;
  readonly temperatureError?: number;
}

/** Above it steps are too large, or gradients too noisy. */
export const HOT = 1.02;
/** Sampling errors by which it has to be above. */
const SURE = 2;

/** The mean over checks and chains, and how far chance alone takes it from 1. */
export function meanTemperature(temperatures: ArrayLike<number>, weights: number): Required<Heat> {
  let sum = 0;
  for (let i = 0; i < temperatures.length; i++) sum += temperatures[i];
  const temperature = sum / temperatures.length;
  // Each is a mean of as many squares of normals as there are weights, each of variance 2.
  return { temperature, temperatureError: Math.sqrt(2 / (weights * temperatures.length)) };
}

/** Whether it is above what a good step has, and not by chance. */
export function isHot({ temperature = 1, temperatureError = 0 }: Heat): boolean {
  return temperature > HOT + SURE * temperatureError;
}
