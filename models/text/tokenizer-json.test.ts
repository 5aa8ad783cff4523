/** Each of these was asked of Python's tokenizers 0.23: what it refuses, drops or numbers otherwise is refused. */
import { refusedAtOnce as refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { checkTokenizer } from "./tokenizer-json";

const test = suite("models/text/tokenizer-json");

const added = (content: string, id: number) => ({ id, content, special: true });
function check(changes: { model?: object; added_tokens?: unknown; pre_tokenizer?: unknown } = {}): void {
  const { model, ...others } = changes;
  const vocab = { a: 0, b: 1, ab: 2, "<e>": 3 };
  const json = {
    model: { type: "BPE", vocab, merges: ["a b"], ...model },
    pre_tokenizer: { type: "ByteLevel" },
    added_tokens: [],
    ...others,
  };
  checkTokenizer(json, "t");
}

test("what Python reads as it stands is read", () => {
  check();
  check({ model: { merges: [["a", "b"]] } });
  check({ model: { merges: ["#version: 0.2", "a b"] } });
  check({ model: { vocab: { a: 0, b: 0, ab: 2 ** 32 - 1 } } });
  check({ added_tokens: [added("<e>", 3), added("<f>", 4), added("<f>", 4), added("<g>", 5)] });
  check({
    model: { vocab: { a: 0, b: 10, ab: 20 } },
    added_tokens: [added("ab", 20), added("<f>", 3), added("<g>", 4)],
  });
});

test("ids are unsigned 32-bit numbers", () => {
  for (const id of [1.5, -1, 2 ** 32, 1e300, "1", null, true]) {
    refused(
      () => check({ model: { vocab: { a: 0, b: id, ab: 2 } } }),
      /^t: model\.vocab gives "b" the id .*whole numbers/,
    );
    refused(() => check({ added_tokens: [{ content: "x", id }] }), /added_tokens\[0\] lacks content or id/);
  }
});

test("merges are pairs of tokens that make a token", () => {
  const merges = (...list: unknown[]) => check({ model: { merges: list } });
  for (const merge of ["ab", "a b c", 7, null, ["a"], ["a", "b", "c"], ["a", 1], {}]) {
    refused(() => merges("a b", merge), /model\.merges\[1\] is .*, not a pair of tokens/);
  }
  refused(() => merges(["a", "b"], "a b"), /model\.merges\[1\] is "a b", not a pair/);
  refused(() => merges("a c"), /model\.merges\[0\] needs the token "c"; model\.vocab lacks it/);
  refused(() => merges("b a"), /needs the token "ba"/);
  refused(() => merges(["", "ab"]), /needs the token ""/);
});

test("an added token whose id Python would not give is refused", () => {
  const python = (list: unknown[]) => () => check({ added_tokens: list });
  refused(python([added("<e>", 0)]), /the added token "<e>" has id 0, Python gives it 3; .*--tokens/);
  refused(python([added("<f>", 7)]), /"<f>" has id 7, Python gives it 4/);
  refused(python([added("<f>", 1)]), /"<f>" has id 1, Python gives it 4/);
  refused(python([added("<f>", 5), added("<g>", 4)]), /"<f>" has id 5, Python gives it 4/);
  refused(python([added("<f>", 4), added("<f>", 5)]), /"<f>" has id 5, Python gives it 4/);
});

test("a flag is true or false", () => {
  for (const flag of [1, 0, "true", null, []]) {
    refused(
      () => check({ model: { ignore_merges: flag } }),
      /model\.ignore_merges is .*, only true or false is supported/,
    );
    const words = { type: "ByteLevel", add_prefix_space: flag };
    refused(() => check({ pre_tokenizer: words }), /pre_tokenizer\.add_prefix_space is .*, only true or false/);
  }
});

test("what takes more than a tokenizer needs is refused", () => {
  const long = "z".repeat(1_000_000);
  refused(() => check({ added_tokens: [added(long, 4)] }), /"z{40}"\.\.\. .* has 1000000 characters/);
  const many = Array.from({ length: 600 }, (_, i) => added(`${i}${"z".repeat(990)}`, 4 + i));
  refused(() => check({ added_tokens: many }), /all so far 50\d{4}; at most 1000, and 500000 of all/);
  refused(() => check({ model: { vocab: { [long]: -1 } } }), /gives "z{80}"\.\.\./);
  refused(() => check({ pre_tokenizer: long }), /pre_tokenizer is "z{80}"\.\.\./);
});

test.run();
