/** What killed processes, full disks and other programs leave in a cache: a fetch finds it and puts it right. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { gitHash, lfsHash, StandInHub } from "../../harness/test/hub-stand-in";
import { suite } from "../../harness/test/suite";
import { CacheFolder } from "./cache";
import { readHubEnvironment } from "./environment";
import { cachedModel, fetchModel } from "./fetch";

const test = suite("models/hub/damaged");
const scratch = mkdtempSync(join(tmpdir(), "spectroscope-damaged-"));
const COMMIT = "4".repeat(40);
const CONFIG = Buffer.from('{"model_type":"gpt_neox"}');
const WEIGHTS = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) >>> 3));
const hub = new StandInHub({
  "own/tiny": {
    revisions: { main: COMMIT },
    commits: { [COMMIT]: { "config.json": CONFIG, "model.safetensors": WEIGHTS } },
  },
});
test.before(() => hub.start());
test.after(() => {
  hub.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const name = { kind: "repo", repo: "own/tiny" } as const;
let homes = 0;

interface Cache {
  readonly root: string;
  readonly weights: string;
  readonly blob: string;
  readonly lines: string[];
  fetch(): ReturnType<typeof fetchModel>;
}

/** A cache with the model in it, without links or with them. */
async function filled(variables: Record<string, string>): Promise<Cache> {
  const home = join(scratch, `${homes++}`);
  const environment = readHubEnvironment({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, ...variables });
  const root = join(home, "hub", "models--own--tiny");
  const lines: string[] = [];
  const fetch = () => fetchModel(name, { environment, backoffMs: 1, say: (line) => lines.push(line) });
  await fetch();
  const weights = join(root, "snapshots", COMMIT, "model.safetensors");
  return { root, weights, blob: join(root, "blobs", lfsHash(WEIGHTS)), lines, fetch };
}

const PLAIN = { HF_HUB_DISABLE_SYMLINKS: "1" };
const wrong = Buffer.from(WEIGHTS);
wrong[777] ^= 4;

function whole({ weights, blob, root }: Cache): void {
  assert.is(lfsHash(readFileSync(weights)), lfsHash(WEIGHTS));
  assert.is(lfsHash(readFileSync(blob)), lfsHash(WEIGHTS));
  assert.is(readFileSync(join(root, "refs", "main"), "utf8"), COMMIT);
  const left = readdirSync(root, { recursive: true }).filter((file) => /tmp|incomplete/.test(String(file)));
  assert.equal(left, [], "nothing unfinished stays");
}

test("a copy that was cut, or holds other bytes, is put there again from its blob", async () => {
  for (const damage of [WEIGHTS.subarray(0, 900), wrong, Buffer.alloc(0), Buffer.concat([WEIGHTS, CONFIG])]) {
    const cache = await filled(PLAIN);
    assert.ok(lstatSync(cache.weights).isFile());
    // A copy and no hard link, as on a disk that has neither.
    rmSync(cache.weights);
    writeFileSync(cache.weights, damage);
    const model = await cache.fetch();
    assert.equal([model.downloadedBytes, model.mended], [0, ["model.safetensors"]]);
    assert.match(cache.lines.join("\n"), "model.safetensors: damaged in the cache");
    whole(cache);
    assert.equal((await cache.fetch()).mended, []);
  }
});

test("a copy whose blob is damaged or gone as well is fetched again", async () => {
  for (const blob of [WEIGHTS.subarray(0, 900), wrong, undefined]) {
    const cache = await filled(PLAIN);
    rmSync(cache.weights);
    writeFileSync(cache.weights, WEIGHTS.subarray(0, 901));
    rmSync(cache.blob);
    if (blob) writeFileSync(cache.blob, blob);
    assert.is((await cache.fetch()).downloadedBytes, WEIGHTS.length);
    whole(cache);
  }
});

test("a blob of the wrong size, or of the right one and other bytes, is not linked to", async () => {
  for (const blob of [WEIGHTS.subarray(0, 900), wrong, Buffer.alloc(0)]) {
    const cache = await filled({});
    rmSync(cache.weights);
    writeFileSync(cache.blob, blob);
    assert.is((await cache.fetch()).downloadedBytes, WEIGHTS.length);
    whole(cache);
  }
});

test("links that lead nowhere, elsewhere, or to another file of that name are mended, and what they lead to is left alone", async () => {
  const elsewhere = join(scratch, lfsHash(WEIGHTS));
  writeFileSync(elsewhere, wrong);
  for (const target of ["../../blobs/gone", elsewhere, `../../blobs/${gitHash(CONFIG)}x`]) {
    const cache = await filled({});
    rmSync(cache.weights);
    symlinkSync(target, cache.weights);
    assert.is((await cache.fetch()).downloadedBytes, 0);
    whole(cache);
  }
  assert.is(lfsHash(readFileSync(elsewhere)), lfsHash(wrong));
});

test("a ref that was written by half is none, and is written again", async () => {
  for (const text of [COMMIT.slice(0, 17), "", `${COMMIT}44`, "\0".repeat(40)]) {
    const cache = await filled({});
    writeFileSync(join(cache.root, "refs", "main"), text);
    const environment = readHubEnvironment({ HF_HUB_CACHE: join(cache.root, "..") });
    assert.is(await cachedModel(name, environment), undefined, JSON.stringify(text));
    assert.is(await new CacheFolder(cache.root, "").commitOf("main"), undefined, JSON.stringify(text));
    assert.is((await cache.fetch()).downloadedBytes, 0);
    whole(cache);
  }
});

test("a copy gets its name when it is whole, and what a killed one left is written over", async (t) => {
  const shared = "/dev/shm";
  if (!existsSync(shared) || statSync(shared).dev === statSync(scratch).dev) return t.skip("no second file system");
  const snapshots = mkdtempSync(join(shared, "spectroscope-"));
  try {
    const home = join(scratch, `${homes++}`);
    const folder = CacheFolder.ofRepo(home, "own/tiny");
    mkdirSync(join(folder.root, "blobs"), { recursive: true });
    symlinkSync(snapshots, join(folder.root, "snapshots"));
    writeFileSync(folder.blob("b"), WEIGHTS);
    const place = join(snapshots, COMMIT);
    mkdirSync(place);
    writeFileSync(join(place, ".model.safetensors.spectroscope.tmp"), WEIGHTS.subarray(0, 50));
    await folder.place(COMMIT, "model.safetensors", "b", false);
    assert.equal(readdirSync(place), ["model.safetensors"]);
    assert.is(statSync(join(place, "model.safetensors")).nlink, 1);
    assert.is(lfsHash(readFileSync(join(place, "model.safetensors"))), lfsHash(WEIGHTS));
    // A copy that cannot be made leaves what was there.
    rmSync(folder.blob("b"));
    await folder.place(COMMIT, "model.safetensors", "b", false).then(
      () => assert.unreachable(),
      (error) => assert.match(error.line, "cannot write"),
    );
    assert.is(lfsHash(readFileSync(join(place, "model.safetensors"))), lfsHash(WEIGHTS));
  } finally {
    rmSync(snapshots, { recursive: true, force: true });
  }
});

test.run();
