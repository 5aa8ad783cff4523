/** The fuzzer's own tests, and a short run of every target: the same inputs each time. */
import { gzipSync } from "node:zlib";
import * as assert from "uvu/assert";
import { SpectroscopeError } from "../../kernels/errors";
import { suite } from "../test/suite";
import { caseOf, LIMITS, runCase } from "./contract";
import { minimized } from "./minimize";
import { mutate } from "./mutate";
import { Random } from "./random";
import { bytesOf, type Target, target } from "./target";
import { TARGETS } from "./targets";

const test = suite("harness/fuzz");
const SEED = 20_240;
const COUNT = 120;

/** Words in capitals are read in small letters; `read` may be broken. */
const words = (read: (text: string) => unknown): Target =>
  target<unknown>({
    name: "words",
    weight: 1,
    make: (random) => ({ input: { w: bytesOf(`ab${random.below(1000)}`) }, expected: "ab" }),
    read: (input) => read(Buffer.from(input.w).toString("latin1")),
  });

/** The kinds of faults of a reader, until `until` is among them. */
async function faultsOf(broken: Target, until?: string): Promise<string[]> {
  const kinds: string[] = [];
  for (let index = 0; index < 200 && !(until && kinds.includes(until)); index++) {
    const given = await caseOf(broken, SEED, index);
    const { fault } = await runCase(broken, given, { ...LIMITS, seconds: 0.2, mebibytes: 64 });
    if (fault && fault.kind !== "slow") kinds.push(fault.kind);
    // Another process may have had the time: what is slow each time is slow.
    else if (fault && (await runCase(broken, given, { ...LIMITS, seconds: 0.2 })).fault) kinds.push(fault.kind);
  }
  return kinds;
}

/** Takes the processor so long. */
function busy(seconds: number): void {
  const start = process.cpuUsage();
  for (let spent = 0; spent < 1e6 * seconds; ) {
    const { user, system } = process.cpuUsage(start);
    spent = user + system;
  }
}
const refuse = (message: string): never => {
  throw new SpectroscopeError(message);
};

test("a planted fault of each kind is found", async () => {
  const sound = (text: string) => (/^ab\d*$/.test(text) ? "ab" : refuse("no word"));
  assert.equal(await faultsOf(words(sound)), []);
  const planted: Readonly<Record<string, (text: string) => unknown>> = {
    exception: (text) => (text.startsWith("ab") ? "ab" : (JSON.parse("null") as { x: unknown }).x),
    value: (text) => (text.endsWith("7") ? "ba" : sound(text)),
    refused: (text) => (text.endsWith("7") ? refuse("no word") : sound(text)),
    slow: (text) => {
      if (text.endsWith("7")) busy(0.4);
      return sound(text);
    },
    memory: (text) => (text.endsWith("7") ? new Uint8Array(2 ** 28).fill(1).length && "ab" : sound(text)),
  };
  for (const [kind, read] of Object.entries(planted))
    assert.ok((await faultsOf(words(read), kind)).includes(kind), kind);
});

test("a find becomes small and keeps its fault", async () => {
  const broken = words((text) => (text.includes("xyz") ? (undefined as unknown as string).length : refuse("no word")));
  const input = { w: bytesOf(`${"a".repeat(5000)}xyz${"b".repeat(3000)}`) };
  const { fault } = await runCase(broken, { input, sound: false });
  const small = await minimized(broken, { input, sound: false }, fault?.signature ?? "", LIMITS);
  assert.is(Buffer.from(small.w).toString(), "xyz");
});

test("inputs are the same for the same seed, target and number, and are damaged in many ways", async () => {
  const [json] = TARGETS;
  const one = async (seed: number, index: number) =>
    Buffer.from((await caseOf(json, seed, index)).input["x.json"]).toString("hex");
  assert.is(await one(1, 5), await one(1, 5));
  const many = new Set(await Promise.all(Array.from({ length: 200 }, (_, index) => one(1, index))));
  assert.ok(many.size > 120, `${many.size} different inputs of 200`);
  const whole = { x: gzipSync(bytesOf("a".repeat(100))) };
  const damaged = Array.from({ length: 200 }, (_, i) => mutate(whole, new Random(1, "x", i)).x);
  assert.ok(new Set(damaged.map((bytes) => Buffer.from(bytes).toString("hex"))).size > 120);
  assert.ok(
    damaged.some(({ length }) => length < whole.x.length) && damaged.some(({ length }) => length > whole.x.length),
  );
});

for (const own of TARGETS)
  test(`${own.name}: what is put in comes out, and nothing else than a SpectroscopeError ever does`, async () => {
    let [sound, accepted, refused] = [0, 0, 0];
    for (let index = 0; index < Math.ceil(COUNT * Math.min(1, own.weight)); index++) {
      const given = await caseOf(own, SEED, index);
      const outcome = await runCase(own, given);
      const { fault } = outcome;
      // On a busy machine a second is soon over: what is slow each time is slow.
      const slow = fault?.kind === "slow" && (await runCase(own, given)).fault === undefined;
      if (fault && !slow) assert.unreachable(`input ${index}: ${fault.kind}: ${fault.detail}`);
      if (given.sound) sound++;
      if (outcome.accepted) accepted++;
      else refused++;
    }
    assert.ok(sound > 0 && accepted > 0, `${sound} sound, ${accepted} accepted, ${refused} refused`);
  });

test.run();
