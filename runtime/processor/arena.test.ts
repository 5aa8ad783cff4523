import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { Arena, type Region } from "./arena";

const test = suite("runtime/processor/arena");

const memoryOf = (pages: number, maximum: number) => new WebAssembly.Memory({ initial: pages, maximum });

test("regions never overlap, are aligned, and what is freed is used again", () => {
  const memory = memoryOf(1, 64);
  const arena = new Arena(memory, 128, 64);
  const random = seededRandom(5);
  const held: Region[] = [];
  let most = 0;
  for (let i = 0; i < 2000; i++) {
    if (held.length > 20 || (held.length > 0 && random.uniform() < 0.45)) {
      arena.give(held.splice(random.integer(held.length), 1)[0]);
    } else {
      const bytes = 1 + random.integer(5000);
      const region = arena.take(bytes, "a test");
      assert.is(region.at % 64, 0);
      assert.ok(region.at >= 128 && region.size >= bytes);
      assert.ok(region.at + region.size <= memory.buffer.byteLength, "inside the memory");
      for (const other of held) {
        assert.ok(region.at + region.size <= other.at || other.at + other.size <= region.at, "apart from others");
      }
      held.push(region);
    }
    most = Math.max(
      most,
      held.reduce((sum, { size }) => sum + size, 0),
    );
  }
  assert.ok(memory.buffer.byteLength < 3 * most + 65536, `${memory.buffer.byteLength} bytes for ${most} at most held`);
  for (const region of held) arena.give(region);
  const before = memory.buffer.byteLength;
  const whole = arena.take(before - 128 - 65536, "all of it");
  assert.is(whole.at, 128, "freed neighbors were joined");
  assert.is(memory.buffer.byteLength, before);
});

test("what does not fit is an error that says how much was wanted, and the rest stays usable", () => {
  const arena = new Arena(memoryOf(1, 2), 64, 64);
  const small = arena.take(100, "small");
  try {
    arena.take(3 * 65536, "the activations");
    assert.unreachable("no such memory");
  } catch (error) {
    assert.instance(error, SpectroscopeError);
    assert.is((error as SpectroscopeError).code, "memory");
    assert.match((error as SpectroscopeError).line, "the activations");
  }
  arena.give(small);
  assert.is(arena.take(100, "again").at, small.at);
});

test.run();
