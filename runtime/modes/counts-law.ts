import { SpectroscopeError } from "../../kernels/errors";
import type { Law } from "./law";

/** What a pool of texts says of the token after a context. */
interface Node {
  /** Times a token followed. */
  readonly counts: Map<number, number>;
  total: number;
  /** The same context, one id longer to the left. */
  readonly longer: Map<number, Node>;
}

const newNode = (): Node => ({ counts: new Map(), total: 0, longer: new Map() });

/** Sequences of ids, [rows, columns] row-major; every id but a row's first is a target. */
export interface IdRows {
  readonly ids: ArrayLike<number>;
  readonly columns: number;
}

/**
 * The law of a pool's counts given the last ids of a context, at most `order` of them and never across the start of a row, with
 * Witten and Bell's interpolated smoothing (IEEE Trans. Information Theory 37 (1991), method C): for a context h that c(h) targets
 * of the pool follow, t(h) of them distinct, and h' = h without its first id,
 *   p(y|h) = (c(h y) + t(h) p(y|h')) / (c(h) + t(h)),
 * the same for the empty context with the uniform law 1 / V below it, and p(y|h) = p(y|h') where h never occurs. A token is never
 * impossible. Contexts are what stands before each target of the probe's rows, in their order; order 0 is the unigram law.
 * @throws SpectroscopeError `bad-input` for ids outside the vocabulary, rows that are not whole, or a pool without targets
 */
export function countsLaw(options: {
  readonly pool: IdRows;
  readonly probe: IdRows;
  readonly tokens: number;
  readonly order: number;
}): Law {
  const { pool, probe, tokens, order } = options;
  if (!(Number.isInteger(order) && order >= 0))
    throw new SpectroscopeError(`law from counts: order ${order}`, { hint: "give 0, 1, 2, ... ids of context" });
  checkRows(pool, tokens, "pool");
  checkRows(probe, tokens, "probe");
  const root = newNode();
  const positions = probe.columns - 1;
  // Only contexts that the probe has are counted.
  const paths: Node[][] = [];
  eachTarget(probe, (at, before) => {
    const path = [root];
    for (let k = 1; k <= Math.min(order, before); k++) {
      const { longer } = path[k - 1];
      const id = probe.ids[at - k];
      if (!longer.has(id)) longer.set(id, newNode());
      path.push(longer.get(id)!);
    }
    paths.push(path);
  });
  eachTarget(pool, (at, before) => {
    let node: Node | undefined = root;
    for (let k = 0; node; node = ++k <= before ? node.longer.get(pool.ids[at - k]) : undefined) {
      node.counts.set(pool.ids[at], (node.counts.get(pool.ids[at]) ?? 0) + 1);
      node.total++;
    }
  });
  if (root.total === 0)
    throw new SpectroscopeError("law from counts: the pool has no target", { hint: "give rows of two ids or more" });
  return {
    contexts: (probe.ids.length / probe.columns) * positions,
    tokens,
    rows(from, to) {
      const out = new Float64Array((to - from) * tokens).fill(1 / tokens);
      for (let i = from; i < to; i++) {
        const row = out.subarray((i - from) * tokens, (i - from + 1) * tokens);
        for (const { counts, total } of paths[i]) {
          if (total === 0) break;
          const all = total + counts.size;
          for (let y = 0; y < tokens; y++) row[y] *= counts.size / all;
          for (const [y, count] of counts) row[y] += count / all;
        }
      }
      return out;
    },
  };
}

function checkRows({ ids, columns }: IdRows, tokens: number, name: string): void {
  if (!(Number.isInteger(columns) && columns > 1 && ids.length % columns === 0))
    throw new SpectroscopeError(`law from counts: ${name} of ${ids.length} ids in rows of ${columns}`, {
      hint: "give whole rows of two ids or more",
    });
  for (let i = 0; i < ids.length; i++)
    if (!(Number.isInteger(ids[i]) && ids[i] >= 0 && ids[i] < tokens))
      throw new SpectroscopeError(
        `law from counts: ${name} has id ${ids[i]} at ${i}, the vocabulary ${tokens} tokens`,
        {
          hint: "give ids of the model's vocabulary",
        },
      );
}

/** Every target's place, and how many ids stand before it in its row. */
function eachTarget({ ids, columns }: IdRows, each: (at: number, before: number) => void): void {
  for (let start = 0; start < ids.length; start += columns) for (let j = 1; j < columns; j++) each(start + j, j);
}
