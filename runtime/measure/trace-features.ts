import type { Matrix } from "../statistics/matrix";
import type { Run } from "../store/run";
import type { Samples } from "../store/samples-reader";
import { shuffledTraces } from "../susceptibility/controls";
import { traceColumns } from "../susceptibility/traces";
import { openUnit } from "./chi-tables";

/** Which traces: with `shuffle` their control, with `suffix` those of the units that are called so after the components' names. */
export interface TraceRequest {
  readonly seed: number;
  readonly shuffle: boolean;
  readonly suffix?: string;
}

/** Trace features of a run that kept its traces. [tokens, draws x chains x components]. */
export async function traceMatrix(run: Run, components: readonly string[], request: TraceRequest): Promise<Matrix> {
  const [whole] = await traceMatrices(run, components, request, [undefined]);
  return whole;
}

/** The same of parts of the chains, each by its chains' numbers; every unit is read once for all of them. */
export async function traceMatrices(
  run: Run,
  components: readonly string[],
  { seed, shuffle, suffix = "" }: TraceRequest,
  parts: readonly (readonly number[] | undefined)[],
): Promise<Matrix[]> {
  let matrices: (Matrix & { data: Float32Array })[] = [];
  for (const [index, name] of components.entries()) {
    const unit = await openUnit(run, name + suffix);
    const { draws, chains, tokens } = unit;
    const sizes = parts.map((kept) => draws * (kept?.length ?? chains));
    if (index === 0) {
      matrices = sizes.map((own) => {
        const cols = own * components.length;
        return { rows: tokens, cols, data: new Float32Array(tokens * cols) };
      });
    }
    const rises = await unit.rises();
    const traces = shuffle ? shuffledTraces(rises, { draws, chains, tokens }, seed, name) : rises;
    for (const [i, kept] of parts.entries()) {
      const shape = { draws, chains: kept?.length ?? chains, tokens };
      const { data, cols } = matrices[i];
      traceColumns(chainTraces(traces, unit, kept), shape, data, cols, index * sizes[i]);
    }
  }
  return matrices;
}

/** Traces [draws, chains, tokens] of some chains. */
function chainTraces(
  traces: Float32Array,
  { draws, chains, tokens }: Pick<Samples, "draws" | "chains" | "tokens">,
  kept: readonly number[] | undefined,
): Float32Array {
  if (!kept) return traces;
  const out = new Float32Array(draws * kept.length * tokens);
  for (let s = 0; s < draws; s++) {
    for (const [at, m] of kept.entries()) {
      const row = (s * chains + m) * tokens;
      out.set(traces.subarray(row, row + tokens), (s * kept.length + at) * tokens);
    }
  }
  return out;
}
