/** The embedded corpora: what their users lean on, and their text held to a fingerprint because the weights were trained on it. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { corpusOf } from "../presets";
import { targets } from "./corpus";

const test = suite("models/grammars");

for (const [name, print] of [
  ["nano", "a57b90b0"],
  ["iota", "fa94bdb8"],
] as const) {
  const { vocabulary, modeNames, roleNames, grammars, generate, fingerprint } = corpusOf(name)!;

  test(`${name}: the vocabulary is made of distinct tokens and fits vec4`, () => {
    assert.is(new Set(vocabulary).size, vocabulary.length);
    assert.is(vocabulary.length % 4, 0);
  });

  test(`${name}: the text is the one the weights were trained on`, (t) => {
    t.note(`fingerprint ${fingerprint()}`);
    assert.is(fingerprint(), print);
  });

  test(`${name}: same seed, same text; another seed, another text`, () => {
    const request = { seed: 7, sequences: 16, context: 64 };
    const a = generate(request);
    assert.equal(a, generate(request));
    assert.not.equal(a.ids, generate({ ...request, seed: 8 }).ids);
  });

  test(`${name}: a longer corpus and a longer context begin with the shorter ones`, () => {
    const short = generate({ seed: 7, sequences: 9, context: 64 });
    const long = generate({ seed: 7, sequences: 20, context: 64 });
    assert.equal(long.ids.slice(0, short.ids.length), short.ids);
    assert.equal(long.roles.slice(0, short.roles.length), short.roles);
    const wide = generate({ seed: 7, sequences: 9, context: 100 });
    for (let s = 0; s < 9; s++)
      assert.equal(wide.ids.slice(s * 101, s * 101 + 65), short.ids.slice(s * 65, s * 65 + 65));
  });

  test(`${name}: each round of sequences holds every mode once`, () => {
    const n = modeNames.length;
    const { modes } = generate({ seed: 11, sequences: 5 * n, context: 8 });
    for (let round = 0; round < 5; round++) {
      const seen = new Set(Array.from({ length: n }, (_, i) => modes[(round * n + i) * 9]));
      assert.is(seen.size, n);
    }
  });

  test(`${name}: every token has a role of its own mode, and every role occurs`, () => {
    const corpus = generate({ seed: 5, sequences: 64 * modeNames.length, context: 64 });
    const counts = new Uint32Array(roleNames.length);
    corpus.roles.forEach((role, i) => {
      counts[role]++;
      const mode = modeNames[corpus.modes[i]];
      if (i % 65 === 0) assert.is(role, 0);
      else assert.ok(roleNames[role].startsWith(`${mode}.`), `token ${i}: ${roleNames[role]} in ${mode}`);
    });
    counts.forEach((count, role) => {
      assert.ok(count > 0, `${roleNames[role]} never occurs`);
    });
  });

  test(`${name}: targets are the tokens after the first`, () => {
    const corpus = generate({ seed: 3, sequences: 2, context: 5 });
    const labels = targets(corpus);
    assert.is(labels.ids.length, 10);
    assert.is(labels.ids[5], corpus.ids[7]);
    assert.is(labels.roles[9], corpus.roles[11]);
  });

  test(`${name}: an item never outgrows what a grammar promises`, () => {
    // A document must repeat its mode's item at least once in 64 tokens, or late roles would be rare.
    const corpus = generate({ seed: 9, sequences: 400, context: 64 });
    const firstRole = new Map(grammars.map((_, mode) => [mode, corpus.roles[corpus.modes.indexOf(mode) + 1]]));
    for (let s = 0; s < 400; s++) {
      const row = corpus.roles.subarray(s * 65, s * 65 + 65);
      const first = firstRole.get(corpus.modes[s * 65]);
      assert.ok(row.filter((role) => role === first).length >= 2, `sequence ${s} holds one item only`);
    }
  });

  test(`${name}: a request out of range is refused by name`, () => {
    assert.throws(() => generate({ seed: -1, sequences: 1, context: 4 }), /seed = -1/);
    assert.throws(() => generate({ seed: 1, sequences: 1.5, context: 4 }), /sequences = 1.5/);
    assert.throws(() => generate({ seed: 1, sequences: 1, context: 0 }), /context = 0/);
  });
}

test.run();
