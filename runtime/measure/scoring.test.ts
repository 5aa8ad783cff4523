/** How clusters are held against known roles and modes. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { MIN_ROLE_TOKENS } from "./known-roles";
import { bestRole, labelSizes, scoreRow } from "./scoring";

const test = suite("runtime/measure/scoring");

/** 12 tokens of role a, 12 of b, 3 of c, 3 of none. */
const numbers = Int32Array.from({ length: 30 }, (_, token) => (token < 12 ? 0 : token < 24 ? 1 : token < 27 ? 2 : -1));
const roles = { numbers, names: ["a", "b", "c"] };
const modes = { numbers: new Int32Array(30), names: ["all"] };
const tokens = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test("sizes are of labels that are known", () => {
  assert.equal(Array.from(labelSizes(roles)), [12, 12, 3]);
});

test("the best role of a cluster, of equal ones the first met", () => {
  const sizes = labelSizes(roles);
  assert.equal(bestRole(tokens(0, 12), roles, sizes), { name: "a", f1: 1 });
  assert.equal(bestRole([23, 0], roles, sizes), { name: "b", f1: 2 / 14 });
  assert.equal(bestRole([0, 23], roles, sizes)?.name, "a");
  assert.is(bestRole([], roles, sizes), undefined);
});

test("a row counts clusters and covered tokens, and of roles those with tokens enough", () => {
  const members = [tokens(0, 12), tokens(24, 27)];
  const clusters = members.map((own, id) => ({
    ...{
      id,
      members: own,
      size: own.length,
      seed: own[0],
      conductance: 0,
      sweep: [],
      tolerance: 0,
      excess: 0,
      recurrence: 0,
    },
  }));
  const labels = Int32Array.from({ length: 30 }, (_, token) => members.findIndex((own) => own.includes(token)));
  const result = { features: "chi", control: false, clustering: { clusters, labels } };
  const row = scoreRow(result, { roles, modes });
  assert.ok(MIN_ROLE_TOKENS > 3 && MIN_ROLE_TOKENS <= 12);
  assert.equal([row.clusters, row.covered], [2, 0.5]);
  // Of a and b, which are large enough, a is found whole and b not at all; c is, and does not count.
  assert.equal([row.meanBestF1, row.rolesAboveHalf], [0.5, 1]);
  assert.is(row.ariModes, 0);
  assert.equal(scoreRow(result, undefined), { ...row, meanBestF1: 0, rolesAboveHalf: 0, ariRoles: 0, nmiRoles: 0 });
});

test.run();
