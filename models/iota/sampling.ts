/**
 * How far each component of nano is let out: its scale s multiplies the step size and divides the localization, so the
 * relaxation time stays and the variance of its weights grows by s. Chosen so that every component raises the probe's loss
 * by about the same, 0.2 to 0.4 nats: the loss is far steeper in the embedding than in a head of the last layer.
 */
const perLayer = {
  heads: [
    [0.3, 0.35, 0.2, 0.6, 0.15, 0.35, 0.8, 0.3],
    [0.7, 0.65, 0.9, 1.3, 1.0, 1.2, 0.65, 1.2],
  ],
  /** Quarters of the MLP's 128 neurons. */
  groups: [
    [0.65, 0.75, 0.9, 0.7],
    [1.3, 1.0, 1.0, 1.1],
  ],
  mlp: [0.35, 0.35],
};

/** By weight restriction; one that is not here has scale 1. */
export const componentScale: Readonly<Record<string, number>> = Object.fromEntries([
  ["full", 0.02],
  ["embed", 0.09],
  ["unembed", 0.3],
  ...perLayer.heads.flatMap((heads, layer) => heads.map((s, head) => [`l${layer}h${head}`, s] as const)),
  ...perLayer.mlp.map((s, layer) => [`l${layer} mlp`, s] as const),
  ...perLayer.groups.flatMap((groups, layer) =>
    groups.map((s, group) => [`l${layer} mlp[${32 * group}:${32 * (group + 1)}]`, s] as const),
  ),
]);
