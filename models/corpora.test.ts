import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { memoryFiles } from "../harness/test/memory-files";
import { refused, refusedAsUsage } from "../harness/test/refused";
import { suite } from "../harness/test/suite";
import { SpectroscopeError } from "../kernels/errors";
import { checkEqualColumns, fixedBatch } from "../runtime/measure/corpus";
import { projectRoot } from "../runtime/node/root";
import { type CorporaConfig, type CorporaModel, openCorpora } from "./corpora";
import { preset } from "./nano/preset";
import { openTokenizer } from "./text/tokenizer";

const test = suite("models/corpora");
/** Real data that is used where it is there; nothing of it is part of the project. */
const DATA = join(projectRoot(), "..", "shared", "data");
const bytes = (text: string) => new TextEncoder().encode(text);
const small = readFileSync(join(projectRoot(), "goldens", "tokenizer", "tokenizer.json"));

const modelOf = (vocab: number, positions: number): CorporaModel["model"] => ({
  dims: { vocab, positions, hidden: 4, layers: 1, heads: 1, kvHeads: 1, headDim: 4, intermediate: 4 },
});
const SMALL = modelOf(704, 8);
const bare: CorporaModel = { model: SMALL, source: { store: memoryFiles("bare", {}) } };
const reading: CorporaModel = {
  model: SMALL,
  source: { store: memoryFiles("reading", { "tokenizer.json": new Uint8Array(small) }) },
};
const nano: CorporaModel = { model: modelOf(104, 64), source: bare.source, preset };

const FILES: Readonly<Record<string, string>> = {
  "probe.json": "[[0, 1, 2], [3, 4, 103]]",
  "pool.json": "[[5, 6, 7, 8], [9, 10, 11, 12], [1, 2, 3, 4]]",
  "probe.txt": "The chains walk; they answer the loss.\n",
  "pool.jsonl": `{"text": "The loss answers."}\n{"text": "It is far on, and the chains walk."}\n`,
};
const read = async (path: string) => {
  if (!(path in FILES)) throw new SpectroscopeError(`cannot read ${path}: no such file or directory`);
  return bytes(FILES[path]);
};
const seeds = { probe_seed: 3, probe_sequences: 3, pool_seed: 4, pool_sequences: 2 };
const open = (model: CorporaModel, config: Partial<CorporaConfig> = {}, say?: (line: string) => void) =>
  openCorpora({ model: "some/dir", ...seeds, ...config }, model, { read, say });
const IDS = { probe_tokens: "probe.json", pool_tokens: "pool.json" };
const TEXT = { probe_text: "probe.txt", pool_text: "pool.jsonl" };

test("a model with a preset has its own corpus when nothing is set", async () => {
  const { probe, pool } = await open(nano);
  const own = preset.corpora(seeds, 64);
  assert.equal([probe.ids, pool.ids], [own.probe.ids, own.pool.ids]);
  assert.equal(probe.labels, own.probe.labels);
  assert.is(probe.nameOf(probe.ids[0]), "<s>", "what begins every row");
});

test("ready ids keep their rows; tokens are called as the preset or the model's tokenizer calls them, else by number", async () => {
  const { probe, pool } = await open(bare, IDS);
  assert.equal([probe.rows, probe.columns, [...probe.ids]], [2, 3, [0, 1, 2, 3, 4, 103]]);
  assert.equal([pool.rows, pool.columns], [3, 4]);
  assert.equal([probe.nameOf(7), pool.nameOf(7)], ["#7", "#7"]);
  assert.is(probe.labels, undefined);
  const named = (await open(reading, IDS)).probe;
  const tokenizer = await openTokenizer(reading.source.store);
  assert.is(named.nameOf(0), "<|endoftext|>");
  assert.equal(Array.from(named.ids, named.nameOf), Array.from(named.ids, tokenizer.nameOf));
  const own = await open(nano, IDS);
  assert.is(own.probe.nameOf(1), "\n");
  assert.is(own.probe.labels, undefined, "the truth is known of generated text only");
});

test("text becomes rows by the model's tokenizer, and their names put together are the text", async () => {
  const said: string[] = [];
  const { probe, pool } = await open(reading, { ...TEXT, row_length: 5 }, (line) => said.push(line));
  const { encode } = await openTokenizer(reading.source.store);
  const stream = [...encode(FILES["probe.txt"]), 0];
  const rows = Math.floor(stream.length / 5);
  assert.ok(rows > 1);
  assert.equal([probe.rows, probe.columns, [...probe.ids]], [rows, 5, stream.slice(0, 5 * rows)]);
  const text = Array.from(probe.ids, probe.nameOf).join("");
  assert.ok(text.length > 10 && `${FILES["probe.txt"]}<|endoftext|>`.startsWith(text), text);
  assert.is(pool.columns, 5);
  assert.match(Array.from(pool.ids, pool.nameOf).join(""), /^The loss answers\.<\|endoftext\|>It is far/);
  assert.match(said[0], new RegExp(`^probe\\.txt: 1 document: ${rows} rows of 5 ids`));
  assert.match(said[1], /^pool\.jsonl: 2 documents: /);
  assert.is((await open(reading, TEXT)).pool.columns, 9, "as many as the model takes");
});

test("what is set by halves, twice or not at all is a wrong use", async () => {
  const wrong = (config: Partial<CorporaConfig>, ...pieces: RegExp[]) =>
    refusedAsUsage(open(reading, config), ...pieces);
  await wrong({ probe_tokens: "probe.json" }, /probe_tokens and pool_tokens must both be set, or neither/);
  await wrong({ pool_text: "pool.jsonl" }, /probe_text and pool_text must both be set, or neither/);
  await wrong({ probe_text: "probe.txt", pool_tokens: "pool.json" }, /must both be set/);
  await wrong({ ...IDS, ...TEXT }, /probe_tokens and probe_text are both set/, /ready ids or text/);
  await wrong({ ...IDS, row_length: 5 }, /row_length goes with probe_text and pool_text/);
  await refusedAsUsage(open(nano, TEXT), /model some\/dir has no tokenizer to read probe_text/, /--set model=DIR/);
  await wrong({}, /model some\/dir: neither probe_text .* are set/, /--set probe_text=FILE/, /--set probe_tokens=FILE/);
});

test("files are refused by their names, a text without a tokenizer with what to do instead", async () => {
  await refused(open(bare, TEXT), /bare: no tokenizer\.json, which reading text needs/, /probe_tokens and pool_tokens/);
  await refused(open(reading, { ...TEXT, pool_text: "gone.txt" }), /cannot read gone\.txt/);
  await refused(open(reading, { ...TEXT, pool_text: "pool.json" }), /pool\.json: a \.json file is no text/);
  await refused(open(reading, { ...TEXT, row_length: 10 }), /probe\.txt: rows of 10 ids read 9 positions/);
  await refused(open(nano, { ...IDS, pool_tokens: "probe.txt" }), /probe\.txt: not valid JSON/);
});

test("the fixed batch is the pool's first sequences, and of the probe's length", async () => {
  const corpora = await open(bare, IDS);
  const batch = fixedBatch(corpora.pool, 2);
  assert.equal([batch.rows, batch.columns, [...batch.ids]], [2, 4, [5, 6, 7, 8, 9, 10, 11, 12]]);
  const use = async (run: () => unknown) => run();
  const beyond = use(() => fixedBatch(corpora.pool, 4));
  await refusedAsUsage(beyond, /sampling_sequences is 4, the pool has 3 sequences; --set sampling_sequences=3/);
  const other = use(() => checkEqualColumns(corpora));
  await refusedAsUsage(other, /its sequences have 4 ids, those of the probe 3; give both texts rows of one length/);
  checkEqualColumns({ ...corpora, probe: corpora.pool });
});

test("GPT-NeoX's tokenizer reads a real text into a run", async (t) => {
  const [file, path] = ["tokenizer/gpt-neox-20b-tokenizer.json", "text/wikitext-2-valid.txt"];
  const absent = [file, path].find((name) => !existsSync(join(DATA, name)));
  if (absent) return t.skip(`no ${absent} in ../shared/data`);
  const store = memoryFiles("pythia", { "tokenizer.json": new Uint8Array(readFileSync(join(DATA, file))) });
  const model = { model: modelOf(50_304, 2048), source: { store } };
  const text = readFileSync(join(DATA, path), "utf8").slice(0, 20_000);
  const { probe } = await openCorpora(
    { model: "pythia", ...seeds, probe_text: "a.txt", pool_text: "a.txt", row_length: 129 },
    model,
    { read: async () => bytes(text) },
  );
  assert.is(probe.columns, 129);
  const back = Array.from(probe.ids, probe.nameOf).join("");
  // Characters that are cut over tokens are the one difference.
  const escapes = back.match(/\\x[0-9a-f]{2}/g)?.length ?? 0;
  assert.ok(escapes < 100, `${escapes} bytes of cut characters`);
  const plain = back.replace(/(\\x[0-9a-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll("\\x", ""), "hex").toString("utf8"),
  );
  assert.is(plain, text.slice(0, plain.length));
  t.note(`${probe.rows} rows of ${probe.columns} ids, ${escapes} bytes of cut characters`);
});

test.run();
