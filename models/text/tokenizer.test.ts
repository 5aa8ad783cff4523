import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { readJson } from "../../runtime/node/files";
import { projectRoot } from "../../runtime/node/root";
import { ModelFolder } from "../hub/model-folder";
import { openTokenizer as openFrom, type Tokenizer } from "./tokenizer";

const GOLDENS = join(projectRoot(), "goldens", "tokenizer");
/** Real data that is used where it is there; nothing of it is part of the project. */
const DATA = join(projectRoot(), "..", "shared", "data");

interface Digest {
  readonly count: number;
  readonly sha256: string;
}
interface NeoxGolden {
  readonly tokenizer: { readonly file: string; readonly sha256: string };
  readonly texts: Readonly<
    Record<
      string,
      { sha256: string; whole: Digest; slices: readonly (Digest & { readonly begin: number; readonly end: number })[] }
    >
  >;
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Count and hash of ids as little-endian u32. */
function digest(ids: Uint32Array): Digest {
  const bytes = new DataView(new ArrayBuffer(4 * ids.length));
  ids.forEach((id, i) => {
    bytes.setUint32(4 * i, id, true);
  });
  return { count: ids.length, sha256: sha256(new Uint8Array(bytes.buffer)) };
}

async function samples(): Promise<[name: string, sample: { text: string; ids: number[] }][]> {
  const json = (await readJson(join(GOLDENS, "samples.json"))) as Record<string, { text: string; ids: number[] }>;
  return Object.entries(json).filter(([name]) => name !== "made_with");
}

const openTokenizer = (directory: string) => openFrom(new ModelFolder(directory));

const test = suite("models/text/tokenizer");
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
});
test.after(() => rm(folder, { recursive: true }));

/** A directory with the golden tokenizer, changed, and other files; removed with the folder. */
async function directory(change: (json: Record<string, unknown>) => void, files: Record<string, unknown> = {}) {
  const path = await mkdtemp(join(folder, "model-"));
  const json = JSON.parse(await readFile(join(GOLDENS, "tokenizer.json"), "utf8"));
  change(json);
  await writeFile(join(path, "tokenizer.json"), JSON.stringify(json));
  for (const [name, value] of Object.entries(files)) await writeFile(join(path, name), JSON.stringify(value));
  return path;
}

const none = () => {};

test("our samples have Python's ids under the small tokenizer", async (t) => {
  const tokenizer = await openTokenizer(GOLDENS);
  const all = await samples();
  assert.ok(all.length > 40);
  const ids = all.flatMap(([name, { text, ids }]) => {
    assert.equal(Array.from(tokenizer.encode(text)), ids, name);
    return ids;
  });
  assert.ok(new Set(ids).size > 400, "the samples exercise most of the vocabulary");
  t.note(`${all.length} samples, ${ids.length} ids, ${new Set(ids).size} different ones`);
});

test("a text cut at a document's end, encoded twice and encoded after others has the same ids", async () => {
  const tokenizer = await openTokenizer(GOLDENS);
  const text = "The chains walk.\n\n  The loss  answers.\n";
  const first = tokenizer.encode(text);
  tokenizer.encode("something else entirely");
  assert.equal(tokenizer.encode(text), first);
});

test("end and begin of text come from tokenizer_config.json, then config.json, then <|endoftext|>", async () => {
  const end = { id: 0, content: "<|endoftext|>" };
  const padding = { id: 1, content: "<|padding|>" };
  const open = async (files: Record<string, unknown>) => {
    const { endOfText, beginOfText } = await openTokenizer(await directory(none, files));
    return [endOfText, beginOfText()];
  };
  assert.equal(await open({}), [end, undefined]);
  assert.equal(await open({ "config.json": { eos_token_id: 1, bos_token_id: 0 } }), [padding, end]);
  const named = { eos_token: "<|endoftext|>", bos_token: { content: "<|padding|>", special: true } };
  assert.equal(await open({ "tokenizer_config.json": named, "config.json": { eos_token_id: 1 } }), [end, padding]);
  assert.equal(await open({ "tokenizer_config.json": { eos_token: null } }), [end, undefined]);
});

test("what a directory says of begin of text is only looked at when it is asked for", async () => {
  const open = async (files: Record<string, unknown>) => openTokenizer(await directory(none, files));
  const begin = async (files: Record<string, unknown>) => (await open(files)).beginOfText();
  const sound = { eos_token: "<|endoftext|>" };
  for (const bos_token_id of [5, [5], [], [0, 1], 5000, "a", -1, {}]) {
    const files = { "config.json": { bos_token_id, eos_token_id: 5 }, "tokenizer_config.json": sound };
    assert.is((await open(files)).endOfText.id, 0);
    await refused(begin(files), /config\.json: "bos_token_id" is /);
  }
  await refused(
    begin({ "config.json": { bos_token_id: [5] } }),
    /is \[5\], .* ordinary token ".+"; correct it, or name/,
  );
  await refused(
    begin({ "config.json": { bos_token_id: [0, 1] } }),
    /"bos_token_id" is \[0,1\], which is no single token/,
  );
  await refused(
    begin({ "tokenizer_config.json": { bos_token: "<s>" } }),
    /"bos_token" is "<s>", which tokenizer\.json/,
  );
  assert.equal(await begin({ "config.json": { bos_token_id: [1] } }), { id: 1, content: "<|padding|>" });
  assert.is((await open({ "config.json": { eos_token_id: [1] } })).endOfText.id, 1);
});

test("special tokens that a directory names and does not have are refused", async () => {
  const open = async (files: Record<string, unknown>) => openTokenizer(await directory(none, files));
  await refused(
    open({ "tokenizer_config.json": { eos_token: "</s>" } }),
    /tokenizer_config\.json: "eos_token" is "<\/s>"/,
  );
  await refused(open({ "config.json": { eos_token_id: 5000 } }), /config\.json: "eos_token_id" is 5000/);
  await refused(open({ "config.json": { eos_token_id: 5 } }), /"eos_token_id" is 5, .* as the ordinary token ".+"/);
  await refused(
    open({ "config.json": { eos_token_id: [0, 1] } }),
    /"eos_token_id" is \[0,1\], which is no single token; name/,
  );
  await refused(open({ "tokenizer_config.json": [] }), /tokenizer_config\.json: not a JSON object/);
  await refused(open({ "tokenizer_config.json": { add_prefix_space: true } }), /"add_prefix_space" is true, but/);
  const nameless = await directory((json) => {
    json.added_tokens = [];
    delete (json.model as { vocab: Record<string, number> }).vocab["<|endoftext|>"];
  });
  await refused(openTokenizer(nameless), /no end-of-text token/, /"eos_token"/);
});

test("a tokenizer of another kind is refused by key and value", async () => {
  type Any = Record<string, Record<string, unknown>>;
  const open = async (change: (json: Any) => void) => openTokenizer(await directory((json) => change(json as Any)));
  const remedy = /Python's tokenizers.*--tokens/;
  await refused(
    open((json) => (json.model.type = "Unigram")),
    /tokenizer\.json: model\.type is "Unigram"/,
    remedy,
  );
  await refused(
    open((json) => (json.model.dropout = 0.1)),
    /model\.dropout is 0\.1/,
  );
  await refused(
    open((json) => (json.model.byte_fallback = true)),
    /model\.byte_fallback is true/,
  );
  await refused(
    open((json) => (json.normalizer = { type: "NFKC" })),
    /normalizer is "NFKC"/,
    remedy,
  );
  await refused(
    open((json) => (json.pre_tokenizer = { type: "Metaspace" })),
    /pre_tokenizer is "Metaspace"/,
  );
  await refused(
    open((json) => (json.pre_tokenizer.use_regex = false)),
    /use_regex is false/,
  );
  const added = (key: string) => (json: Any) => {
    (json.added_tokens as unknown as Record<string, unknown>[])[3][key] = true;
  };
  for (const key of ["single_word", "lstrip", "rstrip"])
    await refused(open(added(key)), new RegExp(`${key} of the added`));
  await refused(
    open((json) => delete json.model.merges),
    /model\.merges is not a list/,
  );
});

test("a directory without tokenizer.json, and one that is no JSON, are refused with the remedy", async () => {
  await refused(openTokenizer(join(projectRoot(), "models", "nano")), /nano: no tokenizer\.json/, /--tokens/);
  const path = await directory(none);
  await writeFile(join(path, "tokenizer.json"), `{"model": `);
  await refused(openTokenizer(path), /tokenizer\.json: not valid JSON/);
});

const neox = suite("models/text/tokenizer, GPT-NeoX's");
let golden: NeoxGolden;
let real: Tokenizer | undefined;
neox.before(async () => {
  golden = (await readJson(join(GOLDENS, "neox.json"))) as NeoxGolden;
  const source = join(DATA, golden.tokenizer.file);
  if (!existsSync(source)) return;
  assert.is(sha256(await readFile(source)), golden.tokenizer.sha256, `${source} is not the golden's`);
  const path = await mkdtemp(join(tmpdir(), "spectroscope-"));
  try {
    await cp(source, join(path, "tokenizer.json"));
    real = await openTokenizer(path);
  } finally {
    await rm(path, { recursive: true });
  }
});

neox("our samples have Python's ids", async (t) => {
  if (!real) return t.skip(`no ${golden.tokenizer.file} in ../shared/data`);
  const all = await samples();
  assert.equal(
    Object.keys(golden.samples),
    all.map(([name]) => name),
  );
  for (const [name, { text }] of all) assert.equal(Array.from(real.encode(text)), golden.samples[name], name);
  assert.equal(real.endOfText, { id: 0, content: "<|endoftext|>" });
});

for (const name of ["text/tinyshakespeare.txt", "text/wikitext-2-valid.txt"]) {
  neox(`${name} has Python's ids, in slices and whole`, async (t) => {
    const path = join(DATA, name);
    if (!real || !existsSync(path)) return t.skip(`no ${real ? name : golden.tokenizer.file} in ../shared/data`);
    const bytes = await readFile(path);
    const { sha256: hash, whole, slices } = golden.texts[name];
    assert.is(sha256(bytes), hash, `${path} is not the golden's`);
    const text = (begin: number, end: number) =>
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(begin, end));
    for (const { begin, end, count, sha256 } of slices) {
      assert.equal(digest(real.encode(text(begin, end))), { count, sha256 }, `bytes ${begin} to ${end}`);
    }
    assert.is(slices.at(-1)?.end, bytes.length);
    const since = performance.now();
    const ids = real.encode(text(0, bytes.length));
    const seconds = (performance.now() - since) / 1000;
    assert.equal(digest(ids), whole);
    t.note(
      `${slices.length} slices and ${(bytes.length / 1e6).toFixed(2)} MB whole: ${ids.length} ids in ${seconds.toFixed(1)} s`,
    );
  });
}

test.run();
neox.run();
