/** Zarr groups and arrays: what is written is read back, in equal bytes each time, and damage is told. */
import * as assert from "uvu/assert";
import { storeBytes } from "../../harness/test/folder-bytes";
import { refused } from "../../harness/test/refused";
import { alter, flipped, storeKinds } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import { copyBox, gridIndices } from "./box";
import { beginAgain, finishStore, isFinished, openFinished } from "./finished";
import { need, type Store } from "./store";
import { ZarrGroup } from "./zarr";
import type { ZarrInput, ZarrType } from "./zarr-values";

const test = suite("runtime/store/zarr");
const range = (count: number, scale = 1) => Float32Array.from({ length: count }, (_, i) => i * scale);

for (const { kind, open } of storeKinds(test)) {
  test(`${kind}: every type is read back, whatever its chunks`, async () => {
    const group = await ZarrGroup.create(open("types"), { lr: 0.1, none: null });
    const inputs: { [T in ZarrType]: ZarrInput<T> } = {
      f32: Float32Array.of(1, -0, 3e-40, Number.NaN, Number.POSITIVE_INFINITY, 0.1),
      f64: [0.1, -0, Number.NaN, 1e300, 2, 3],
      i32: [-(2 ** 31), 2 ** 31 - 1, 0, 1, 2, 3],
      u32: Uint32Array.of(0, 2 ** 32 - 1, 1, 2, 3, 4),
      i64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0, -1, 50_256, 7],
      string: ["l0 attn", "", "λ and 𝒳", "l0h1", "embed", "a"],
    };
    for (const dtype of Object.keys(inputs) as ZarrType[]) {
      for (const chunks of [undefined, [2, 3], [1, 2], [2, 2], [5, 7]]) {
        const name = `${dtype}_${chunks?.join("_") ?? "whole"}`;
        await group.write({ name, dtype, dims: ["row", "column"], shape: [2, 3], chunks }, inputs[dtype]);
        const array = await (await ZarrGroup.open(group.files.store)).array(name, dtype);
        const data: ArrayLike<number | string> = await array.read();
        const expected = dtype === "f32" ? Float32Array.from(inputs.f32) : inputs[dtype];
        assert.ok(
          Array.from(data).every((value, i) => Object.is(value, expected[i])),
          name,
        );
        assert.equal(
          [array.shape, array.dims],
          [
            [2, 3],
            ["row", "column"],
          ],
        );
      }
    }
    assert.equal((await ZarrGroup.open(group.files.store)).attributes, { lr: 0.1, none: null });
    assert.is((await group.arrays()).length, 30);
  });

  test(`${kind}: metadata is devinterp's, letter by letter`, async () => {
    const group = await ZarrGroup.create(open("metadata"));
    await group.add({ name: "phi", dtype: "f32", dims: ["chain", "draw"], shape: [4, 5], chunks: [1, 2] });
    await group.add({ name: "ids", dtype: "i64", dims: ["token"], shape: [3], attributes: { coordinates: "batch" } });
    await group.add({ name: "wr", dtype: "string", dims: ["wr"], shape: [2] });
    const json = async (name: string) =>
      JSON.parse(Buffer.from(await need(group.files.store.below(name), "zarr.json")).toString());
    const zstd = { name: "zstd", configuration: { level: 0, checksum: false } };
    assert.equal(await json("phi"), {
      zarr_format: 3,
      node_type: "array",
      shape: [4, 5],
      data_type: "float32",
      chunk_grid: { name: "regular", configuration: { chunk_shape: [1, 2] } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      codecs: [{ name: "bytes", configuration: { endian: "little" } }, zstd],
      fill_value: "NaN",
      dimension_names: ["chain", "draw"],
      attributes: { _FillValue: "AAAAAAAA+H8=" },
    });
    const ids = await json("ids");
    assert.equal([ids.data_type, ids.fill_value, ids.attributes], ["int64", 0, { coordinates: "batch" }]);
    const wr = await json("wr");
    assert.equal(
      [wr.data_type, wr.fill_value, wr.codecs],
      ["string", "", [{ name: "vlen-utf8", configuration: {} }, zstd]],
    );
    assert.equal(await json(""), { zarr_format: 3, node_type: "group", attributes: {} });
  });

  test(`${kind}: chunks arrive one by one, a part along an axis is read, and what never came is NaN`, async () => {
    const group = await ZarrGroup.create(open("chunks"));
    const spec = { name: "loss", dtype: "f32", dims: ["a", "b", "c"], shape: [2, 5, 3], chunks: [1, 2, 3] } as const;
    const array = await group.add(spec);
    const all = range(30);
    for (const [a, b] of gridIndices([2, 3])) {
      if (a === 1 && b === 1) continue;
      const from = a * 15 + b * 6;
      await array.writeChunk([a, b, 0], all.subarray(from, Math.min(from + 6, (a + 1) * 15)));
    }
    assert.equal([array.isWritten([1, 1, 0]), array.isWritten([0, 1, 0])], [false, true]);
    const lost = (i: number) => i >= 21 && i < 27;
    const expected = all.map((value, i) => (lost(i) ? Number.NaN : value));
    assert.equal(Array.from(await array.read()), Array.from(expected));
    const part = await array.read({ axis: 1, from: 1, to: 4 });
    assert.equal(Array.from(part), [3, 4, 5, 6, 7, 8, 9, 10, 11, 18, 19, 20, ...new Array(6).fill(Number.NaN)]);
    assert.equal(await array.read({ axis: 0, from: 1, to: 1 }), new Float32Array(0));
    // The whole array writes the same files.
    await array.writeChunk([1, 1, 0], all.subarray(21, 27));
    const whole = await ZarrGroup.create(open("whole"));
    await whole.write(spec, all);
    assert.equal(await storeBytes(whole.files.store), await storeBytes(group.files.store));
  });

  test(`${kind}: equal data give equal files, and writing over them changes none`, async () => {
    const stores = ["one", "two"].map(open);
    const write = async (store: Store) => {
      const group = await ZarrGroup.create(store, { b: 1, a: { d: 2, c: 3 } });
      await group.write({ name: "x", dtype: "f64", dims: ["i"], shape: [1000], chunks: [300] }, range(1000, 0.1));
      await group.write({ name: "s", dtype: "string", dims: ["i"], shape: [2] }, ["a", "b"]);
      await group.setAttributes({ completed: 1 });
    };
    for (const store of stores) await write(store);
    const first = await storeBytes(stores[0]);
    assert.equal(await storeBytes(stores[1]), first);
    await write(stores[0]);
    assert.equal(await storeBytes(stores[0]), first);
    assert.is(Object.keys(first).length, 8);
  });

  test(`${kind}: boxes of any rank and place`, () => {
    for (const shape of [[4], [3, 4], [2, 3, 4], [2, 1, 3, 2]]) {
      const size = shape.reduce((a, b) => a * b);
      for (const first of gridIndices(shape)) {
        const extent = shape.map((n, axis) => n - first[axis]);
        const out = new Float32Array(extent.reduce((a, b) => a * b)).fill(-1);
        const box = { data: out, shape: extent, start: extent.map(() => 0) };
        copyBox<Float32Array>({ data: range(size), shape, start: first }, box, extent);
        const expected = [...gridIndices(extent)].map((at) =>
          at.reduce((sum, i, axis) => sum * shape[axis] + i + first[axis], 0),
        );
        assert.equal(Array.from(out), expected);
      }
    }
  });

  test(`${kind}: empty arrays and large ones have sensible chunks`, async () => {
    const group = await ZarrGroup.create(open("sizes"));
    await group.write({ name: "none", dtype: "i64", dims: ["i", "j"], shape: [0, 3] }, []);
    assert.equal(await (await group.array("none", "i64")).read(), new Float64Array(0));
    const large = await group.add({ name: "large", dtype: "f32", dims: ["i", "j"], shape: [2 ** 20, 410] });
    assert.equal(large.chunks, [10_230, 410]);
    const wide = await group.add({ name: "wide", dtype: "f32", dims: ["i", "j"], shape: [4, 2 ** 24] });
    assert.equal(wide.chunks, [1, 2 ** 22]);
  });

  test(`${kind}: what does not fit is refused`, async () => {
    const group = await ZarrGroup.create(open("refused"));
    const spec = { name: "x", dims: ["i"], shape: [2] } as const;
    await refused(group.write({ ...spec, dtype: "f32" }, [1]), /x: 1 elements given for shape \[2\], which has 2/);
    await refused(
      group.write({ ...spec, dtype: "i64" }, [1, 2 ** 53]),
      /element 1 is 9007199254740992, which int64 cannot/,
    );
    await refused(group.write({ ...spec, dtype: "u32" }, [-1, 0]), /element 0 is -1, which uint32 cannot hold/);
    await refused(group.write({ ...spec, dtype: "i32" }, [0, 0.5]), /element 1 is 0.5, which int32 cannot hold/);
    const noString = [1, 2] as unknown as string[];
    await refused(group.write({ ...spec, dtype: "string" }, noString), /element 0 is 1, which string cannot hold/);
    await refused(group.add({ ...spec, dtype: "f32", dims: ["i", "j"] }), /array x: dimensions \[i,j\], shape \[2\]/);
    await refused(group.add({ ...spec, dtype: "f32", chunks: [0] }), /chunks \[0\] do not go together/);
    await refused(group.has("a/b"), /"a\/b" cannot name an array or group/);
    const array = await group.add({ ...spec, dtype: "f32" });
    await refused(array.writeChunk([1], [1, 2]), /x: no chunk \[1\] in a grid of \[1\] chunks/);
    await refused(array.read({ axis: 0, from: 1, to: 3 }), /no range 1 to 3 along axis 0 of shape \[2\]/);
  });

  test(`${kind}: missing, damaged and other arrays are told by file`, async () => {
    const store = open("damage");
    await refused(ZarrGroup.open(store), /damage.zarr\.json: no Zarr v3 group there; check the path/);
    const group = await ZarrGroup.create(store);
    await group.write({ name: "x", dtype: "f32", dims: ["i"], shape: [1000], chunks: [500] }, range(1000));
    await group.write({ name: "ids", dtype: "i64", dims: ["i"], shape: [4] }, [1, 2, 3, 4]);
    await refused(group.array("y", "f32"), /no array y; there are ids, x/);
    await refused(group.array("x", "f64"), /damage.x: holds float32, expected float64; read it as the type it has/);
    const array = await group.array("x", "f32");
    const chunk = "x/c/1";
    await alter(store, chunk, (bytes) => bytes.subarray(0, bytes.length / 2));
    await refused(array.read(), /x.c.1: damaged or no Zarr v3: .*; delete the store to have it computed again/);
    assert.equal(await array.read({ axis: 0, from: 0, to: 500 }), range(500));
    // A chunk of another array, sound in itself.
    await store.set(chunk, await need(store, "ids/c/0"));
    await refused(array.read(), /x.c.1: damaged .*32 bytes in a chunk of 2000/);
    await store.delete("ids/c/0");
    await refused((await group.array("ids", "i64")).read(), /ids.c.0: this chunk of int64 is missing/);
    await store.set("x/zarr.json", Buffer.from('{"zarr_format": 3, "node_type": "arr'));
    await refused(group.array("x", "f32"), /x.zarr\.json: damaged or no Zarr v3: .*JSON/);
    await store.set("zarr.json", Buffer.from("{}"));
    assert.equal(await group.arrays(), ["ids"]);
  });

  test(`${kind}: a finished store tells every change of a file, and one that is not finished is refused`, async () => {
    const store = open("sums.zarr");
    const write = async () => {
      const group = await ZarrGroup.create(store, { lr: 1 });
      await group.write({ name: "x", dtype: "f32", dims: ["i"], shape: [4], chunks: [2] }, range(4));
      await refused(openFinished(store), /not finished: .*run the command that began it again/);
      assert.not(await isFinished(store));
      await finishStore(group);
    };
    assert.not(await isFinished(store));
    await write();
    assert.ok(await isFinished(store));
    await store.set("y/c/0", new Uint8Array(1));
    await beginAgain(store);
    assert.equal([await store.list(""), await isFinished(store)], [[], false]);
    await write();
    const group = await openFinished(store);
    assert.is(group.attributes.completed, 1);
    assert.equal([...(group.files.expected?.keys() ?? [])], ["x/c/0", "x/c/1", "x/zarr.json", "zarr.json"]);
    for (const [key, hash] of Object.entries(await storeBytes(store, (name) => name !== "zarr.json"))) {
      assert.is(group.files.expected?.get(key), hash);
    }
    const read = async () => (await (await openFinished(store)).array("x", "f32")).read();
    assert.equal(await read(), range(4));
    // The frame is sound, one value in it is another.
    const chunk = "x/c/1";
    await alter(store, chunk, flipped(-1));
    await refused(read(), /x.c.1: altered or damaged: SHA-256 \w{12}, expected \w{12}; delete .*sums\.zarr to have/);
    await store.delete(chunk);
    await refused(read(), /x.c.1: is lost; delete .* to have it computed again/);
    for (const root of ["", "null", "{}", '{"attributes": null}', '{"attributes": {"completed": 1}}']) {
      await store.set("zarr.json", Buffer.from(root));
      assert.not(await isFinished(store), root);
    }
  });
}

test.run();
