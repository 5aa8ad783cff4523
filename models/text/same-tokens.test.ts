import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { checkSameTokens } from "./same-tokens";

const test = suite("models/text/same-tokens");
const namer = (name: string, names: readonly (string | undefined)[]) => {
  return { name, nameOf: (id: number) => names[id] ?? `#${id}` };
};

test("ids of a text are compared where both know them, and the first that differs is named", () => {
  const a = namer("a", ["x", "y", " z", undefined, "w"]);
  const b = namer("b", ["x", "y", " z", "v", "other"]);
  assert.is(checkSameTokens([2, 0, 2, 1, 3], a, b), 3);
  assert.is(checkSameTokens([3, 9], a, b), 0);
  refusedAtOnce(
    () => checkSameTokens([4, 0], a, b),
    /a and b read other tokens: id 4 is "w" in one, "other" in the other; use two models of one tokenizer/,
  );
});

test.run();
