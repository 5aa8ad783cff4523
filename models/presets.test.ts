import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { memoryFiles } from "../harness/test/memory-files";
import { refused } from "../harness/test/refused";
import { suite } from "../harness/test/suite";
import type { Labelling } from "../runtime/measure/corpus";
import { projectRoot } from "../runtime/node/root";
import { readAll } from "../runtime/transformer/weights";
import { EMBEDDED_FILES, openEmbedded } from "./embedded";
import { targets } from "./grammars/corpus";
import { openFolder } from "./hub/open";
import { corpusOf, EMBEDDED, presetOf } from "./presets";

const test = suite("models/presets");
const REQUEST = { probe_seed: 3, probe_sequences: 16, pool_seed: 4, pool_sequences: 9 };
const texts = ({ numbers, names }: Labelling) => Array.from(numbers, (number) => names[number]);

for (const name of EMBEDDED) {
  const preset = presetOf(name)!;
  const { generate, modeNames, roleNames, vocabulary } = corpusOf(name)!;

  test(`${name}: its text is the corpus of both seeds, with a role and a mode of every target in the order of the losses`, () => {
    const { probe, pool } = preset.corpora(REQUEST, 64);
    const generated = generate({ seed: 3, sequences: 16, context: 64 });
    assert.equal(probe.ids, generated.ids);
    assert.equal([probe.rows, probe.columns], [16, 65]);
    assert.equal(pool.ids, generate({ seed: 4, sequences: 9, context: 64 }).ids);
    assert.equal([pool.rows, pool.columns], [9, 65]);
    const { roles, modes } = targets(generated);
    assert.equal(
      texts(probe.labels!.roles),
      Array.from(roles, (role) => roleNames[role]),
    );
    assert.equal(
      texts(probe.labels!.modes),
      Array.from(modes, (mode) => modeNames[mode]),
    );
    assert.is(pool.labels, undefined);
    assert.is(probe.nameOf(probe.ids[0]), "<s>");
  });

  test(`${name}: labels are numbered in the order in which they appear, so that their tables have no empty rows`, () => {
    for (const { numbers, names } of Object.values(
      preset.corpora({ ...REQUEST, probe_sequences: 3 }, 64).probe.labels!,
    )) {
      assert.equal([...new Set(numbers)], [...names.keys()]);
      assert.is(new Set(names).size, names.length);
    }
  });

  test(`${name}: ids have the vocabulary's names, and their number beyond it`, () => {
    assert.equal([...vocabulary.keys()].map(preset.nameOf), vocabulary);
    assert.is(preset.nameOf(vocabulary.length), `#${vocabulary.length}`);
  });

  test(`${name}: out of the bytes of two files it is the model of the project's folder`, async () => {
    assert.is(presetOf(`models/${name}`), undefined);
    const folder = join(projectRoot(), "models", name);
    const bytes = EMBEDDED_FILES.map((file) => [file, new Uint8Array(readFileSync(join(folder, file)))] as const);
    const page = await openEmbedded(name, memoryFiles("page", Object.fromEntries(bytes)));
    const own = await openFolder(folder);
    assert.is(page.preset, preset);
    assert.equal([page.model.family, page.model.dims], [own.model.family, own.model.dims]);
    assert.is(page.model.dims.vocab, vocabulary.length);
    assert.equal(await readAll(page.weights), await readAll(own.weights));
  });
}

test("a model that is not embedded has no preset, and is refused by name", async () => {
  assert.is(presetOf("pico"), undefined);
  await refused(openEmbedded("pico", memoryFiles("page", {})), /"pico"/, /nano and iota/);
});

test.run();
