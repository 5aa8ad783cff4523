/**
 * The two places where a tokenizer asks what a character is, as Python's `tokenizers` 0.23 answers: its regular expressions
 * know Unicode 16, its normalizer knows about Unicode 9, and neither moves with the JavaScript engine, whose tables do (Node
 * 20.0 has Unicode 15, later ones 17). The lists below are the differences, found by asking both about every code point;
 * `unicode.test.ts` holds every code point to the golden again.
 */
import { NFCNormalizer } from "@huggingface/tokenizers";
import { SpectroscopeError } from "../../kernels/errors";

/** `"1c89-1c8a 1b132"` as the inside of a character class. */
function characters(ranges: string): string {
  return ranges
    .trim()
    .replace(/[0-9a-f]+/g, "\\u{$&}")
    .replace(/\s+/g, "");
}

/** Letters and numbers that came with Unicode 15.1 and 16: an older engine does not know them. */
const LETTERS_TO_16 = characters(`
  1c89-1c8a a7cb-a7cd a7da-a7dc 105c0-105f3 10d4a-10d65 10d6f-10d85 10ec2-10ec4 11380-11389 1138b 1138e 11390-113b5 113b7
  113d1 113d3 11bc0-11be0 13460-143fa 16100-1611d 16d40-16d6c 18cff 1e5d0-1e5ed 1e5f0 2ebf0-2ee5d`);
const NUMBERS_TO_16 = characters("10d40-10d49 116d0-116e3 11bf0-11bf9 16130-16139 16d70-16d79 1ccf0-1ccf9 1e5f1-1e5fa");

/** Letters and numbers that came with Unicode 17: a newer engine knows them, Python's `tokenizers` does not. */
const LETTERS_OF_17 = characters(`
  88f c5c cdc a7ce-a7cf a7d2 a7d4 a7f1 10940-10959 10ec5-10ec7 11db0-11ddb 16ea0-16eb8 16ebb-16ed3 16ff2-16ff3 187f8-187ff
  18d09-18d1e 18d80-18df2 1e6c0-1e6de 1e6e0-1e6e2 1e6e4-1e6e5 1e6e7-1e6ed 1e6f0-1e6f4 1e6fe-1e6ff 2b73a-2b73f 2cea2-2cead
  323b0-33479`);
const NUMBERS_OF_17 = characters("11de0-11de9 16ff4-16ff6");

const LETTER = `[[\\p{L}${LETTERS_TO_16}]--[${LETTERS_OF_17}]]`;
const NUMBER = `[[\\p{N}${NUMBERS_TO_16}]--[${NUMBERS_OF_17}]]`;
// JavaScript's \s lacks U+0085 and has U+FEFF besides; \s of the tokenizers' regular expressions is White_Space.
const SPACE = "\\p{White_Space}";

/**
 * The words that GPT-2's byte-level tokenizer cuts a text into before it merges bytes: an English contraction, letters, numbers
 * or other signs with at most one space before them, and runs of white space, which leave their last character to the word that
 * follows. Source: the pattern of the `ByteLevel` pre-tokenizer in the documentation of Hugging Face `tokenizers`.
 */
export const WORD = new RegExp(
  [
    "'s|'t|'re|'ve|'m|'ll|'d",
    ` ?${LETTER}+`,
    ` ?${NUMBER}+`,
    ` ?[^${SPACE}${LETTER}${NUMBER}]+`,
    `${SPACE}+(?!\\P{White_Space})`,
    `${SPACE}+`,
  ].join("|"),
  "gv",
);

/**
 * Characters whose normalization came after the tables of Python's normalizer. To those tables they are unassigned: signs that
 * nothing combines with and that keep their place.
 */
const NOT_NORMALIZED = characters(`
  7fd 897-89f 8ca-8d3 9fe c3c d3b-d3c eba 1715 1abf-1add 1ae0-1aeb 1df6-1dfa a82c 105c9 105d2 105da 105e4 10d24-10d27
  10d69-10d6d 10eab-10eac 10efa-10efb 10efd-10eff 10f46-10f50 10f82-10f85 11070 1133b 11382-11385 1138b 1138e 11390-11391
  113b8 113bb 113c2 113c5 113c7-113c9 113ce-113d0 1145e 11839-1183a 11930 11935 11938 1193d-1193e 11943 119e0 11a34 11a47 11a99
  11d42 11d44-11d45 11d97 11f41-11f42 1611e-1612f 16d63 16d67-16d69 16ff0-16ff1 1e08f 1e130-1e136 1e2ae 1e2ec-1e2ef 1e4ec-1e4ef
  1e5ee-1e5ef 1e6e3 1e6e6 1e6ee-1e6ef 1e6f5`);
const BETWEEN = new RegExp(`[^${NOT_NORMALIZED}]+`, "gu");

/** Marks on one character that are put in order. Unicode's own stream-safe form has 30. */
const MOST_MARKS = 1000;

/**
 * Refuses a character with more marks than any text has: the engine takes time by the square of their number to put them in order,
 * minutes for a text of nothing else. `where` names the text. @throws SpectroscopeError
 */
export function checkMarks(text: string, where: string): void {
  for (const { 0: marks, index } of text.matchAll(/\p{M}+/gu)) {
    if (marks.length <= MOST_MARKS) continue;
    const what = `${marks.length} combining marks after each other, from its UTF-16 unit ${index} on`;
    throw new SpectroscopeError(`${where}: ${what}`, { code: "bad-input", hint: `at most ${MOST_MARKS} are read` });
  }
}

/** NFC by the tables of Python's `tokenizers`: exact, because normalization never changes for characters once assigned. */
export function normalize(text: string): string {
  return text.replace(BETWEEN, (part) => part.normalize("NFC"));
}

/** The same in the package's frame. */
export class Normalizer extends NFCNormalizer {
  override normalize(text: string): string {
    return normalize(text);
  }
}
