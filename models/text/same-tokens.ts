/** Whether two models mean the same tokens by the ids of a text. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import type { TokenNames } from "./names";

/** Somebody who calls ids by names, `#id` where it has none. */
interface Namer {
  readonly name: string;
  readonly nameOf: TokenNames;
}

/**
 * Compares the names of a text's ids, each once.
 * @returns how many ids both have names for; where it is 0 nothing is known
 * @throws SpectroscopeError for the first id that both call otherwise
 */
export function checkSameTokens(ids: Iterable<number>, a: Namer, b: Namer): number {
  let compared = 0;
  for (const id of [...new Set(ids)].sort((x, y) => x - y)) {
    const [one, other] = [a.nameOf(id), b.nameOf(id)];
    if (one === `#${id}` || other === `#${id}`) continue;
    compared++;
    if (one !== other)
      throw new SpectroscopeError(
        `${a.name} and ${b.name} read other tokens: id ${id} is ${quoted(one)} in one, ${quoted(other)} in the other`,
        { code: "bad-input", hint: "use two models of one tokenizer" },
      );
  }
  return compared;
}
