import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { foundInBody, plantedInBody } from "../../test/planted";
import { suite } from "../../test/suite";
import type { MethodRow } from "./compare";
import { holds } from "./planted";
import { changesOf, readEarlier } from "./regressions";
import { changeLines } from "./table";

const test = suite("harness/bench/clustering/regressions");

const row = (graph: string, method: string, more: Partial<MethodRow>): MethodRow => ({
  ...{ graph, method, nodes: 10, edges: 20, rounds: 3 },
  ...more,
});

test("ours is compared graph by graph: more than 0.01 ARI lost is worse, a failure too", () => {
  const earlier = [
    row("a", "spectroscope", { ari: 0.5, busy: 2 }),
    row("b", "spectroscope", { ari: 0.5 }),
    row("b", "spectroscope, points", { ari: 0.5 }),
    row("b", "leiden", { ari: 0.5 }),
    row("c", "spectroscope", { ari: -1 }),
    row("gone", "spectroscope", { ari: 1 }),
  ];
  const now = [
    row("a", "spectroscope", { ari: 0.4901, busy: 1 }),
    row("b", "spectroscope", { ari: 0.4899 }),
    row("b", "spectroscope, points", { ari: 0.9 }),
    row("b", "leiden", { ari: 0 }),
    row("c", "spectroscope", { failure: "no" }),
    row("new", "spectroscope", { ari: 0 }),
  ];
  const changes = changesOf(earlier, now);
  assert.equal(
    changes.map(({ graph, method, worse }) => [graph, method, worse]),
    [
      ["a", "spectroscope", false],
      ["b", "spectroscope", true],
      ["b", "spectroscope, points", false],
      ["c", "spectroscope", true],
    ],
  );
  assert.equal([changes[0].busyBefore, changes[0].busyNow, changes[1].busyBefore], [2, 1, undefined]);
  const lines = changeLines(changes);
  assert.match(lines[2], /^b +spectroscope +0\.500 +0\.490 +-0\.010 .*worse$/);
  assert.match(lines[5], "4 compared, 2 lost more than 0.01 ARI");
});

test("a file that no such bench wrote is refused by name", () => {
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-earlier-"));
  try {
    const path = join(folder, "earlier.json");
    const rows = [row("a", "spectroscope", { ari: 0.5 })];
    writeFileSync(path, JSON.stringify({ rows }));
    assert.equal(readEarlier(path), rows);
    for (const text of [
      "",
      "{",
      "null",
      "[]",
      '{"rows": 1}',
      '{"rows": [null]}',
      '{"rows": [{"graph": 1, "method": "x"}]}',
    ]) {
      writeFileSync(path, text);
      assert.throws(() => readEarlier(path), /--compare .*earlier\.json/, text);
    }
    assert.throws(() => readEarlier(join(folder, "absent.json")), /absent\.json/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("planted clusters and nulls: every bound is held by itself", () => {
  const good = { seed: 3, found: 25, of: 25, clusters: 26, body: 0.02 };
  const none = { kind: "Gaussian", count: 4, withClusters: 0, clusters: 0 };
  assert.ok(holds([good], [none]));
  assert.not.ok(holds([good, { ...good, found: 24 }], [none]));
  assert.not.ok(holds([{ ...good, body: 0.0203 }], [none]));
  assert.not.ok(holds([good], [none, { ...none, withClusters: 1, clusters: 1 }]));
});

test("the planted matrix scores its own truth as 25 of 25, and counts the body's share", () => {
  const { truth, rows } = plantedInBody(3);
  const members = Array.from({ length: rows }, (_, i) => i);
  const exact = Array.from({ length: 25 }, (_, group) => ({ members: members.filter((i) => truth[i] === group) }));
  assert.equal(foundInBody(exact, truth), { found: 25, body: 0 });
  const body = members.filter((i) => truth[i] < 0);
  assert.is(body.length, 4000);
  const half = [...exact.slice(1), { members: body.slice(0, 2000) }];
  assert.equal(foundInBody(half, truth), { found: 24, body: 0.5 });
});

test.run();
