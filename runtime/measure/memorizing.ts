import { usage } from "../config/schema";
import type { RunConfig } from "./config";
import { type Corpus, tokensOf } from "./corpus";

/**
 * Refuses a posterior that knows its text by heart: n_beta is how many tokens speak in it, and more than there are of them count
 * every one of them more than once. @throws SpectroscopeError (usage) with both numbers
 */
export function checkMemorizing({ sampler }: Pick<RunConfig, "sampler">, pool: Corpus): void {
  const tokens = tokensOf(pool);
  if (sampler.allow_memorizing || sampler.n_beta <= tokens) return;
  throw usage(
    `sampler.n_beta is ${sampler.n_beta}, and gradients come from ${tokens} tokens: chains would learn those by heart`,
    `lower n_beta to ${tokens} or give the pool more text; sampler.allow_memorizing=true samples it all the same`,
  );
}
