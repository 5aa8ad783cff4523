/** Metadata of Zarr arrays that are not ours, or claim what is not there: refused by file and key, at once. */
import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { MemoryStore } from "./memory-store";
import { need } from "./store";
import { ZarrGroup } from "./zarr";
import { frameSize } from "./zstd-frame";

const test = suite("runtime/store/zarr-metadata");
const text = (value: string) => new TextEncoder().encode(value);

type Wild = Record<string, unknown> & {
  chunk_grid: { name: unknown; configuration: { chunk_shape: unknown } };
  chunk_key_encoding: { configuration: { separator: unknown } };
  codecs: { name: unknown; configuration: Record<string, unknown> }[];
};

async function made() {
  const store = new MemoryStore();
  const group = await ZarrGroup.create(store);
  await group.write({ name: "x", dtype: "f32", dims: ["i", "j"], shape: [4, 3], chunks: [2, 3] }, new Float32Array(12));
  await group.write({ name: "ids", dtype: "i64", dims: ["i"], shape: [4] }, [1, 2, 3, 4]);
  await group.write({ name: "wr", dtype: "string", dims: ["i"], shape: [2] }, ["a", "b"]);
  return { store, group };
}

test("every key has the form that this project writes", async () => {
  const { store, group } = await made();
  const bytes = await need(store, "x/zarr.json");
  const cases: [RegExp, (json: Wild) => void][] = [
    [
      /shape is a list of 1|chunk_shape is a list of 2, expected 1 sizes/,
      (json) => Object.assign(json, { shape: [4] }),
    ],
    [/chunk_shape is a list of 2, expected 3 sizes/, (json) => Object.assign(json, { shape: [4, 3, 1] })],
    [
      /chunk_shape\[0\] is 0, expected a whole/,
      (json) => Object.assign(json.chunk_grid.configuration, { chunk_shape: [0, 3] }),
    ],
    [
      /chunk_shape\[0\] is -2, expected a whole/,
      (json) => Object.assign(json.chunk_grid.configuration, { chunk_shape: [-2, 3] }),
    ],
    [
      /chunk_shape\[1\] is 1\.5, expected a whole/,
      (json) => Object.assign(json.chunk_grid.configuration, { chunk_shape: [2, 1.5] }),
    ],
    [/chunk_shape is missing/, (json) => Object.assign(json.chunk_grid, { configuration: {} })],
    [/shape\[0\] is -1/, (json) => Object.assign(json, { shape: [-1, 3] })],
    [/shape\[0\] is "4"/, (json) => Object.assign(json, { shape: ["4", 3] })],
    [/shape is null|shape is a list/, (json) => Object.assign(json, { shape: null })],
    [/shape is a list of 2, expected a smaller shape/, (json) => Object.assign(json, { shape: [2 ** 52, 2 ** 52] })],
    [/shape \[2000000000,3\] has 1000000000 chunks, 2 are there/, (json) => Object.assign(json, { shape: [2e9, 3] })],
    [/data_type is "float16"/, (json) => Object.assign(json, { data_type: "float16" })],
    [/data_type is "toString"/, (json) => Object.assign(json, { data_type: "toString" })],
    [/fill_value is "", expected "NaN"/, (json) => Object.assign(json, { fill_value: "" })],
    [/fill_value is an object/, (json) => Object.assign(json, { fill_value: {} })],
    [/codecs\[0\]\.name is "zstd", expected one of bytes/, (json) => json.codecs.reverse()],
    [/codecs is a list of 1, expected bytes, then zstd/, (json) => json.codecs.pop()],
    [/codecs\[1\]\.name is "gzip"/, (json) => Object.assign(json.codecs[1], { name: "gzip" })],
    [/endian is "big"/, (json) => Object.assign(json.codecs[0].configuration, { endian: "big" })],
    [/codecs\[0\] is null/, (json) => (json.codecs as unknown[]).splice(0, 1, null)],
    [/separator is "\."/, (json) => Object.assign(json.chunk_key_encoding.configuration, { separator: "." })],
    [/dimension_names is a list of 1, expected 2 names/, (json) => Object.assign(json, { dimension_names: ["i"] })],
    [/attributes is a list of 0/, (json) => Object.assign(json, { attributes: [] })],
    [/node_type is "group"/, (json) => Object.assign(json, { node_type: "group" })],
    [/zarr_format is 2, expected 3/, (json) => Object.assign(json, { zarr_format: 2 })],
  ];
  for (const [line, change] of cases) {
    const json = JSON.parse(Buffer.from(bytes).toString()) as Wild;
    change(json);
    await store.set("x/zarr.json", text(JSON.stringify(json)));
    const since = performance.now();
    await refused(group.array("x", "f32"), line, /x.zarr\.json: /, /delete the store to have it computed again/);
    assert.ok(performance.now() - since < 500);
  }
  for (const root of ["null", "[]", '{"zarr_format": 3, "node_type": "group", "attributes": "x"}']) {
    await store.set("zarr.json", text(root));
    await refused(ZarrGroup.open(store), /zarr\.json: /);
  }
});

test("what metadata claim is held against what lies there before room is made for it", async () => {
  const { store, group } = await made();
  const claim = async (name: string, shape: number[], chunks = shape) => {
    const json = JSON.parse(Buffer.from(await need(store, `${name}/zarr.json`)).toString()) as Wild;
    Object.assign(json, { shape });
    json.chunk_grid.configuration.chunk_shape = chunks;
    await store.set(`${name}/zarr.json`, text(JSON.stringify(json)));
  };
  const since = performance.now();
  await claim("x", [2e9, 1], [2e9, 1]);
  await refused((await group.array("x", "f32")).read(), /x: 8000000000 bytes are claimed by metadata, which \d+ bytes/);
  await claim("ids", [2e9]);
  await refused((await group.array("ids", "i64")).read(), /ids: 16000000000 bytes are claimed/);
  await claim("wr", [2e9]);
  await refused((await group.array("wr", "string")).read(), /wr: 8000000000 bytes are claimed/);
  await claim("ids", [5]);
  await refused((await group.array("ids", "i64")).read(), /ids.c.0: damaged .*32 bytes in a chunk of 40/);
  await claim("wr", [3]);
  await refused((await group.array("wr", "string")).read(), /wr.c.0: damaged .*2 texts, expected 3/);
  // A frame that says it holds 4 GB.
  const bomb = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0xff, 1, 0, 0);
  assert.is(frameSize(bomb), 0xff000000);
  await claim("wr", [2]);
  await store.set("wr/c/0", bomb);
  await refused((await group.array("wr", "string")).read(), /wr.c.0: damaged .*12 bytes cannot hold 4278190080/);
  assert.ok(performance.now() - since < 2000);
});

test("whatever bytes metadata and chunks are: an error of ours, or the values", async () => {
  const random = seededRandom(4);
  const kinds = [
    ["x", "f32"],
    ["ids", "i64"],
    ["wr", "string"],
  ] as const;
  for (let i = 0; i < 600; i++) {
    const { store, group } = await made();
    const [name, dtype] = kinds[i % 3];
    const keys = await store.list(name);
    const key = keys[random.integer(keys.length)];
    const bytes = (await need(store, key)).slice();
    for (let flips = 1 + random.integer(3); flips > 0; flips--)
      bytes[random.integer(bytes.length)] ^= 1 << random.integer(8);
    await store.set(key, random.uniform() < 0.2 ? bytes.subarray(0, random.integer(bytes.length)) : bytes);
    const since = performance.now();
    await group
      .array(name, dtype)
      .then((array) => array.read())
      .catch((error) => {
        assert.instance(error, SpectroscopeError, `${key}: ${error?.stack}`);
      });
    assert.ok(performance.now() - since < 1000, key);
  }
});

test.run();
