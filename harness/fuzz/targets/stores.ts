import { samplerSchema } from "../../../runtime/config/sampler";
import { defaultsOf } from "../../../runtime/config/schema";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "../../../runtime/store/checkpoint";
import { finishStore, openFinished } from "../../../runtime/store/finished";
import { type Manifest, manifestOf, readManifest, writeManifest } from "../../../runtime/store/manifest";
import { MemoryStore } from "../../../runtime/store/memory-store";
import { escapedName, samplesName } from "../../../runtime/store/names";
import { checkKey } from "../../../runtime/store/store";
import { ZarrGroup } from "../../../runtime/store/zarr";
import type { ZarrType } from "../../../runtime/store/zarr-values";
import { mutatedJson } from "../mutate";
import type { Random } from "../random";
import { bytesOf, type Input, joined, target } from "../target";
import { name, text, UNUSUAL } from "../words";
import { digest } from "./npy";
import { jsonValue } from "./texts";

async function filled(input: Input): Promise<MemoryStore> {
  const store = new MemoryStore("run");
  for (const [key, bytes] of Object.entries(input)) await store.set(key, bytes);
  return store;
}

async function filesOf(store: MemoryStore): Promise<Input> {
  const keys = await store.list("");
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, (await store.get(key)) as Uint8Array])));
}

interface Made {
  readonly name: string;
  readonly dtype: ZarrType;
  readonly shape: readonly number[];
  readonly values: readonly (number | string)[];
}

const TYPES: readonly ZarrType[] = ["f32", "f64", "i32", "u32", "i64", "string"];

function elements(dtype: ZarrType, count: number, random: Random): (number | string)[] {
  const one: Readonly<Record<ZarrType, () => number | string>> = {
    f32: () => random.from(-999, 999) / 8,
    f64: () => random.double(),
    i32: () => random.next() | 0,
    u32: () => random.next(),
    i64: () => random.pick([random.from(-9, 9), 2 ** 53 - 1]),
    string: () => text(random),
  };
  return random.list(count, one[dtype]);
}

async function group(random: Random, finish: boolean): Promise<{ input: Input; expected: Made[] }> {
  const store = new MemoryStore("x.zarr");
  const root = await ZarrGroup.create(store, { about: "fuzz" });
  const expected: Made[] = [];
  for (let i = random.from(1, 2); i > 0; i--) {
    const dtype = random.pick(TYPES);
    const shape = random.list(random.from(1, 3), () => random.from(1, 4));
    const chunks = shape.map((size) => random.from(1, size));
    const values = elements(
      dtype,
      shape.reduce((product, size) => product * size, 1),
      random,
    );
    const made: Made = { name: `a${i}`, dtype, shape, values };
    const spec = { name: made.name, dims: shape.map((_, axis) => `d${axis}`), shape, chunks };
    if (dtype === "string") await root.write({ ...spec, dtype }, values as string[]);
    else await root.write({ ...spec, dtype }, values as number[]);
    expected.push(made);
  }
  if (finish) await finishStore(root);
  return { input: await filesOf(store), expected: expected.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Every array of a group, whatever type it says it has. */
async function arraysOf(root: ZarrGroup, input: Input): Promise<Made[]> {
  const found: Made[] = [];
  // By their files: a list of arrays leaves out what cannot be opened.
  const names = Object.keys(input).filter((key) => key.endsWith("/zarr.json"));
  for (const own of names.map((key) => key.slice(0, -"/zarr.json".length)).sort()) {
    let made: Made | undefined;
    let refusal: unknown;
    for (const dtype of TYPES) {
      try {
        const array = await root.array(own, dtype);
        made = {
          name: own,
          dtype,
          shape: array.shape,
          values: Array.from((await array.read()) as ArrayLike<number | string>),
        };
      } catch (error) {
        // Of another type: the next may be it. Anything else is what reading says.
        if (!/, expected /.test(String(error))) throw error;
        refusal = error;
      }
    }
    if (!made) throw refusal;
    found.push(made);
  }
  return found;
}

export const zarr = target<Made[]>({
  name: "zarr",
  weight: 0.6,
  make: (random) => group(random, false),
  async odd(random) {
    const { input } = await group(random, false);
    const key = random.pick(Object.keys(input).filter((own) => own.endsWith("zarr.json")));
    return { ...input, [key]: bytesOf(mutatedJson(Buffer.from(input[key]).toString(), random)) };
  },
  read: async (input) => arraysOf(await ZarrGroup.open(await filled(input)), input),
  flaw: (list) =>
    list
      .map(({ shape, values }) =>
        shape.reduce((product, size) => product * size, 1) === values.length
          ? undefined
          : "values do not fill the shape",
      )
      .find(Boolean),
  peer: {
    kind: "zarr",
    facts: (list) => ({
      arrays: list.map(({ name: own, dtype, shape, values }) => ({
        ...{ name: own, dtype, shape },
        sha256:
          dtype === "string"
            ? digest(bytesOf(JSON.stringify(values)))
            : digest(new Uint8Array(Float64Array.from(values as number[]).buffer)),
      })),
    }),
  },
});

/** A finished store gives what was put in or nothing: the number of its files stands for its values. */
export const finished = target<Made[]>({
  name: "finished",
  weight: 0.4,
  make: (random) => group(random, true),
  read: async (input) => arraysOf(await openFinished(await filled(input)), input),
});

export const checkpoint = target<Checkpoint | undefined>({
  name: "checkpoint",
  weight: 2,
  async make(random) {
    const store = new MemoryStore("run");
    const arrays = new Map(
      random.list(random.from(0, 3), (i) => [
        `${name(random)}${i}`,
        Float32Array.from(random.list(random.from(0, 6), () => random.from(-99, 99) / 4)),
      ]),
    );
    const facts = JSON.parse(
      JSON.stringify({ a: jsonValue(random) }).replace(/-0(?=[,}\]])/g, "0"),
    ) as Checkpoint["facts"];
    await writeCheckpoint(store, "c", { facts, arrays });
    return { input: await filesOf(store), expected: { facts, arrays } };
  },
  async odd(random) {
    const made = await this.make(random);
    const bytes = made.input.c;
    const end = bytes.indexOf(10);
    return {
      c: joined(bytesOf(mutatedJson(Buffer.from(bytes.subarray(0, end)).toString(), random)), bytes.subarray(end)),
    };
  },
  read: async (input) => readCheckpoint(await filled(input), "c"),
});

/** A manifest as a run that begins has it, in its file. */
async function begun(random: Random): Promise<{ input: Input; expected: Manifest }> {
  const names = [...new Set(random.list(random.from(1, 3), () => name(random)))];
  const chains = Array.from({ length: random.from(1, 4) }, (_, i) => i);
  const settings = { ...defaultsOf(samplerSchema), seed: random.below(9) };
  const plan = names.map((own) => ({ name: own, restriction: "l0h0", settings, chains }));
  const config = { model: "nano", sampler: { seed: 1 } };
  const expected = manifestOf("run", { config, provenance: { host: "x" }, plan }, undefined);
  const store = new MemoryStore("run");
  await writeManifest(store, expected);
  return { input: await filesOf(store), expected };
}

export const manifest = target<Manifest>({
  name: "manifest",
  weight: 2,
  make: begun,
  async odd(random) {
    const { input } = await begun(random);
    return { "manifest.json": bytesOf(mutatedJson(Buffer.from(input["manifest.json"]).toString(), random)) };
  },
  read: async (input) => readManifest(await filled(input)),
  flaw({ plan, units }) {
    const sound = plan.every((unit) => typeof unit?.name === "string" && Array.isArray(unit.chains));
    if (!sound) return "a unit of the plan without name or chains";
    const out = Object.values(units).find(
      (unit) => typeof unit?.directory !== "string" || /\.\.|^\//.test(unit.directory),
    );
    return out === undefined ? undefined : `a unit in ${JSON.stringify(out?.directory)}`;
  },
});

export const unitNames = target<string>({
  name: "unit-names",
  weight: 2,
  make(random) {
    const own = name(random) + random.pick(["", ...UNUSUAL]);
    return { input: { name: bytesOf(own) }, expected: own };
  },
  /** Takes the escape back, so that two names with one key are seen. */
  read(input) {
    const own = new TextDecoder("utf-8", { ignoreBOM: true }).decode(input.name);
    const key = escapedName(own);
    checkKey("run", samplesName(own));
    const bytes = key.replace(/~([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.from(bytes, "latin1"));
  },
  flaw: (value, input) =>
    value === new TextDecoder("utf-8", { ignoreBOM: true }).decode(input.name) ? undefined : "another name comes back",
});
