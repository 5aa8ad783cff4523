import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTokenizer } from "../../../models/text/tokenizer";
import { type Measured, readTuning, tableOf } from "../../../runtime/node/tuning-file";
import { memoryFiles } from "../../test/memory-files";
import { mutatedJson } from "../mutate";
import type { Random } from "../random";
import { bytesOf, type Input, target } from "../target";
import { word } from "../words";

const MEASURED: Measured = {
  adapter: { name: "n", vendor: "v", architecture: "a", description: "d" },
  dawn: "1",
  kernels: "k",
};
let folder = "";

const choices = (random: Random) =>
  Object.fromEntries(
    random.list(random.from(0, 3), () => [
      word(random),
      Object.fromEntries(
        random.list(random.from(0, 2), () => [String(random.below(9)), random.list(2, () => word(random))]),
      ),
    ]),
  );

const tuningText = (own: unknown) =>
  JSON.stringify({
    format: "spectroscope-tuning",
    version: 1,
    ...MEASURED,
    date: "x",
    lowerPrecision: false,
    choices: own,
    times: [],
  });

/** The cache of `tune`: what is broken in it is left out with a line. */
export const tuning = target<unknown>({
  name: "tuning",
  weight: 0.5,
  make(random) {
    const own = choices(random);
    return { input: { t: bytesOf(tuningText(own)) }, expected: { table: tableOf(own, false), said: 0 } };
  },
  odd: (random) => ({ t: bytesOf(mutatedJson(tuningText(choices(random)), random)) }),
  async read(input) {
    if (folder === "") {
      folder = mkdtempSync(join(tmpdir(), "spectroscope-fuzz-"));
      process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    }
    const path = join(folder, "tuning.json");
    writeFileSync(path, input.t);
    const said: string[] = [];
    const table = await readTuning(path, MEASURED, (line) => said.push(line));
    return { table, said: said.length };
  },
  flaw: (value) => (/"said":(0|1)\}$/.test(JSON.stringify(value)) ? undefined : "more than a line is said"),
});

/** The 256 letters of bytes, as GPT-2 spells them. */
const LETTERS = (() => {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte !== 173);
  let other = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : other++));
})();

function tokenizerJson(): Record<string, unknown> {
  const vocab = Object.fromEntries(["<|endoftext|>", ...LETTERS, "he", "th"].map((token, id) => [token, id]));
  return {
    ...{ version: "1.0", truncation: null, padding: null, normalizer: { type: "NFC" }, post_processor: null },
    added_tokens: [
      {
        id: 0,
        content: "<|endoftext|>",
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", dropout: null, unk_token: null, fuse_unk: false, vocab, merges: ["h e", "t h"] },
  };
}

function tokenizerFiles(): Input {
  return {
    "tokenizer.json": bytesOf(JSON.stringify(tokenizerJson())),
    "tokenizer_config.json": bytesOf(JSON.stringify({ eos_token: "<|endoftext|>", add_prefix_space: false })),
    "config.json": bytesOf(JSON.stringify({ eos_token_id: 0, bos_token_id: 0 })),
    "text.txt": bytesOf("he th\u00e4"),
  };
}

export const tokenizer = target<unknown>({
  name: "tokenizer",
  weight: 0.3,
  make(random) {
    const own = random.list(random.from(1, 8), () => random.pick(["h", "e", "t", "x", "\u00e4"])).join("");
    const names = ["<|endoftext|>", ...LETTERS, "he", "th"];
    // Merges go in order: every "h e" first, then "t h" of what is left.
    const parts = [...Buffer.from(own)].map((byte) => LETTERS[byte]);
    const merge = (list: readonly string[], a: string, b: string) => {
      const out: string[] = [];
      for (const letter of list) {
        if (letter === b && out.at(-1) === a) out[out.length - 1] = a + b;
        else out.push(letter);
      }
      return out;
    };
    const ids = merge(merge(parts, "h", "e"), "t", "h").map((token) => names.indexOf(token));
    return { input: { ...tokenizerFiles(), "text.txt": bytesOf(own) }, expected: { ids, end: 0 } };
  },
  odd(random) {
    const files = tokenizerFiles();
    const json = tokenizerJson();
    const whole = random.chance(0.7)
      ? mutatedJson(
          JSON.stringify({
            ...json,
            model: { ...(json.model as object), vocab: { "<|endoftext|>": 0, h: 1, e: 2, he: 3 } },
          }),
          random,
        )
      : mutatedJson(JSON.stringify(json), random);
    return { ...files, "tokenizer.json": bytesOf(whole) };
  },
  async read(input) {
    const { encode, endOfText, nameOf } = await openTokenizer(memoryFiles("m", input));
    const ids = [...encode(Buffer.from(input["text.txt"] ?? "").toString())];
    for (const id of ids) nameOf(id);
    return { ids, end: endOfText.id };
  },
});
