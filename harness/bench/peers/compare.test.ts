import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../../test/suite";
import { spreadOf } from "../spread";
import { compareOperation, type PeerRow, worstError } from "./compare";
import { type Implementation, joinHeads, splitHeads, transpose } from "./implementation";
import { PeerPackages, pinnedVersions } from "./load";
import { operation } from "./operation";
import { geometricMean, peerTable, ratioToPeers } from "./table";

const test = suite("harness/bench/peers");

const small = operation("small", "layernorm", { R: 3, D: 8 });

/** Gives what the definition gives, changed by `change`. */
function made(name: string, change: (value: number) => number, more: Partial<Implementation> = {}): Implementation {
  return {
    ...{ name, version: "1", where: "webgpu", close: async () => {} },
    prepare: async (one) => ({
      run: async () => {},
      read: async () =>
        Object.fromEntries(Object.entries(one.expected()).map(([key, values]) => [key, values.map(change)])),
      close() {},
    }),
    ...more,
  };
}

test("only right values get a time", async () => {
  const broken = async () => {
    throw new Error("no such kernel\nat some place");
  };
  const rows = await compareOperation(
    small,
    [
      made("right", (value) => value * (1 + 1e-6)),
      made("wrong", (value) => value * 1.01),
      made("no numbers", () => Number.NaN),
      made("broken", (value) => value, { prepare: broken }),
      made("other", (value) => value, { prepare: async () => undefined }),
    ],
    { budgetMs: 1 },
  );
  assert.equal(
    rows.map(({ status }) => status),
    ["timed", "wrong", "wrong", "failed", "absent"],
  );
  assert.ok(rows[0].status === "timed" && rows[0].samples >= 3 && rows[0].error < 2e-6);
  assert.ok(rows[1].status === "wrong" && rows[1].tensor === "y" && Math.abs(rows[1].error - 0.01) < 1e-6);
  assert.ok(rows[3].status === "failed" && rows[3].reason === "no such kernel");
});

test("a missing output or one of another size is wrong", () => {
  const expected = { y: [1, 2], z: [3] };
  assert.is(worstError(expected, { y: [1, 2] }).error, Number.POSITIVE_INFINITY);
  assert.equal(worstError(expected, { y: [1, 2], z: [3, 3] }), { error: Number.POSITIVE_INFINITY, tensor: "z" });
  assert.equal(worstError(expected, { y: [1, 1.5], z: [3] }), { error: 0.25, tensor: "y" });
});

test("layouts go there and back", () => {
  assert.equal([...transpose([1, 2, 3, 4, 5, 6], 2, 3)], [1, 4, 2, 5, 3, 6]);
  const qkv = Float32Array.from({ length: 5 * 2 * 3 * 4 }, (_, i) => i);
  for (const headsFirst of [true, false]) {
    const parts = splitHeads(qkv, 5, 2, 4, headsFirst);
    assert.equal(joinHeads(parts, 5, 2, 4, headsFirst), qkv);
    // Row 1, head 1, first element of k: qkv[1, 1, 1, 0].
    assert.is(parts[1][headsFirst ? (1 * 5 + 1) * 4 : (1 * 2 + 1) * 4], ((1 * 2 + 1) * 3 + 1) * 4);
  }
});

const timed = (implementation: string, where: "webgpu" | "cpu", ms: number): PeerRow => {
  const base = { row: "peer", operation: "o", implementation, where, flops: 1 } as const;
  return { ...base, status: "timed", error: 0, firstMs: 1, ...spreadOf([ms]) };
};

test("the ratio is to the fastest on WebGPU, and wrong or absent rows have none", () => {
  const rows = [
    timed("spectroscope", "webgpu", 2),
    timed("torch", "cpu", 0.1),
    timed("slow", "webgpu", 9),
    timed("quick", "webgpu", 5),
  ];
  assert.equal(ratioToPeers(rows), { ratio: 2.5, peer: "quick" });
  assert.is(ratioToPeers(rows.slice(0, 2)), undefined);
  assert.is(ratioToPeers(rows.slice(1)), undefined);
  assert.ok(Math.abs(geometricMean([2, 8]) - 4) < 1e-12);
  const wrong: PeerRow = { ...rows[3], status: "wrong", error: 0.5, tensor: "y" } as PeerRow;
  const implementations = rows.map(({ implementation: name, where }) => ({ name, where, version: "1" }));
  const table = peerTable([...rows.slice(0, 3), wrong], { row: "peers", implementations });
  assert.equal(table.rows, [["o", "2.00", "0.100", "9.00", "wrong values (y by 0.5)", "4.50 (slow)"]]);
});

test("the loader names what is missing and what has another version", () => {
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-peers-"));
  try {
    const put = (name: string, version: string) => {
      mkdirSync(join(folder, "node_modules", name), { recursive: true });
      writeFileSync(join(folder, "node_modules", name, "package.json"), JSON.stringify({ version, main: "index.js" }));
    };
    put("@a/old", "1.0.0");
    put("there", "2.0.0");
    const pinned = { "@a/old": "1.1.0", there: "2.0.0", absent: "3.0.0" };
    assert.throws(
      () => PeerPackages.open(folder, pinned),
      (error: Error & { hint?: string }) =>
        /@a\/old 1\.1\.0 \(1\.0\.0\), absent 3\.0\.0 \(missing\)$/.test(error.message) &&
        /peers\.mjs/.test(error.hint ?? ""),
    );
    assert.is(PeerPackages.open(folder, { there: "2.0.0" }).version("there"), "2.0.0");
  } finally {
    rmSync(folder, { recursive: true });
  }
  for (const version of Object.values(pinnedVersions())) assert.match(version, /^\d+\.\d+\.\d+$/);
});

test.run();
