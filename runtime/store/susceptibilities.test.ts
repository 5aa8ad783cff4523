/** Susceptibilities of all components, in the layout of devinterp's `compute_susceptibilities`. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { openSusceptibilities, writeSusceptibilities } from "./susceptibilities";

const test = suite("runtime/store/susceptibilities");
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
});
test.after(() => rm(folder, { recursive: true }));

const random = seededRandom(1);
const normals = (length: number) => Float64Array.from({ length }, () => random.normal());
/** Two sequences of 3 losses, after one of 2. */
const texts = [
  { name: "aside", positions: 2, ids: [7, 8, 9] },
  { name: "probe", positions: 3, ids: Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 50_276) },
];
const TOKENS = 8;
const columns = ["embed", "l0 attn", "l0h1"].map((restriction) => ({
  ...{ restriction, chi: normals(TOKENS), error: normals(TOKENS).map(Math.abs), byChain: normals(2 * TOKENS) },
}));

test("what is written is read back, token by token", async () => {
  const path = join(folder, "susceptibilities.zarr");
  await writeSusceptibilities(path, texts, columns, { estimator: "two_chain" });
  const read = await openSusceptibilities(path);
  assert.equal(
    [read.restrictions, read.texts, read.tokens],
    [["embed", "l0 attn", "l0h1"], ["aside", "probe"], TOKENS],
  );
  assert.equal(read.facts, { estimator: "two_chain" });
  const [chi, errors, byChain] = [await read.chi(), await read.errors(), await read.byChain()];
  for (let i = 0; i < TOKENS; i++) {
    columns.forEach((column, c) => {
      assert.is(chi[i * 3 + c], Math.fround(column.chi[i]));
      assert.is(errors?.[i * 3 + c], Math.fround(column.error[i]));
      for (let m = 0; m < 2; m++) {
        assert.is(byChain?.[(m * TOKENS + i) * 3 + c], Math.fround(column.byChain[m * TOKENS + i]));
      }
    });
  }
  const rows = await read.rows();
  assert.equal(Array.from(rows.dataset), [0, 0, 1, 1, 1, 1, 1, 1]);
  assert.equal(Array.from(rows.batch), [0, 0, 0, 0, 0, 1, 1, 1]);
  assert.equal(Array.from(rows.targetPosition), [1, 2, 1, 2, 3, 1, 2, 3]);
  assert.equal(Array.from(await read.ids()), [7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 50_276]);
});

test("an earlier store is replaced, and errors and single chains may be absent", async () => {
  const path = join(folder, "again.zarr");
  await writeSusceptibilities(path, texts, columns);
  const bare = columns.slice(0, 2).map(({ restriction, chi }) => ({ restriction, chi }));
  await writeSusceptibilities(path, texts, bare);
  const read = await openSusceptibilities(path);
  assert.equal(read.restrictions, ["embed", "l0 attn"]);
  assert.is(await read.errors(), undefined);
  assert.is(await read.byChain(), undefined);
  assert.equal(
    (await readdir(folder)).filter((name) => name.startsWith("again")),
    ["again.zarr"],
  );
});

test("a matrix too large for one chunk is written in blocks of rows", async () => {
  const positions = 2 ** 16 + 5;
  const ids = new Uint32Array(positions + 1);
  const wide = Array.from({ length: 64 }, (_, c) => ({
    restriction: `l0h${c}`,
    chi: Float32Array.from({ length: positions }, (_, i) => i + c / 64),
  }));
  const path = join(folder, "large.zarr");
  await writeSusceptibilities(path, [{ name: "probe", positions, ids }], wide);
  assert.equal((await readdir(join(path, "susceptibilities", "sus", "c"))).sort(), ["0", "1"]);
  const read = await (await openSusceptibilities(path)).chi();
  assert.ok(read.every((value, i) => value === i / 64));
});

test("columns that do not go together are refused, and damage is told", async () => {
  const path = join(folder, "refused.zarr");
  const write = (...changed: object[]) =>
    writeSusceptibilities(
      path,
      texts,
      columns.map((column, i) => ({ ...column, ...changed[i] })),
    );
  await refused(write({}, { chi: [1] }), /l0 attn has 1 values, 8 errors and 16 values of single chains for 8 tokens/);
  await refused(write({}, {}, { error: undefined }), /l0h1 has 8 values, 0 errors/);
  await refused(write({ error: undefined }), /l0 attn has 8 values, 8 errors/);
  await refused(write({}, { byChain: [] }), /0 values of single chains for 8 tokens; give every component the same/);
  await refused(
    writeSusceptibilities(path, [...texts].reverse(), columns),
    /texts probe, aside are not sorted by name/,
  );
  const broken = [{ ...texts[0], ids: [1, 2] }];
  await refused(writeSusceptibilities(path, broken, columns), /aside has 2 token ids, which are no rows of 3/);
  await refused(openSusceptibilities(path), /no Zarr v3 group there/);
  await write();
  const chunk = join(path, "susceptibilities", "sus", "c", "0", "0");
  const bytes = await readFile(chunk);
  bytes[bytes.length - 1] ^= 1;
  await writeFile(chunk, bytes);
  await refused((await openSusceptibilities(path)).chi(), /sus.c.0.0: altered or damaged/);
});

test.run();
