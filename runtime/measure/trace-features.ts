import type { Matrix } from "../statistics/matrix";
import type { Run } from "../store/run";
import { shuffledTraces } from "../susceptibility/controls";
import { traceColumns } from "../susceptibility/traces";
import { openUnit } from "./chi-tables";

/**
 * Trace features of a run that kept its traces; with `shuffle`, their control; those of the units with `suffix` after the components'
 * names. [tokens, draws x chains x components].
 */
export async function traceMatrix(
  run: Run,
  components: readonly string[],
  request: { readonly seed: number; readonly shuffle: boolean; readonly suffix?: string },
): Promise<Matrix> {
  let data = new Float32Array(0);
  let width = 0;
  let rows = 0;
  for (const [index, name] of components.entries()) {
    const unit = await openUnit(run, name + (request.suffix ?? ""));
    const traces = await unit.rises();
    const { draws, chains, tokens } = unit;
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
