import { createHash } from "node:crypto";
import { decodeNpy, type NpyArray, type NpyData, type NpyType } from "../../../runtime/formats/npy";
import type { Random } from "../random";
import { bytesOf, type Facts, joined, target } from "../target";

/** Values of a type that a file of it holds exactly. */
export function values(dtype: NpyType, count: number, random: Random): NpyData {
  const list = <T>(item: () => T) => random.list(count, item);
  switch (dtype) {
    case "f32":
      return Float32Array.from(
        list(() => (random.chance(0.05) ? random.pick([Number.NaN, Number.POSITIVE_INFINITY, -0]) : random.double())),
      );
    case "f64":
      return Float64Array.from(
        list(() => (random.chance(0.05) ? random.pick([Number.NaN, Number.NEGATIVE_INFINITY, -0]) : random.double())),
      );
    case "u8":
      return Uint8Array.from(list(() => random.below(256)));
    case "u16":
      return Uint16Array.from(list(() => random.below(65536)));
    case "i32":
      return Int32Array.from(list(() => random.next() | 0));
    case "u32":
      return Uint32Array.from(list(() => random.next()));
    case "i64":
      return Float64Array.from(
        list(() => random.pick([random.from(-9, 9), Number.MAX_SAFE_INTEGER, -(2 ** 53 - 1), random.next()])),
      );
  }
}

const DESCR: Readonly<Record<NpyType, string>> = {
  ...{ f32: "<f4", f64: "<f8", u8: "|u1", u16: "<u2", i32: "<i4", u32: "<u4", i64: "<i8" },
};

/** Bytes of values as a file holds them, made apart from the product. */
export function rawBytes(dtype: NpyType, data: NpyData): Uint8Array {
  const held = dtype === "i64" ? BigInt64Array.from(Array.from(data, BigInt)) : data;
  return new Uint8Array(held.buffer, held.byteOffset, held.byteLength);
}

/** A header's text with a length before it that fits. */
export function withHeader(text: string, body: Uint8Array, version = 1, pad = 64): Uint8Array {
  const start = version === 1 ? 10 : 12;
  const length = Math.ceil((start + text.length + 1) / pad) * pad;
  const head = new Uint8Array(length).fill(0x20);
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(head.buffer);
  if (version === 1) view.setUint16(8, length - start, true);
  else view.setUint32(8, length - start, true);
  head.set(bytesOf(text).subarray(0, length - start - 1), start);
  head[length - 1] = 10;
  return joined(head, body);
}

const tuple = (shape: readonly (number | string)[]) =>
  shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;

/** A file as NumPy writes it. */
export function npyFile(dtype: NpyType, shape: readonly number[], data: NpyData): Uint8Array {
  const text = `{'descr': '${DESCR[dtype]}', 'fortran_order': False, 'shape': ${tuple(shape)}, }`;
  return withHeader(text, rawBytes(dtype, data));
}

export function array(random: Random, axes = random.from(0, 3)): NpyArray {
  const dtype = random.pick(Object.keys(DESCR) as NpyType[]);
  const shape = random.list(axes, () => random.from(random.chance(0.1) ? 0 : 1, 5));
  return {
    dtype,
    shape,
    data: values(
      dtype,
      shape.reduce((product, size) => product * size, 1),
      random,
    ),
  };
}

/** Headers that are nearly sound. */
function oddFile(random: Random): Uint8Array {
  const { dtype, shape, data } = array(random);
  const descr = random.chance(0.6)
    ? `'${DESCR[dtype]}'`
    : random.pick([
        "'>f4'",
        "'|b1'",
        "'<f2'",
        "'|O'",
        "'<U3'",
        "'|S4'",
        "[('a', '<f4')]",
        "'<c8'",
        "'<M8[ns]'",
        "'f4'",
        "'float32'",
        "('<f4', (2,))",
        "'\u00e4'",
        "'=f4'",
        "'<f4\\x00'",
        "'|i1'",
        "'<i2'",
        "'|V4'",
      ]);
  const order = random.pick(["False", "False", "False", "True", "0", "None", "'False'"]);
  const size = () =>
    random.pick([
      () => String(random.edge()),
      () => "True",
      () => "2L",
      () => "03",
      () => "1_0",
      () => "2.0",
      () => "9".repeat(400),
      () => "-1",
      () => "None",
      () => "0x2",
    ])();
  const sizes: (number | string)[] = shape.map((own) => (random.chance(0.3) ? size() : own));
  const written = random.pick([
    tuple,
    tuple,
    tuple,
    (list: readonly (number | string)[]) => `[${list.join(", ")}]`,
    (list: readonly (number | string)[]) => `(${list.join(", ")})`,
    (list: readonly (number | string)[]) => `(${list.join(",")},,)`,
  ])(random.chance(0.05) ? random.list(random.pick([33, 65, 5000]), () => 1) : sizes);
  const fields = [`'descr': ${descr}`, `'fortran_order': ${order}`, `'shape': ${written}`];
  if (random.chance(0.1)) fields.push(random.pick(["'extra': True", "'shape': ()", "'descr': '<f8'", "1: 2"]));
  if (random.chance(0.05)) fields.splice(random.below(fields.length), 1);
  const ordered = random.chance(0.3) ? random.shuffled(fields) : fields;
  const text = `${random.pick(["{", "{", "{", " {", "{ \n", "[", "dict("])}${ordered.join(random.pick([", ", ",", " , ", ",\n", ",\u00a0", ";"]))}${random.pick([", }", "}", "} ", "})", ", } # x"])}`;
  const body = rawBytes(dtype, data);
  const shifted = random.chance(0.15) ? joined(body, random.bytes(random.from(1, 9))) : body;
  return withHeader(text, shifted, random.pick([1, 1, 1, 2, 3, 0, 4]), random.pick([64, 64, 16, 1]));
}

export const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

export const arrayFacts = ({ dtype, shape, data }: NpyArray): Facts => ({
  ...{ dtype, shape, sha256: digest(rawBytes(dtype, data)) },
});

export const npy = target<NpyArray>({
  name: "npy",
  weight: 4,
  make(random) {
    const expected = array(random);
    return { input: { "x.npy": npyFile(expected.dtype, expected.shape, expected.data) }, expected };
  },
  odd: (random) => ({ "x.npy": oddFile(random) }),
  read: (input) => decodeNpy(input["x.npy"], "x.npy"),
  flaw: ({ shape, data }) =>
    shape.reduce((product, size) => product * size, 1) === data.length
      ? undefined
      : `${data.length} values of [${shape}]`,
  peer: { kind: "npy", facts: arrayFacts },
});
