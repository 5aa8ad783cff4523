import { openSae } from "../../../models/sae/open";
import { parsePickle } from "../../../models/sae/pickle";
import { parseStateDict } from "../../../models/sae/state-dict";
import { memoryFiles } from "../../test/memory-files";
import { mutatedJson } from "../mutate";
import type { Random } from "../random";
import { bytesOf, joined, target } from "../target";
import { name } from "../words";
import { safetensorsFile } from "./weights";

const ascii = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"));
const int = (value: number) => joined(ascii("J"), new Uint8Array(Int32Array.of(value).buffer));
function text(value: string): Uint8Array {
  const own = bytesOf(value);
  return joined(ascii("X"), new Uint8Array(Uint32Array.of(own.length).buffer), own);
}
const whole = (list: readonly number[]) => joined(ascii("("), ...list.map(int), ascii("t"));

interface Made {
  readonly name: string;
  readonly length: number;
  readonly shape: readonly number[];
}

/** A tensor's opcodes, as torch.save writes them. */
function tensor({ name: own, length, shape }: Made, key: number): Uint8Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const storage = joined(text("storage"), ascii("ctorch\nFloatStorage\n"), text(String(key)), text("cpu"), int(length));
  const made = joined(ascii("("), ascii("("), storage, ascii("tQ"), int(0), whole(shape), whole(strides));
  const rest = ascii("\x89ccollections\nOrderedDict\n)RtR");
  return joined(text(own), ascii("ctorch._utils\n_rebuild_tensor_v2\n"), made, rest);
}

/** Opcodes with sound arguments, in any order; some are refused. */
const SOUP: readonly ((random: Random) => Uint8Array)[] = [
  ...[
    "(",
    "N",
    ")",
    "]",
    "}",
    "t",
    "a",
    "e",
    "s",
    "u",
    "Q",
    "R",
    "b",
    ".",
    "\x85",
    "\x86",
    "\x87",
    "\x88",
    "\x94",
    "0",
    "\x81",
  ].map((opcode) => () => ascii(opcode)),
  (random) => int(random.edge()),
  (random) => text(name(random)),
  (random) => Uint8Array.of(0x71, random.below(4)),
  (random) => Uint8Array.of(0x68, random.below(4)),
  (random) =>
    ascii(
      `c${random.pick(["collections\nOrderedDict", "torch\nFloatStorage", "torch._utils\n_rebuild_tensor_v2", "os\nsystem"])}\n`,
    ),
];

export const pickle = target<readonly (readonly [string, ...number[]])[]>({
  name: "pickle",
  weight: 2,
  make(random) {
    const names = [...new Set(random.list(random.from(0, 4), () => name(random)))];
    const list = names.map((own): Made => {
      const shape = random.list(random.from(0, 3), () => random.from(0, 4));
      return { name: own, shape, length: shape.reduce((product, size) => product * size, 1) };
    });
    const body = joined(...list.map(tensor));
    const input = joined(ascii("\x80\x02ccollections\nOrderedDict\n)R("), body, ascii("u."));
    return { input: { "data.pkl": input }, expected: list.map(({ name: own, shape }) => [own, ...shape] as const) };
  },
  odd: (random) => ({
    "data.pkl": joined(
      ascii("\x80\x02"),
      ...random.list(random.from(1, 30), () => random.pick(SOUP)(random)),
      ascii("."),
    ),
  }),
  read(input) {
    const bytes = input["data.pkl"];
    parsePickle(bytes, "data.pkl");
    return [...parseStateDict(bytes, "data.pkl")].map(([own, { shape }]) => [own, ...shape] as const);
  },
});

const CONFIGS: readonly Readonly<Record<string, unknown>>[] = [
  { architecture: "standard", metadata: { hook_name: "blocks.1.hook_resid_post", context_size: 8 } },
  { architecture: "topk", k: 2, rescale_acts_by_decoder_norm: true, normalize_activations: "layer_norm", metadata: {} },
  { hook_point: "blocks.0.hook_resid_pre", activation_fn_str: "topk", activation_fn_kwargs: { k: 1 } },
];
const SIZES = { d_in: 2, d_sae: 3 };
const WEIGHTS = safetensorsFile(
  Object.entries({ W_enc: [2, 3], W_dec: [3, 2], b_enc: [3], b_dec: [2] }).map(([own, shape]) => ({
    name: own,
    dtype: "F32",
    shape,
    bytes: new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)),
  })),
);

/** Configs of SAELens beside weights that are sound. */
export const saeConfig = target<readonly number[]>({
  name: "sae-config",
  weight: 1,
  make: (random) => ({
    input: { "cfg.json": bytesOf(JSON.stringify({ ...random.pick(CONFIGS), ...SIZES })) },
    expected: [2, 3],
  }),
  odd: (random) => ({
    "cfg.json": bytesOf(mutatedJson(JSON.stringify({ ...random.pick(CONFIGS), ...SIZES }), random)),
  }),
  async read(input) {
    const files = memoryFiles("sae", { "cfg.json": input["cfg.json"], "sae_weights.safetensors": WEIGHTS });
    const { encoder } = await openSae(files);
    return [encoder.width, encoder.features];
  },
  flaw: ([width, features]) => (width === 2 && features === 3 ? undefined : "other sizes than the weights'"),
});
