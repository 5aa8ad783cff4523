import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { scorePartition, scoreSets, shareAbove } from "./score";
import { jaccard, stability } from "./stability";

const test = suite("runtime/cluster/score");
const near = (got: number, expected: number) => assert.ok(Math.abs(got - expected) < 1e-12, `${got} and ${expected}`);

test("a perfect partition, renamed", () => {
  const scores = scorePartition([5, 5, 2, 2, 0], [0, 0, 1, 1, 2]);
  near(scores.ari, 1);
  near(scores.nmi, 1);
  near(scores.purity, 1);
  near(scores.assigned, 1);
});

test("Rand index by hand", () => {
  // Together in both: {0,1} and {4,5}: 2 pairs; in labels 4, in truth 6, of 15.
  const labels = [0, 0, 0, 1, 2, 2];
  const truth = [0, 0, 1, 1, 1, 1];
  const expected = (4 * 7) / 15;
  near(scorePartition(labels, truth).ari, (2 - expected) / ((4 + 7) / 2 - expected));
});

test("mutual information and purity by hand", () => {
  const scores = scorePartition([0, 0, 1, 1], [0, 1, 0, 1]);
  near(scores.nmi, 0);
  near(scores.purity, 0.5);
  near(scorePartition([0, 0, 0, 0], [0, 0, 1, 1]).nmi, 0);
  // H(labels) = log 2, H(truth) = 1.5 log 2, joint 1.5 log 2.
  near(scorePartition([0, 0, 1, 1], [0, 0, 1, 2]).nmi, (2 * 1) / (1 + 1.5));
});

test("unassigned tokens are singletons for the Rand index and left out of purity", () => {
  const scores = scorePartition([0, 0, -1, -1], [0, 0, 1, 1]);
  near(scores.ari, (1 - (1 * 2) / 6) / ((1 + 2) / 2 - (1 * 2) / 6));
  near(scores.purity, 1);
  near(scores.assigned, 0.5);
  near(scorePartition([-1, -1, -1], [0, 0, 0]).ari, 0);
  near(scorePartition([-1, -1], [0, 1]).ari, 1);
});

test("a negative label is a label of its own; a truth that is missing is one truth for purity", () => {
  const labels = [0, 0, 0, 1, 1, -1, -1, 2, 2, -1];
  const truth = [4, 4, -1, -1, -1, 4, 5, 5, -1, -1];
  const apart = (values: number[]) => values.map((value, i) => (value < 0 ? 100 + i : value));
  const scores = scorePartition(labels, truth);
  const spelled = scorePartition(apart(labels), apart(truth));
  near(scores.ari, spelled.ari);
  near(scores.nmi, spelled.nmi);
  assert.ok(scores.nmi > 0.1 && scores.nmi < 1);
  // Best truths: 4 twice of three, none twice of two, one of two.
  near(scores.purity, 5 / 7);
});

test("best F1 over sets that may overlap", () => {
  const truth = [0, 0, 0, 0, 1, 1, 1, 2, -1];
  const sets = [
    { members: [0, 1, 2, 4] },
    { members: [4, 5, 6] },
    { members: [0, 1, 2, 3, 4, 5, 6, 7] },
    { members: [8] },
  ];
  const scores = scoreSets(sets, truth, 2);
  assert.equal(
    scores.perLabel.map(({ label, count, set }) => [label, count, set]),
    [
      [0, 4, 0],
      [1, 3, 1],
    ],
  );
  near(scores.perLabel[0].bestF1, 0.75);
  near(scores.perLabel[1].bestF1, 1);
  near(scores.meanBestF1, 0.875);
  near(scores.shareAboveHalf, 1);
  near(shareAbove(scores, 0.8), 0.5);
  near(scoreSets([], truth, 2).meanBestF1, 0);
});

test("stability is the mean best Jaccard index", () => {
  near(jaccard([1, 2, 3], [2, 3, 4]), 0.5);
  const values = stability(
    [{ members: [0, 1] }, { members: [5] }],
    [[{ members: [0, 1] }, { members: [5, 6] }], [{ members: [1] }]],
  );
  near(values[0], 0.75);
  near(values[1], 0.25);
});

test("lengths and ids are checked", () => {
  const refused = (body: () => unknown) => assert.throws(body, (error: Error) => error instanceof SpectroscopeError);
  refused(() => scorePartition([0], [0, 1]));
  refused(() => scorePartition([], []));
  refused(() => scoreSets([{ members: [7] }], [0, 1]));
});

test.run();
