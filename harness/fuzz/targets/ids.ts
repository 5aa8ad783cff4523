import { parseTokens, type TokenBlock } from "../../../models/formats/tokens";
import type { Random } from "../random";
import { bytesOf, target } from "../target";
import { npyFile } from "./npy";
import { safetensorsFile } from "./weights";

const LIMITS = { vocabSize: 50, maxPositionEmbeddings: 8 };

function block(random: Random): TokenBlock {
  const [rows, columns] = [random.from(1, 4), random.from(2, 9)];
  return { ids: Uint32Array.from(random.list(rows * columns, () => random.below(LIMITS.vocabSize))), rows, columns };
}

const rowsOf = ({ ids, rows, columns }: TokenBlock) =>
  Array.from({ length: rows }, (_, row) => [...ids.subarray(row * columns, (row + 1) * columns)]);

export const tokenIds = target<TokenBlock>({
  name: "token-ids",
  weight: 3,
  make(random) {
    const expected = block(random);
    const { ids, rows, columns } = expected;
    const bytes = random.pick([
      () => bytesOf(JSON.stringify(rowsOf(expected))),
      () => npyFile("i64", [rows, columns], Float64Array.from(ids)),
      () => npyFile("i32", [rows, columns], Int32Array.from(ids)),
      () =>
        safetensorsFile([
          {
            name: "input_ids",
            dtype: "I32",
            shape: [rows, columns],
            bytes: new Uint8Array(Int32Array.from(ids).buffer),
          },
        ]),
    ])();
    return { input: { ids: bytes }, expected };
  },
  read: (input) => parseTokens(input.ids, "ids", LIMITS),
  flaw: ({ ids, rows, columns }) =>
    ids.length === rows * columns && ids.every((id) => id < LIMITS.vocabSize)
      ? undefined
      : `${ids.length} ids of ${rows} x ${columns}`,
});
