/** Autoencoders of directories and of a stand-in of the hub, by the names that people give. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { StandInHub } from "../../harness/test/hub-stand-in";
import { refused, refusedAsUsage } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { projectRoot } from "../../runtime/node/root";
import { openSaeAt } from "./sae";

const test = suite("models/hub/sae");
const ROOT = join(projectRoot(), "goldens", "sae");
const COMMIT = "3".repeat(40);
const bytesOf = (path: string): Uint8Array => readFileSync(join(ROOT, path));
const under = (folder: string, as: string) =>
  Object.fromEntries(readdirSync(join(ROOT, folder)).map((file) => [`${as}${file}`, bytesOf(`${folder}/${file}`)]));

const hub = new StandInHub({
  "owner/sparse": {
    revisions: { main: COMMIT, step1: COMMIT },
    commits: {
      [COMMIT]: {
        "README.md": new Uint8Array(3),
        "config.json": bytesOf("sparsify/config.json"),
        ...under("sparsify/layers.3", "layers.3/"),
        ...under("sparsify/layers.3.mlp", "layers.3.mlp/"),
        ...under("dictionary-topk", "deep/er/trainer_0/"),
      },
    },
  },
  "owner/one": { revisions: { main: COMMIT }, commits: { [COMMIT]: under("mlsae-standardized", "") } },
  "owner/none": { revisions: { main: COMMIT }, commits: { [COMMIT]: { "params.npz": new Uint8Array(3) } } },
});
const home = mkdtempSync(join(tmpdir(), "spectroscope-sae-"));
const before = { ...process.env };
test.before(async () => {
  await hub.start();
  Object.assign(process.env, { HF_HOME: home, HF_ENDPOINT: hub.endpoint });
  for (const name of ["HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN"]) delete process.env[name];
});
test.after(() => {
  hub.stop();
  process.env = before;
  rmSync(home, { recursive: true, force: true });
});

test("a directory, and a folder of a directory", async () => {
  const one = await openSaeAt(join(ROOT, "saelens-topk"));
  assert.equal([one.format, one.folder, one.origin], ["SAELens", "", undefined]);
  assert.equal((await openSaeAt(join(ROOT, "sparsify", "layers.3"))).place.hook, "layers.3");
  const inner = await openSaeAt(`${join(ROOT, "sparsify")}:layers.3.mlp`);
  assert.equal([inner.architecture, inner.place.model], ["groupmax", "EleutherAI/pythia-70m-deduped"]);
  await refused(
    openSaeAt(join(ROOT, "sparsify")),
    /sparsify holds 3 autoencoders, each in a folder; name one: layers\.2, layers\.3, layers\.3\.mlp/,
  );
});

test("a folder of a repository at a revision is fetched, its own files only, and then found without asking", async () => {
  const sae = await openSaeAt("owner/sparse@step1:layers.3");
  assert.equal(sae.origin, { repo: "owner/sparse", revision: "step1", commit: COMMIT });
  assert.equal(sae.place, {
    model: "EleutherAI/pythia-70m-deduped",
    hook: "layers.3",
    contextSize: 2048,
    point: { kind: "resid_post", layer: 3 },
  });
  const there = readdirSync(sae.directory, { recursive: true }).map(String).sort();
  assert.equal(there, ["config.json", "layers.3", join("layers.3", "cfg.json"), join("layers.3", "sae.safetensors")]);
  const asked = hub.asked.length;
  assert.equal((await openSaeAt("owner/sparse@step1:layers.3")).encoder, sae.encoder);
  assert.is(hub.asked.length, asked);
  assert.is((await openSaeAt("owner/sparse@step1:layers.3", { offline: true })).architecture, "topk");
  assert.is((await openSaeAt("owner/sparse@step1:deep/er/trainer_0")).format, "dictionary_learning");
  assert.is((await openSaeAt("owner/one")).format, "mlsae");
  assert.is((await openSaeAt("https://huggingface.co/owner/one")).format, "mlsae");
});

test("names that lead to none say what there is", async () => {
  await refused(
    openSaeAt("owner/sparse"),
    /owner\/sparse holds 3 autoencoders/,
    /name one: owner\/sparse:deep\/er\/trainer_0, owner\/sparse:layers\.3,/,
  );
  await refused(
    openSaeAt("owner/sparse:deep"),
    /owner\/sparse:deep holds 1 autoencoders/,
    /owner\/sparse:deep\/er\/trainer_0/,
  );
  await refused(
    openSaeAt("owner/sparse:layers.9"),
    /owner\/sparse:layers\.9 holds no sparse autoencoder: nothing is in it; an autoencoder is cfg\.json/,
  );
  await refused(openSaeAt("owner/none"), /"params\.npz" is none that is read/);
  await refused(openSaeAt("owner/sparse@step1:layers.3.mlp", { offline: true }), /layers\.3\.mlp is not in the cache/);
  await refused(openSaeAt("owner/sparse:../x"), /"\.\.\/x" is no folder of a repository/);
  await refused(openSaeAt("no such thing"), /no autoencoder "no such thing": no such directory/);
  const secrets = [
    "https://me:hf_secret123@huggingface.co/owner/x",
    "owner/x:a//hf_secret123",
    "me:hf_secret123@host/x",
  ];
  for (const name of [...secrets, "ftp://me:hf_secret123@host/x"]) {
    const error = await openSaeAt(name).catch((thrown) => thrown);
    assert.instance(error, SpectroscopeError, name);
    assert.not.match(error.line, /secret123/, name);
  }
  await refusedAsUsage(openSaeAt(secrets[0]), /holds a password; use HF_TOKEN instead/);
  await refused(openSaeAt("https://example.org/sae"), /no autoencoder "https:\/\/example\.org\/sae"/);
  await refused(openSaeAt("owner/missing"), /no such repository/);
  await refusedAsUsage(openSaeAt("owner/a--b"), /no name of a repository/);
});

test.run();
