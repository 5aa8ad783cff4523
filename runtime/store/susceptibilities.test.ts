/** Susceptibilities of all components, in the layout of devinterp's `compute_susceptibilities`. */
import * as assert from "uvu/assert";
import { storeBytes } from "../../harness/test/folder-bytes";
import { seededRandom } from "../../harness/test/random";
import { refused } from "../../harness/test/refused";
import { alter, flipped, storeKinds } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import type { ChiTable } from "../susceptibility/chi-table";
import { openFinished } from "./finished";
import { readSusceptibilities, writeSusceptibilities } from "./susceptibilities";

const test = suite("runtime/store/susceptibilities");
const random = seededRandom(1);
const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
/** Two sequences of 3 losses. */
const probe = { name: "probe", positions: 3, ids: Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 50_276) };
const TOKENS = 6;
const components = ["embed", "l0 attn", "l0h1"];
const table: ChiTable = {
  ...{ tokens: TOKENS, components, chi: normals(3 * TOKENS), error: normals(3 * TOKENS).map(Math.abs) },
  byChain: normals(2 * 3 * TOKENS),
  correlation: {
    ...{ values: normals(3 * TOKENS), error: normals(3 * TOKENS).map(Math.abs) },
    byChain: normals(2 * 3 * TOKENS),
  },
};

for (const { kind, open } of storeKinds(test)) {
  test(`${kind}: what is written is read back, token by token`, async () => {
    const store = open("susceptibilities.zarr");
    await writeSusceptibilities(store, probe, table, { estimator: "two_chain" });
    assert.equal(await readSusceptibilities(store), table);
    const root = await openFinished(store);
    assert.equal(root.attributes.metadata, { spectroscope: { estimator: "two_chain" } });
    const [group, context] = [await root.group("susceptibilities"), await root.group("context")];
    for (const each of [group, context]) assert.equal(each.attributes, { dataset_id_to_name: ["probe"] });
    const shapes = await Promise.all(
      ["sus", "sus_error", "chi_by_chain", "correlation", "correlation_error", "correlation_by_chain"].map(
        async (name) => (await group.array(name, "f32")).shape,
      ),
    );
    const three = [
      [TOKENS, 3],
      [TOKENS, 3],
      [2, TOKENS, 3],
    ];
    assert.equal(shapes, [...three, ...three]);
    const row = async (from: typeof group, name: string) => Array.from(await (await from.array(name, "i64")).read());
    assert.equal(await row(group, "dataset_id"), [0, 0, 0, 0, 0, 0]);
    assert.equal(await row(group, "batch"), [0, 0, 0, 1, 1, 1]);
    assert.equal(await row(group, "target_position"), [1, 2, 3, 1, 2, 3]);
    assert.equal(await row(context, "dataset_id"), [0, 0, 0, 0, 0, 0, 0, 0]);
    assert.equal(await row(context, "batch"), [0, 0, 0, 0, 1, 1, 1, 1]);
    assert.equal(await row(context, "position"), [0, 1, 2, 3, 0, 1, 2, 3]);
    assert.equal(await row(context, "input_ids"), [1, 2, 3, 4, 5, 6, 7, 50_276]);
  });

  test(`${kind}: an earlier store is replaced, and is no finished one from then on`, async () => {
    const [again, once] = [open("again.zarr"), open("once.zarr")];
    await writeSusceptibilities(again, probe, { ...table, byChain: normals(9 * 3 * TOKENS) });
    await again.set("susceptibilities/left/over", new Uint8Array(1));
    let killed = false;
    const half = Object.create(again, {
      set: {
        value: async (key: string, bytes: Uint8Array) => {
          if (key === "susceptibilities/sus/c/0/0") {
            killed = true;
            throw new Error("killed");
          }
          await again.set(key, bytes);
        },
      },
    });
    await writeSusceptibilities(half, probe, table).catch((error) => assert.is(error.message, "killed"));
    assert.ok(killed);
    await refused(readSusceptibilities(again), /again\.zarr.zarr\.json: not finished/);
    for (const store of [again, once]) await writeSusceptibilities(store, probe, table);
    assert.equal(await storeBytes(again), await storeBytes(once));
  });

  test(`${kind}: a matrix too large for one chunk is written in blocks of rows`, async () => {
    const positions = 2 ** 16 + 5;
    const chi = Float32Array.from({ length: 64 * positions }, (_, i) => i / 64);
    const wide = { tokens: positions, components: Array.from({ length: 64 }, (_, c) => `l0h${c}`), chi };
    const store = open("large.zarr");
    const ids = new Uint32Array(positions + 1);
    const correlation = { values: chi, error: chi, byChain: chi };
    const full = { ...wide, error: chi, byChain: chi, correlation };
    await writeSusceptibilities(store, { name: "probe", positions, ids }, full);
    assert.equal(await store.list("susceptibilities/sus/c"), [
      "susceptibilities/sus/c/0/0",
      "susceptibilities/sus/c/1/0",
    ]);
    const read = await readSusceptibilities(store);
    for (const values of [read.chi, read.byChain, read.correlation.values])
      assert.ok(values.every((value, i) => value === i / 64));
  });

  test(`${kind}: a table that does not fit itself or its text is refused, and damage is told`, async () => {
    const store = open("refused.zarr");
    const write = (changes: Partial<ChiTable>) => writeSusceptibilities(store, probe, { ...table, ...changes });
    const wrong = (sizes: string) =>
      new RegExp(`chi has ${sizes} of single chains for 6 tokens and 3 components; give`);
    await refused(write({ chi: normals(17) }), wrong("17 values, 18 errors and 36 values"));
    await refused(write({ error: normals(0) }), wrong("18 values, 0 errors and 36 values"));
    await refused(write({ byChain: normals(35) }), wrong("18 values, 18 errors and 35 values"));
    const short = { ...table.correlation, values: normals(17) };
    await refused(write({ correlation: short }), /correlation has 17 values, 18 errors and 36 values/);
    await refused(write({ components: [] }), /for 6 tokens and 0 components/);
    await refused(write({ tokens: 5 }), /chi has 5 tokens, probe has 6; give chi of this text/);
    const broken = { ...probe, ids: [1, 2] };
    await refused(writeSusceptibilities(store, broken, table), /probe has 2 token ids, which are no rows of 4/);
    await refused(readSusceptibilities(store), /no Zarr v3 group there/);
    await write({});
    await alter(store, "susceptibilities/sus/c/0/0", flipped(-1));
    await refused(readSusceptibilities(store), /sus.c.0.0: altered or damaged/);
  });
}

test.run();
