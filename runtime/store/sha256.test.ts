/** Hashes: those that everybody has, and one of hashes that does not depend on how its parts are cut. */
import { createHash } from "node:crypto";
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { sha256, sha256OfParts } from "./sha256";

const test = suite("runtime/store/sha256");
const known = (...parts: Uint8Array[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

test("of bytes, of shared memory too", async () => {
  // FIPS 180-2's examples.
  const text = (value: string) => new TextEncoder().encode(value);
  assert.is(await sha256(text("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.is(await sha256(text("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  shared.set(text("abc"));
  assert.is(await sha256(shared), await sha256(text("abc")));
  const whole = text("xabcx");
  assert.is(await sha256(whole.subarray(1, 4)), await sha256(text("abc")));
});

test("of parts: the hash of the hashes of every 64 MiB, however they are cut", async () => {
  const size = 2 ** 26;
  const whole = new Uint8Array(size + 1000);
  for (let i = 0; i < whole.length; i += 97) whole[i] = i % 251;
  const wanted = known(known(whole.subarray(0, size)), known(whole.subarray(size))).toString("hex");
  const cut = (...at: number[]) => [0, ...at].map((from, i) => whole.subarray(from, at[i] ?? whole.length));
  assert.is(await sha256OfParts([whole]), wanted);
  assert.is(await sha256OfParts(cut(10, 10, size - 1)), wanted);
  assert.is(await sha256OfParts(cut(size)), wanted);
  // One buffer for all parts.
  async function* reused() {
    const buffer = Buffer.alloc(2 ** 20);
    for (let at = 0; at < whole.length; at += buffer.length) {
      const part = whole.subarray(at, at + buffer.length);
      buffer.set(part);
      yield buffer.subarray(0, part.length);
    }
  }
  assert.is(await sha256OfParts(reused()), wanted);
  assert.is(await sha256OfParts([]), known(new Uint8Array(0)).toString("hex"));
  assert.is(await sha256OfParts([whole.subarray(0, 5)]), known(known(whole.subarray(0, 5))).toString("hex"));
});

test.run();
