/** Archives of torch.save: strides, shared storages, and members that are missing or do not fit. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { Random } from "../../harness/fuzz/random";
import { zipFile } from "../../harness/fuzz/targets/archives";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { ZipArchive } from "../../runtime/formats/zip";
import { projectRoot } from "../../runtime/node/root";
import { openTorchArchive } from "./torch-archive";

const test = suite("models/sae/torch-archive");
const bytesOf = (folder: string) => readFileSync(join(projectRoot(), "goldens", "sae", folder, "ae.pt"));

/** Members of a fixture by name. */
async function members(folder: string): Promise<Map<string, Uint8Array>> {
  const zip = new ZipArchive(bytesOf(folder), "ae.pt");
  const all = new Map<string, Uint8Array>();
  for (const name of zip.names) all.set(name, await zip.read(name));
  return all;
}
const packed = (all: ReadonlyMap<string, Uint8Array>) =>
  openTorchArchive(
    zipFile(
      [...all].map(([name, bytes]) => ({ name, bytes })),
      new Random(1, "torch", 0),
    ),
    "ae.pt",
  );

test("a matrix that PyTorch keeps by columns comes out by rows", async () => {
  const archive = await openTorchArchive(bytesOf("dictionary-standard"), "ae.pt");
  const { shape, strides } = archive.tensors.get("encoder.weight") ?? {};
  assert.equal(
    [shape, strides],
    [
      [24, 16],
      [1, 24],
    ],
  );
  // The encoder's rows and the decoder's columns are the same planted directions.
  const [rows, columns] = [await archive.read("encoder.weight"), await archive.read("decoder.weight")];
  for (let f = 0; f < 24; f++) for (let i = 0; i < 16; i++) assert.is(rows[f * 16 + i], columns[i * 24 + f]);
});

test("stored or deflated, in any protocol, types of 16 bits and of integers", async () => {
  for (const folder of ["dictionary-new", "dictionary-gated", "dictionary-topk", "dictionary-batchtopk-bf16"]) {
    const [given, again] = [await openTorchArchive(bytesOf(folder), "ae.pt"), await packed(await members(folder))];
    for (const name of given.tensors.keys()) assert.equal(await again.read(name), await given.read(name), name);
  }
  const { tensors, read } = await openTorchArchive(bytesOf("dictionary-batchtopk-bf16"), "ae.pt");
  assert.equal([...tensors.values()].map(({ storage }) => storage.type).filter((type) => type === "BF16").length, 5);
  assert.equal([tensors.get("k")?.storage.type, (await read("k"))[0]], ["I32", 4]);
});

test("members that are missing, of another length, or of another kind of archive", async () => {
  const without = async (change: (all: Map<string, Uint8Array>, root: string) => void) => {
    const all = await members("dictionary-topk");
    change(all, [...all.keys()][0].split("/")[0]);
    return packed(all);
  };
  await refused(
    without((all, root) => all.delete(`${root}/data/0`)),
    /ae\.pt: tensor ".+" lies in ".+\/data\/0", which is missing/,
  );
  await refused(
    without((all, root) => all.set(`${root}/data/0`, new Uint8Array(3))),
    /needs \d+ bytes of storage, ".+" has 3/,
  );
  await refused(
    without((all, root) => all.delete(`${root}/data.pkl`)),
    /no archive of torch\.save: 0 members NAME\/data\.pkl/,
  );
  await refused(
    without((all) => all.set("other/data.pkl", new Uint8Array(3))),
    /2 members NAME\/data\.pkl/,
  );
  await refused(
    without((all, root) => all.set(`${root}/byteorder`, Buffer.from("big"))),
    /the byte order "big", only "little"/,
  );
  await refused(
    without((all, root) => all.set(`${root}/code/__torch__.py`, Buffer.from("x"))),
    /is a TorchScript program/,
  );
  await refused(
    openTorchArchive(bytesOf("dictionary-topk").subarray(0, 900), "ae.pt"),
    /not a whole zip archive.*save it again: torch\.save/,
  );
  const attack = Buffer.from("\x80\x02cposix\nsystem\nX\x02\x00\x00\x00id\x85R.", "latin1");
  await refused(
    without((all, root) => all.set(`${root}/data.pkl`, attack)),
    /ae\.pt, .+\/data\.pkl: GLOBAL of posix\.system/,
  );
});

test("an archive that becomes much more than its bytes, and names that steer a terminal", async () => {
  // Of seeds one that packs the member.
  const bomb = zipFile([{ name: "a/data.pkl", bytes: new Uint8Array(2 ** 21) }], new Random(2, "torch", 0));
  assert.ok(bomb.length < 5000, `${bomb.length}`);
  await refused(
    openTorchArchive(bomb, "ae.pt"),
    /ae\.pt: its members have 2097152 bytes and the archive \d+, which torch\.save does not write; save it again: torch\.save\(torch\.load\(FILE, map_location='cpu', weights_only=True/,
  );
  const attack = Buffer.from("\x80\x02cposix\nsystem\n.", "latin1");
  const named = (name: string) => packed(new Map([[`${name}/data.pkl`, attack]]));
  await refused(named("a".repeat(60_000)), /^ae\.pt, a{80}\.\.\.: GLOBAL of posix\.system/);
  await refused(named("a\nb\u202e"), /^ae\.pt, a\\u000ab\\u202e\/data\.pkl: GLOBAL of posix/);
});

test.run();
