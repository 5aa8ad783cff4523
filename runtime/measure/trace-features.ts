import type { Matrix } from "../statistics/matrix";
import type { Run } from "../store/run";
import type { Samples } from "../store/samples-reader";
import { shuffledTraces } from "../susceptibility/controls";
import { traceColumns } from "../susceptibility/traces";
import { openUnit } from "./chi-tables";

/**
 * Trace features of a run that kept its traces; with `shuffle`, their control; those of the units with `suffix` after the components'
 * names, and of some `chains` alone. [tokens, draws x chains x components].
 */
export async function traceMatrix(
  run: Run,
  components: readonly string[],
  request: {
    readonly seed: number;
    readonly shuffle: boolean;
    readonly suffix?: string;
    readonly chains?: readonly number[];
  },
): Promise<Matrix> {
  let data = new Float32Array(0);
  let width = 0;
  let rows = 0;
  for (const [index, name] of components.entries()) {
    const unit = await openUnit(run, name + (request.suffix ?? ""));
    const { draws, tokens } = unit;
    const traces = chainTraces(await unit.rises(), unit, request.chains);
    const chains = request.chains?.length ?? unit.chains;
    const shape = { draws, chains, tokens };
    const own = draws * chains;
    if (index === 0) {
      rows = tokens;
      width = own * components.length;
      data = new Float32Array(rows * width);
    }
    const used = request.shuffle ? shuffledTraces(traces, shape, request.seed, name) : traces;
    traceColumns(used, shape, data, width, index * own);
  }
  return { rows, cols: width, data };
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
