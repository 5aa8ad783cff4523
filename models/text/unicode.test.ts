import { createHash } from "node:crypto";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { readJson } from "../../runtime/node/files";
import { projectRoot } from "../../runtime/node/root";
import { normalize, WORD } from "./unicode";

interface Golden {
  readonly made_with: { readonly tokenizers: string };
  /** Code points hashed together. */
  readonly block: number;
  /** Runs [first code point, class]. */
  readonly classes: readonly (readonly [number, string])[];
  readonly nfc: Readonly<Record<string, string>>;
}

const test = suite("models/text/unicode");
let golden: Golden;
test.before(async () => {
  golden = (await readJson(join(projectRoot(), "goldens", "tokenizer", "unicode.json"))) as Golden;
});

function* codePoints(): Generator<number> {
  for (let c = 0; c < 0x110000; c++) if (c < 0xd800 || c >= 0xe000) yield c;
}

test("every code point is letter, number, space or other as Python's pre-tokenizer has it", (t) => {
  const joins = (neighbor: string, c: number) => `${neighbor}${String.fromCodePoint(c)}`.match(WORD)?.length === 1;
  const wrong: string[] = [];
  const counts: Record<string, number> = {};
  let run = 0;
  for (const c of codePoints()) {
    if (golden.classes[run + 1]?.[0] === c) run++;
    const expected = golden.classes[run][1];
    const found = joins("a", c) ? "L" : joins("1", c) ? "N" : joins(".", c) ? "P" : "S";
    if (found !== expected) wrong.push(`U+${c.toString(16)} is ${found}, expected ${expected}`);
    counts[found] = (counts[found] ?? 0) + 1;
  }
  assert.is(run, golden.classes.length - 1, "runs of the golden");
  assert.equal(wrong.slice(0, 10), []);
  t.note(
    `${JSON.stringify(counts)} as in tokenizers ${golden.made_with.tokenizers}, engine's Unicode ${process.versions.unicode}`,
  );
});

test("every code point is normalized as Python's NFC does it, alone and among marks", () => {
  const blocks = new Map<string, ReturnType<typeof createHash>>();
  for (const c of codePoints()) {
    const block = (Math.floor(c / golden.block) * golden.block).toString(16);
    if (!blocks.has(block)) blocks.set(block, createHash("sha256"));
    const char = String.fromCodePoint(c);
    // Combining classes 240 and 1: any other class of the character reorders one of the two.
    for (const text of [char, `a\u0345${char}`, `a${char}\u0334`]) blocks.get(block)!.update(normalize(text));
  }
  const found = Object.fromEntries([...blocks].map(([block, hash]) => [block, hash.digest("hex").slice(0, 16)]));
  assert.is(Object.keys(golden.nfc).length, 0x110000 / golden.block);
  const wrong = Object.keys(golden.nfc).filter((block) => found[block] !== golden.nfc[block]);
  assert.equal(wrong, [], "blocks, by their first code point");
});

test.run();
