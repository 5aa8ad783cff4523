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
    case "f16":
      return Float32Array.from(
        list(() =>
          random.pick([random.from(-2048, 2048), random.from(1, 1023) * 2 ** -24, -0, 65504, Number.NEGATIVE_INFINITY]),
        ),
      );
    case "bool":
      return Uint8Array.from(list(() => random.below(2)));
    case "i8":
      return Int8Array.from(list(() => random.next() | 0));
    case "i16":
      return Int16Array.from(list(() => random.next() | 0));
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
    case "u64":
      return Float64Array.from(list(() => random.pick([random.from(0, 9), Number.MAX_SAFE_INTEGER, random.next()])));
  }
}

const DESCR: Readonly<Record<NpyType, string>> = {
  ...{ f16: "<f2", f32: "<f4", f64: "<f8", i8: "|i1", i16: "<i2", i32: "<i4", i64: "<i8" },
  ...{ u8: "|u1", u16: "<u2", u32: "<u4", u64: "<u8", bool: "|b1" },
};

/** Bits of a half that a double is, exactly. */
function halfBits(value: number): number {
  const sign = Object.is(Math.sign(value), -0) || value < 0 ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size === Number.POSITIVE_INFINITY) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign | ((exponent + 15) << 10) | (size * 2 ** (10 - exponent) - 1024);
}

/** Bytes of values as a little-endian file holds them, made apart from the product. */
export function rawBytes(dtype: NpyType, data: NpyData): Uint8Array {
  const list = Array.from(data);
  const held =
    dtype === "i64"
      ? BigInt64Array.from(list, BigInt)
      : dtype === "u64"
        ? BigUint64Array.from(list, BigInt)
        : dtype === "f16"
          ? Uint16Array.from(list, halfBits)
          : data;
  return new Uint8Array(held.buffer, held.byteOffset, held.byteLength).slice();
}

/** The values with the first index running fastest, by each one's place. */
function fortran(shape: readonly number[], data: NpyData): NpyData {
  const out = data.slice();
  for (let at = 0; at < data.length; at++) {
    let rest = at;
    let to = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      to = (rest % shape[axis]) * shape.slice(0, axis).reduce((product, size) => product * size, 1) + to;
      rest = Math.floor(rest / shape[axis]);
    }
    out[to] = data[at];
  }
  return out;
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

/** A file as NumPy writes it on a machine of either byte order, of an array in either order. */
export function npyFile(
  dtype: NpyType,
  shape: readonly number[],
  data: NpyData,
  { big = false, columnMajor = false } = {},
): Uint8Array {
  const one = DESCR[dtype].startsWith("|");
  const descr = big && !one ? `>${DESCR[dtype].slice(1)}` : DESCR[dtype];
  const text = `{'descr': '${descr}', 'fortran_order': ${columnMajor ? "True" : "False"}, 'shape': ${tuple(shape)}, }`;
  const body = rawBytes(dtype, columnMajor ? fortran(shape, data) : data);
  const bytes = Number(DESCR[dtype].slice(2));
  if (big) for (let at = 0; at < body.length; at += bytes) body.subarray(at, at + bytes).reverse();
  return withHeader(text, body);
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
    const order = { big: random.chance(0.3), columnMajor: random.chance(0.3) };
    return { input: { "x.npy": npyFile(expected.dtype, expected.shape, expected.data, order) }, expected };
  },
  odd: (random) => ({ "x.npy": oddFile(random) }),
  read: (input) => decodeNpy(input["x.npy"], "x.npy"),
  flaw: ({ shape, data }) =>
    shape.reduce((product, size) => product * size, 1) === data.length
      ? undefined
      : `${data.length} values of [${shape}]`,
  peer: { kind: "npy", facts: arrayFacts },
});
