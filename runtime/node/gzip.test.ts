import { gzipSync } from "node:zlib";
import * as assert from "uvu/assert";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { unpackedLimit } from "../formats/unpacked";
import { unpacked } from "./gzip";

const test = suite("runtime/node/gzip");
const text = (length: number) =>
  Buffer.from(Array.from({ length }, (_, i) => `${i} ${(i * 7919) % 104_729}\n`).join(""));

test("what is packed is unpacked, members one after another too; what is not stays", async () => {
  const plain = text(20_000);
  assert.ok(Buffer.from(await unpacked(gzipSync(plain), "x")).equals(plain));
  const two = Buffer.concat([gzipSync(plain.subarray(0, 1000)), gzipSync(plain.subarray(1000))]);
  assert.ok(Buffer.from(await unpacked(two, "x")).equals(plain));
  assert.is((await unpacked(gzipSync(""), "x")).length, 0);
  assert.is(await unpacked(plain, "x"), plain);
});

test("a bomb is refused once it is more than its file may become", async () => {
  assert.equal([unpackedLimit(0), unpackedLimit(2e6), unpackedLimit(1e9)], [2 ** 25, 64e6, 2 ** 32 - 1]);
  const bomb = gzipSync(Buffer.alloc(2 ** 25 + 1));
  await refused(unpacked(bomb, "x.gz"), /^x\.gz: \d+ bytes of gzip become more than 33554432; .*gunzip/);
  assert.is((await unpacked(gzipSync(Buffer.alloc(2 ** 25)), "x")).length, 2 ** 25);
});

test("damaged data are refused", async () => {
  const packed = gzipSync(text(1000));
  for (const cut of [3, 12, packed.length >> 1, packed.length - 1])
    await refused(unpacked(packed.subarray(0, cut), "x.gz"), /^x\.gz: damaged gzip data/);
  for (const tail of [[9], [0x1f, 0x8c, 8], [0, 0, 9], [0x1f, 0x8b, 8, 0]])
    await refused(unpacked(Buffer.concat([packed, Uint8Array.from(tail)]), "x.gz"), /damaged gzip data/);
  const filled = await unpacked(Buffer.concat([packed, new Uint8Array(512)]), "x.gz");
  assert.ok(Buffer.from(filled).equals(text(1000)), "zeros after its end are nothing");
  const flipped = Buffer.from(packed);
  flipped[flipped.length - 6] ^= 1;
  await refused(unpacked(flipped, "x.gz"), /damaged gzip data: incorrect data check/);
});

test.run();
