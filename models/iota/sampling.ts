/**
 * How far each component of iota is let out (`models/nano/sampling.ts` says what a scale does). By weight restriction; one that is
 * not here has scale 1. Rough values: a few draws of the prior raise the probe's loss by about 0.2 nats with them.
 */
export const componentScale: Readonly<Record<string, number>> = {
  full: 0.02,
};
