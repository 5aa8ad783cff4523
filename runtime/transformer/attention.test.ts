/** Heads by a projection each, of a kind no family here has yet: shared keys, planes, any of them moving. In f64, on the host. */
import * as assert from "uvu/assert";
import { HostMemory, runOnHost } from "../../harness/test/host-executor";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { rowsOfHeads } from "../../kernels/common/heads";
import { tensor, type View } from "../plan/plan";
import { attention, projectHeads } from "./attention";
import { FixedTensors } from "./fixed";
import { linear } from "./operations";
import { PrefixCache, Tape, type Value, type Weight } from "./tape";
import { type HostTensor, memoryTensors } from "./weights";

const test = suite("runtime/transformer/attention");
const [H, KV, K, D, G, T, SEQUENCES] = [4, 2, 3, 5, 2, 3, 4];
/** Of all rows those of each chain's batch. */
const ROWS = [3, 4, 5, 9, 10, 11];
const heads = { heads: H, kvHeads: KV, headDim: K };
const PIECES = ["q", "k", "v"] as const;
type Piece = (typeof PIECES)[number];
const outputs = { q: H * K, k: KV * K, v: KV * K };
const normals = (size: number, seed: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: size }, () => Math.fround(random.normal()));
};
const trained = Object.fromEntries(
  PIECES.map((piece, i) => [piece, { weight: normals(outputs[piece] * D, i), bias: normals(outputs[piece], 10 + i) }]),
) as Record<Piece, { weight: number[]; bias: number[] }>;
const concat = (what: "weight" | "bias") => Float32Array.from(PIECES.flatMap((piece) => trained[piece][what]));
const weights = memoryTensors(
  new Map<string, HostTensor>([
    ...PIECES.flatMap((piece): [string, HostTensor][] => [
      [`${piece}.weight`, { shape: [outputs[piece], D], data: Float32Array.from(trained[piece].weight) }],
      [`${piece}.bias`, { shape: [outputs[piece]], data: Float32Array.from(trained[piece].bias) }],
    ]),
    ["packed.weight", { shape: [(H + 2 * KV) * K, D], data: concat("weight") }],
    ["packed.bias", { shape: [(H + 2 * KV) * K], data: concat("bias") }],
  ]),
);

/** What moves: pieces, each at weights of its own in each chain, and perhaps what they read. */
interface Setup {
  readonly moving: readonly Piece[];
  readonly gathered: boolean;
  readonly x?: "moves";
}

/** A plan of heads and attention, where its variables and their gradients lie, and memory with its constants. */
async function planned({ moving, gathered, x: own }: Setup, packed = false) {
  const fixed = new FixedTensors(weights);
  const part = (name: string): Weight => ({ view: fixed.parameter(name), key: name });
  const shared = { sequences: SEQUENCES, positions: T };
  const batch = gathered || own ? { sequences: 1, positions: T } : shared;
  const ids = tensor("rows", [G, T], "kept", "u32");
  const tape = new Tape("heads", G, shared, batch, new PrefixCache(), gathered ? ids : undefined);
  const variables: { view: View; gradient: View; center: number[] }[] = [];
  const move = (piece: Piece, what: "weight" | "bias"): Weight => {
    const shape = [G, ...weights.shapes.get(`${piece}.${what}`)!];
    const [view, gradient] = ["w", "g"].map((name) => tensor(`${piece} ${what} ${name}`, shape, "kept"));
    variables.push({ view, gradient, center: [...trained[piece][what], ...trained[piece][what]] });
    return { view, gradient, key: `moving ${piece} ${what}` };
  };
  const view = tensor("x", own ? [G, T, D] : [SEQUENCES * T, D], "kept");
  const x: Value = { view, grouped: own !== undefined, moves: own !== undefined, key: "x" };
  const of = (piece: Piece) => {
    const get = (what: "weight" | "bias") => (moving.includes(piece) ? move(piece, what) : part(`${piece}.${what}`));
    return { weight: get("weight"), bias: get("bias") };
  };
  const label = (what: string) => `heads ${what}`;
  const { qkv, views } = packed
    ? {
        qkv: linear(tape, label("packed"), x, part("packed.weight"), part("packed.bias"), fixed),
        views: rowsOfHeads(H, KV, K),
      }
    : projectHeads(tape, label, x, { q: of("q"), k: of("k"), v: of("v") }, heads, fixed);
  const out = attention(tape, "heads", qkv, { ...heads, views }, fixed.rotary(T, 2, 100), { keep: true });
  const memory = new HostMemory();
  await memory.place(fixed);
  memory.write(ids, ROWS);
  return { tape, x, out, variables, memory };
}
type Planned = Awaited<ReturnType<typeof planned>>;

const sizeOf = (view: View) => view.shape.reduce((a, b) => a * b, 1);

/** The output at weights that move and at x. */
function evaluated(
  { tape, x, out, variables, memory }: Planned,
  values: readonly (readonly number[])[],
  xs: readonly number[],
) {
  memory.write(x.view, xs);
  for (const [i, { view }] of variables.entries()) memory.write(view, values[i]);
  runOnHost({ name: "prefix", calls: tape.prefix }, memory);
  runOnHost({ name: "body", calls: tape.body }, memory);
  return Array.from(memory.at(out.view, sizeOf(out.view)));
}

const near = (actual: readonly number[], expected: readonly number[], tolerance: number, what: string) => {
  assert.is(actual.length, expected.length, what);
  const at = actual.findIndex((value, i) => !(Math.abs(value - expected[i]) <= tolerance));
  assert.is(at, -1, `${what}, element ${at}: ${actual[at]}, expected ${expected[at]}`);
};

const shared = normals(SEQUENCES * T * D, 40);
const rowsOf = (values: readonly number[], width: number) =>
  ROWS.flatMap((r) => values.slice(r * width, (r + 1) * width));

test("heads by three products are those of a packed one: all trained, some moving, of all rows and of a batch", async () => {
  const packed = evaluated(await planned({ moving: [], gathered: false }, true), [], shared);
  const setups: Setup[] = [
    { moving: [], gathered: false },
    ...[["q"], ["k"], ["v"], ["q", "v"], ["q", "k", "v"]].flatMap((moving) =>
      [false, true].map((gathered) => ({ moving: moving as Piece[], gathered })),
    ),
    { moving: ["k"], gathered: false, x: "moves" },
  ];
  for (const setup of setups) {
    const plan = await planned(setup);
    const xs = setup.x ? rowsOf(shared, D) : shared;
    const found = evaluated(
      plan,
      plan.variables.map(({ center }) => center),
      xs,
    );
    const { moving, gathered, x } = setup;
    const chains = moving.length > 0 ? [...packed, ...packed] : packed;
    near(found, gathered || x ? rowsOf(packed, H * K) : chains, 1e-12, JSON.stringify(setup));
    // What does not move is computed for all chains at once, and copied.
    const products = plan.tape.body.filter(({ kernel }) => kernel.name === "matmul/nt").length;
    assert.is(products, x ? 3 : moving.length, JSON.stringify(setup));
    assert.is(plan.tape.prefix.length === 0, moving.length === 3 || x !== undefined);
  }
});

test("gradients of what moves are central differences, and what does not move has none", async () => {
  const setups: Setup[] = [
    ...PIECES.map((piece) => ({ moving: [piece], gathered: true })),
    { moving: ["q", "v"], gathered: true },
    { moving: ["k"], gathered: false, x: "moves" },
  ];
  for (const setup of setups) {
    const plan = await planned(setup);
    const { tape, x, out, variables, memory } = plan;
    const xs = setup.x ? rowsOf(shared, D) : shared;
    const values = variables.map(({ center }, i) => center.map((value, e) => value + 0.3 * Math.sin(e + i)));
    const weigh = normals(sizeOf(out.view), 50);
    out.gradient = tensor("dout", out.view.shape, "kept");
    memory.write(out.gradient, weigh);
    tape.differentiate();
    const product = () => evaluated(plan, values, xs).reduce((sum, value, i) => sum + weigh[i] * value, 0);
    product();
    const gradients = [...variables.map(({ gradient }) => gradient), ...(x.gradient ? [x.gradient] : [])];
    assert.is(gradients.length, 2 * setup.moving.length + (setup.x ? 1 : 0));
    const found = gradients.map((gradient) => Array.from(memory.at(gradient, sizeOf(gradient))));
    for (const [i, own] of [...values, ...(setup.x ? [xs] : [])].entries()) {
      const expected = own.map((value, e) => {
        const at = (step: number) => {
          own[e] = value + step;
          return product();
        };
        const difference = (at(1e-5) - at(-1e-5)) / 2e-5;
        own[e] = value;
        return difference;
      });
      // The square of the step times third derivatives, and f64 rounding over the step.
      near(found[i], expected, 1e-7, `${JSON.stringify(setup)}, variable ${i}`);
      assert.ok(found[i].some((value) => Math.abs(value) > 1e-2));
    }
  }
});

test.run();
