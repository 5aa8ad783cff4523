/** Pickles that would run something, and damaged ones: refused by name, and nothing but a SpectroscopeError. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { refusedAtOnce as refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { ZipArchive } from "../../runtime/formats/zip";
import { projectRoot } from "../../runtime/node/root";
import { parsePickle } from "./pickle";
import type { PickledDict } from "./pickle-values";
import { parseStateDict } from "./state-dict";

const test = suite("models/sae/pickle");

/** Bytes of texts and numbers, one after the other; protocol 2 in front. */
const bytes = (...parts: (string | number)[]) =>
  Uint8Array.from([0x80, 2, ...parts.flatMap((part) => (typeof part === "number" ? [part] : [...Buffer.from(part)]))]);
const text = (value: string): (string | number)[] => ["X", value.length, 0, 0, 0, value];
const read = (...parts: (string | number)[]) => parsePickle(bytes(...parts), "x.pt");

test("whatever would call, import or build something is refused by its name", () => {
  const system = "cos\nsystem\n";
  refused(
    () => read(system, "(", ...text("ls"), "tR."),
    /x\.pt: GLOBAL of os\.system, which is not read and not run; only a state dict/,
  );
  refused(() => read(system, "."), /GLOBAL of os\.system/);
  refused(() => read("c__builtin__\neval\n."), /GLOBAL of __builtin__\.eval/);
  refused(() => read("ctorch\nload\n."), /GLOBAL of torch\.load/);
  refused(() => read(...text("os"), ...text("system"), 0x93, "(", ...text("ls"), "tR."), /STACK_GLOBAL of os\.system/);
  refused(() => read(0x8c, 2, "os", 0x8c, 6, "system", 0x93, "."), /STACK_GLOBAL of os\.system/);
  refused(() => read("(ios\nsystem\n."), /the opcode INST at byte 3, which is not read/);
  refused(() => read("(", ...text("ls"), "o."), /the opcode OBJ/);
  for (const [code, name] of [
    [0x81, "NEWOBJ"],
    [0x92, "NEWOBJ_EX"],
    [0x82, "EXT1"],
    [0x83, "EXT2"],
    [0x84, "EXT4"],
  ] as const)
    refused(() => read(")", ")", code, 1, 0, 0, 0, "."), new RegExp(`the opcode ${name} at byte 4`));
  refused(() => read("P1\n."), /the opcode PERSID/);
  refused(() => read("}}b."), /BUILD \(__setstate__\) of another object than an OrderedDict/);
  refused(() => read("ccollections\nOrderedDict\n}b."), /BUILD \(__setstate__\)/);
  refused(() => read("ccollections\nOrderedDict\n)Rccollections\nOrderedDict\nb."), /BUILD/);
  refused(() => read("ctorch\nFloatStorage\n)R."), /REDUCE of torch\.FloatStorage/);
  refused(() => read("ccollections\nOrderedDict\n(]tR."), /REDUCE of collections\.OrderedDict with arguments/);
  refused(() => read("}", ...text("a"), "R."), /calls what is no global/);
  refused(() => read(0x96, "."), /the opcode BYTEARRAY8/);
  refused(() => read(0xff), /the opcode 0xff, which is none at byte 2/);
  refused(() => read("I1\n."), /the opcode INT /);
  // A name cannot look like another, nor steer a terminal.
  refused(() => read("ccollections\nOrderedDict\u001b[2J\n."), /GLOBAL of collections\.OrderedDict\\u001b\[2J/);
});

test("an OrderedDict may have attributes, as state dicts have: they are passed over", () => {
  const value = read(
    "ccollections\nOrderedDict\n)R",
    ...text("k"),
    "K",
    7,
    "s}",
    ...text("_metadata"),
    "Nsb.",
  ) as PickledDict;
  assert.equal([...value.entries], [["k", 7]]);
});

test("numbers: whole ones of every width, two's complement, and what no double holds", () => {
  assert.is(read("J", 0xfe, 0xff, 0xff, 0xff, "."), -2);
  assert.is(read("M", 1, 1, "."), 257);
  assert.is(read(0x8a, 0, "."), 0);
  assert.is(read(0x8a, 2, 0xff, 0x80, "."), -32513);
  assert.is(read(0x8a, 6, 0, 0, 0, 0, 0, 1, "."), 2 ** 40);
  assert.is(read("G", 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, "."), 1.5);
  refused(() => read(0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, "."), /beyond 2\^53/);
});

test("bombs: recalled values, deep nesting, long texts and frames are held against limits and the file", () => {
  // Lists that hold each other twice a level: nothing ever walks them.
  const doubling = Array.from({ length: 200 }, (_, i) => [
    "]",
    "q",
    i,
    "h",
    Math.max(0, i - 1),
    "a",
    "h",
    Math.max(0, i - 1),
    "a",
  ]);
  assert.ok(read(...doubling.flat(), 0x85, ...Array.from({ length: 199 }, () => 0x86), ".") !== undefined);
  refused(() => read("(".repeat(200_000), "."), /damaged pickle: MARK before byte \d+ nests too deep/);
  refused(() => read("]".repeat(200_000), "."), /piles up too many values/);
  const deep = read("]", ...Array.from({ length: 50_000 }, () => 0x85), ".");
  assert.ok(deep);
  refused(() => read("X", 0xff, 0xff, 0xff, 0x7f, "a"), /a text of 2147483647 bytes/);
  refused(() => read("X", 0, 0, 1, 0, "a"), /ends at byte 8, in the middle of BINUNICODE/);
  refused(
    () => read(0x95, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, "N."),
    /FRAME before byte \d+ says 9223372036854775807 bytes/,
  );
  refused(() => read("h", 9, "."), /recalls value 9, which was not remembered/);
  refused(() => read("r", 0xff, 0xff, 0xff, 0xff, "."), /LONG_BINPUT before byte 7 finds no value/);
  assert.is(read("Nr", 0xff, 0xff, 0xff, 0xff, "j", 0xff, 0xff, 0xff, 0xff, 0x86, 0x85, ".") !== undefined, true);
});

test("stacks that do not fit are damage", () => {
  refused(() => read("."), /STOP before byte 3 finds no value/);
  refused(() => read("NN."), /leaves values behind/);
  refused(() => read("(N."), /leaves values behind/);
  refused(() => read("N.N"), /STOP before byte 4 is followed by 1 bytes/);
  refused(() => read("N"), /ends at byte 3 without STOP/);
  refused(() => read("t."), /TUPLE before byte 3 finds no mark/);
  refused(() => read("N", 0x87, "."), /TUPLE3 before byte 4 needs 3 values and finds 1/);
  refused(() => read("NNa."), /finds no list/);
  refused(() => read(")Na."), /finds no list/);
  refused(() => read("NNNs."), /finds no dict/);
  refused(() => read("}(Nu."), /a key without a value/);
  refused(() => read("}NNs."), /a key that is no text/);
  refused(() => read("}", ...text("a"), "Ns", ...text("a"), "Ns."), /gives the key "a" twice/);
  refused(() => read("NQ."), /BINPERSID before byte 4 names no storage/);
  refused(() => read("X", 1, 0, 0, 0, 0xff, "."), /not UTF-8/);
  refused(() => parsePickle(Uint8Array.of(0x80, 1, 0x4e, 0x2e), "x.pt"), /protocol 1; protocols 2 to 5/);
  refused(() => parseStateDict(bytes("N."), "x.pt"), /holds no dict of tensors/);
  refused(() => parseStateDict(bytes("}", ...text("a"), "Ns."), "x.pt"), /"a" is no tensor/);
});

test("a pickle makes no more values than a state dict needs, whatever it does with them", () => {
  // 1.2 MB that made 150 MB of lists, 8 times that of dicts; torch.save reads neither as a state dict.
  for (const opcode of ["]", "}", "N", ")\x85"]) {
    const many = `(${opcode.repeat(100_000)}e`;
    refused(
      () => parsePickle(Buffer.from(`\x80\x02]${many.repeat(3)}.`, "latin1"), "x.pt"),
      /x\.pt: the pickle holds more than 262144 values/,
    );
  }
  refused(
    () => parsePickle(Buffer.from(`\x80\x02)${"\x85".repeat(1_000_000)}.`, "latin1"), "x.pt"),
    /holds more than 262144/,
  );
});

/** requires_grad, no hooks: what torch.save writes behind strides. */
const PLAIN: readonly (string | number)[] = [0x89, "ccollections\nOrderedDict\n)R"];

/** A tensor of the pickle: storage of `length` elements, offset, sizes and strides below 256. */
const tensor = (
  length: number,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
  rest: readonly (string | number)[] = PLAIN,
) => {
  const whole = (list: readonly number[]) => ["(", ...list.flatMap((n) => ["K", n]), "t"];
  const storage = ["(", ...text("storage"), "ctorch\nFloatStorage\n", ...text("0"), ...text("cpu"), "K", length, "tQ"];
  const made = ["ctorch._utils\n_rebuild_tensor_v2\n(", ...storage, "K", offset, ...whole(shape), ...whole(strides)];
  return ["}", ...text("w"), ...made, ...rest, "tRs."];
};
const state = (...of: Parameters<typeof tensor>) => parseStateDict(bytes(...tensor(...of)), "x.pt");

test("a tensor lies in its storage, by offset, shape and strides", () => {
  assert.equal(state(6, 0, [2, 3], [3, 1]).get("w")?.shape, [2, 3]);
  assert.equal(state(6, 0, [3, 2], [1, 3]).get("w")?.strides, [1, 3]);
  assert.is(state(6, 5, [], []).get("w")?.count, 1);
  assert.is(state(0, 9, [0, 4], [4, 1]).get("w")?.count, 0);
  refused(() => state(6, 1, [2, 3], [3, 1]), /ends at element 6 of a storage of 6/);
  refused(() => state(6, 0, [2, 3], [4, 1]), /ends at element 6 of a storage of 6/);
  refused(
    () => state(1, 0, [200, 200, 200], [0, 0, 0]),
    /a tensor of 8000000 elements lies in a storage of 1; an expanded tensor is not read: save its clone/,
  );
  refused(() => state(6, 0, [2, 3], [3]), /without offset, shape and strides/);
  refused(() => state(6, 0, Array(20).fill(1), Array(20).fill(1)), /without offset, shape and strides/);
});

test("what would change a tensor's values, or call something of it, is refused", () => {
  const of = (...rest: (string | number)[]) => state(3, 0, [3], [1], rest);
  assert.is(of(0x88, PLAIN[1], "}").get("w")?.count, 3);
  assert.is(of(...PLAIN, "N").get("w")?.count, 3);
  // torch.save(torch._neg_view(ones)) stores ones: PyTorch 2.15 loads -1.
  refused(() => of(...PLAIN, "}", ...text("neg"), 0x88, "s"), /a tensor with metadata, which is not read/);
  refused(() => of(0x89, "ccollections\nOrderedDict\n)RK", 1, "Ns"), /a tensor with hooks/);
  refused(() => of(0x89, "N"), /a tensor with hooks/);
  refused(() => of(...text("yes"), PLAIN[1]), /a tensor with hooks/);
});

test("a real state dict cut at every byte is refused, and with any byte changed refused or read soundly", async () => {
  const file = join(projectRoot(), "goldens", "sae", "dictionary-batchtopk", "ae.pt");
  const archive = new ZipArchive(readFileSync(file), file);
  const pickle = await archive.read(archive.names.find((name) => name.endsWith("data.pkl")) as string);
  const names = [...parseStateDict(pickle, "x.pt").keys()].sort();
  assert.equal(names, ["b_dec", "decoder.weight", "encoder.bias", "encoder.weight", "k", "threshold"]);
  for (let length = 0; length < pickle.length; length++)
    refused(() => parseStateDict(pickle.subarray(0, length), "x.pt"), /x\.pt/);
  let [accepted, rejected] = [0, 0];
  for (let at = 0; at < pickle.length; at++)
    for (const flip of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
      const changed = pickle.slice();
      changed[at] ^= flip;
      try {
        for (const { storage, offset, shape, strides, count } of parseStateDict(changed, "x.pt").values()) {
          const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis], offset);
          assert.ok(count === 0 || (last < storage.length && count <= storage.length), `byte ${at}, ${flip}`);
        }
        accepted++;
      } catch (error) {
        assert.instance(error, SpectroscopeError, `byte ${at}, ${flip}: ${(error as Error).stack}`);
        assert.is.not((error as SpectroscopeError).code, "internal");
        rejected++;
      }
    }
  assert.ok(accepted > 100 && rejected > 1000, `${accepted} accepted, ${rejected} refused`);
});

test.run();
