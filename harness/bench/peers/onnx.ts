/** ONNX models of a few nodes, written as protocol buffers: what ONNX Runtime takes. */

export interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | { readonly float: number }>>;
  /** Of operators that are not ONNX's own. */
  readonly domain?: string;
}

/** A graph's input or output: its element type and shape. */
export interface OnnxValue {
  readonly type: "float32" | "int64";
  readonly dims: readonly number[];
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: Readonly<Record<string, OnnxValue>>;
  readonly outputs: Readonly<Record<string, OnnxValue>>;
}

const ELEMENT = { float32: 1, int64: 7 } as const;
/** IR version and operator set: those that ONNX Runtime has known for years. */
const [IR, OPSET] = [8, 17];
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** A field that holds bytes: a text or another message. */
const field = (number: number, bytes: readonly number[]) => [
  ...varint(number * 8 + 2),
  ...varint(bytes.length),
  ...bytes,
];
const integer = (number: number, value: number) => [...varint(number * 8), ...varint(value)];
const float = (number: number, value: number) => [
  ...varint(number * 8 + 5),
  ...new Uint8Array(new Float32Array([value]).buffer),
];
const text = (number: number, value: string) => field(number, [...new TextEncoder().encode(value)]);

function attribute(name: string, value: number | { readonly float: number }): number[] {
  const typed =
    typeof value === "number"
      ? [...integer(3, value), ...integer(20, ATTRIBUTE_INT)]
      : [...float(2, value.float), ...integer(20, ATTRIBUTE_FLOAT)];
  return [...text(1, name), ...typed];
}

function node({ type, inputs, outputs, attributes = {}, domain }: OnnxNode): number[] {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(4, type),
    ...Object.entries(attributes).flatMap(([name, value]) => field(5, attribute(name, value))),
    ...(domain ? text(7, domain) : []),
  ];
}

function valueInfo(name: string, { type, dims }: OnnxValue): number[] {
  const shape = dims.flatMap((dim) => field(1, integer(1, dim)));
  const tensor = [...integer(1, ELEMENT[type]), ...field(2, shape)];
  return [...text(1, name), ...field(2, field(1, tensor))];
}

/** The bytes of a model; operators of ONNX's set 17 and of `com.microsoft`. */
export function encodeModel({ nodes, inputs, outputs }: OnnxModel): Uint8Array {
  const values = (number: number, all: Readonly<Record<string, OnnxValue>>) =>
    Object.entries(all).flatMap(([name, value]) => field(number, valueInfo(name, value)));
  const graph = [
    ...nodes.flatMap((one) => field(1, node(one))),
    ...text(2, "graph"),
    ...values(11, inputs),
    ...values(12, outputs),
  ];
  const sets = [field(8, integer(2, OPSET)), field(8, [...text(1, "com.microsoft"), ...integer(2, 1)])];
  return Uint8Array.from([...integer(1, IR), ...field(7, graph), ...sets.flat()]);
}
