/** Fetching against a stand-in of the hub on this machine: what arrives, what is asked for, and what goes wrong. */
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { gitHash, lfsHash, StandInHub, type StandInRepo } from "../../harness/test/hub-stand-in";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { type Disk, realDisk } from "./download";
import { readHubEnvironment } from "./environment";
import { cachedModel, type FetchOptions, fetchModel } from "./fetch";
import { parseRemoteName, type RemoteName } from "./name";

const test = suite("models/hub/fetch");
const scratch = mkdtempSync(join(tmpdir(), "spectroscope-hub-"));
test.after(() => rmSync(scratch, { recursive: true, force: true }));

const text = (value: string) => new TextEncoder().encode(value);
const noise = (bytes: number, seed: number) =>
  Uint8Array.from({ length: bytes }, (_, i) => Math.imul(i + seed, 2654435761) >>> 13);
const MAIN = "1".repeat(40);
const STEP = "2".repeat(40);
const WEIGHTS = noise(600_000, 1);
const CONFIG = text('{"model_type":"gpt_neox"}');
const INDEX = text(JSON.stringify({ weight_map: { a: "model-1.safetensors", b: "model-2.safetensors" } }));

const REPOS: Record<string, StandInRepo> = {
  "owner/model": {
    revisions: { main: MAIN, step143000: STEP, "refs/pr/1": STEP },
    commits: {
      [MAIN]: {
        "config.json": CONFIG,
        "tokenizer.json": text("{}"),
        "README.md": text("not wanted"),
        "model.safetensors": WEIGHTS,
        "pytorch_model.bin": text("not wanted"),
      },
      [STEP]: {
        "config.json": CONFIG,
        "model.safetensors.index.json": INDEX,
        "model-1.safetensors": noise(50_000, 2),
        "model-2.safetensors": noise(50_000, 3),
      },
    },
  },
  "owner/private": {
    revisions: { main: MAIN },
    token: "secret",
    commits: { [MAIN]: { "config.json": CONFIG, "model.safetensors": WEIGHTS } },
  },
  "owner/gated": {
    revisions: { main: MAIN },
    token: "secret",
    gated: true,
    commits: { [MAIN]: { "config.json": CONFIG, "model.safetensors": WEIGHTS } },
  },
  "owner/pickled": {
    revisions: { main: MAIN },
    commits: { [MAIN]: { "config.json": CONFIG, "pytorch_model.bin": WEIGHTS } },
  },
  "owner/torn": {
    revisions: { main: MAIN },
    commits: {
      [MAIN]: { "config.json": CONFIG, "model.safetensors.index.json": INDEX, "model-1.safetensors": WEIGHTS },
    },
  },
};

interface Bench {
  readonly hub: StandInHub;
  readonly cache: string;
  readonly lines: string[];
  fetch(name: string, options?: FetchOptions, variables?: Record<string, string>): ReturnType<typeof fetchModel>;
}

let caches = 0;

/** A hub and an empty cache for one test. */
async function withHub(body: (bench: Bench) => Promise<void>): Promise<void> {
  const hub = await new StandInHub(REPOS).start();
  const home = join(scratch, `home-${caches++}`);
  const lines: string[] = [];
  try {
    await body({
      hub,
      lines,
      cache: join(home, "hub"),
      fetch: async (name, options, variables) => {
        const environment = readHubEnvironment({ HF_HOME: home, HF_ENDPOINT: hub.endpoint, ...variables });
        const say = (line: string) => lines.push(line);
        return fetchModel(parseRemoteName(name, hub.endpoint) as RemoteName, {
          environment,
          say,
          backoffMs: 5,
          ...options,
        });
      },
    });
  } finally {
    hub.stop();
  }
}

async function refused(result: Promise<unknown>, code: string, ...texts: (string | RegExp)[]): Promise<void> {
  try {
    await result;
  } catch (error) {
    assert.instance(error, SpectroscopeError, (error as Error).stack);
    assert.is((error as SpectroscopeError).code, code, (error as SpectroscopeError).line);
    for (const text of texts) assert.match((error as SpectroscopeError).line, text);
    return;
  }
  assert.unreachable(`no error, expected ${code}`);
}

const blobsOf = (cache: string) => join(cache, "models--owner--model", "blobs");

test("a model arrives in Python's layout: blobs by hash, relative links, the commit of the revision", () =>
  withHub(async ({ hub, cache, fetch }) => {
    const model = await fetch("owner/model");
    const root = join(cache, "models--owner--model");
    assert.is(model.directory, join(root, "snapshots", MAIN));
    assert.equal([model.repo, model.revision, model.commit], ["owner/model", "main", MAIN]);
    assert.equal(readdirSync(model.directory).sort(), ["config.json", "model.safetensors", "tokenizer.json"]);
    assert.is(readlinkSync(join(model.directory, "model.safetensors")), `../../blobs/${lfsHash(WEIGHTS)}`);
    assert.is(readlinkSync(join(model.directory, "config.json")), `../../blobs/${gitHash(CONFIG)}`);
    assert.is(lfsHash(readFileSync(join(model.directory, "model.safetensors"))), lfsHash(WEIGHTS));
    assert.is(readFileSync(join(root, "refs", "main"), "utf8"), MAIN);
    assert.equal(readdirSync(join(root, "blobs")).length, 3, "nothing unfinished stays");
    assert.equal(readdirSync(join(cache, ".locks", "models--owner--model")), []);
    const before = hub.asked.length;
    const again = await fetch("owner/model");
    assert.equal([again.downloadedBytes, again.directory], [0, model.directory]);
    assert.equal(
      hub.asked.slice(before).map(({ path }) => path),
      ["/api/models/owner/model/revision/main"],
    );
  }));

test("a tag is resolved to its commit and recorded, shards come by their index, shared files are fetched once", () =>
  withHub(async ({ hub, cache, fetch }) => {
    await fetch("owner/model");
    const before = hub.asked.length;
    const model = await fetch("owner/model@step143000");
    assert.is(model.commit, STEP);
    assert.is(readFileSync(join(cache, "models--owner--model", "refs", "step143000"), "utf8"), STEP);
    assert.equal(
      model.files.map(({ name }) => name),
      ["config.json", "model-1.safetensors", "model-2.safetensors", "model.safetensors.index.json"],
    );
    assert.is(model.downloadedBytes, 100_000 + INDEX.length, "config.json is the same blob");
    const gets = hub.asked.slice(before).filter(({ method, path }) => method === "GET" && path.includes("config.json"));
    assert.is(gets.length, 0);
    const short = await fetch(`owner/model@${STEP.slice(0, 8)}`);
    assert.is(short.commit, STEP);
    const branch = await fetch("owner/model@refs/pr/1");
    assert.equal([branch.commit, branch.revision, branch.downloadedBytes], [STEP, "refs/pr/1", 0]);
    assert.is(readFileSync(join(cache, "models--owner--model", "refs", "refs", "pr", "1"), "utf8"), STEP);
    await refused(fetch("owner/torn"), "not-found", "model-2.safetensors");
  }));

// What a broken connection still held may be lost with it, so tests of one say "at least so much was kept", not "exactly".

test("a dropped connection is gone on with by range, as often as it takes while something comes", () =>
  withHub(async ({ hub, lines, fetch }) => {
    const drops = 8;
    hub.fault = ({ at }, earlier) => (at === "cdn" && earlier < drops ? { drop: 60_000 } : undefined);
    const model = await fetch("owner/model");
    const parts = hub.asked.filter(({ at, method }) => at === "cdn" && method === "GET");
    const starts = parts.map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range ?? "bytes=0-")?.[1]));
    assert.is(starts.length, drops + 1);
    assert.ok(
      starts.every((start, i) => i === 0 || (start > starts[i - 1] && start <= 60_000 * i)),
      starts.join(", "),
    );
    assert.is(model.downloadedBytes, WEIGHTS.length + CONFIG.length + 2, "no byte was written twice");
    assert.is(lfsHash(readFileSync(join(model.directory, "model.safetensors"))), lfsHash(WEIGHTS));
    assert.is(lines.filter((line) => line.includes("trying again")).length, drops, lines.join("\n"));
  }));

test("a connection that says nothing for long is dropped and gone on with", () =>
  withHub(async ({ hub, fetch }) => {
    hub.fault = ({ at }, earlier) => (at === "cdn" && earlier < 1 ? { stall: 100_000 } : undefined);
    const model = await fetch("owner/model", {}, { HF_HUB_DOWNLOAD_TIMEOUT: "0.5" });
    const ranges = hub.asked.filter(({ at }) => at === "cdn").map(({ range }) => range);
    assert.is(ranges.length, 2);
    assert.match(ranges[1] as string, /^bytes=[1-9]\d+-$/);
    assert.is(lfsHash(readFileSync(join(model.directory, "model.safetensors"))), lfsHash(WEIGHTS));
  }));

test("given up after tries without a byte; the next call goes on from what was kept", () =>
  withHub(async ({ hub, cache, fetch }) => {
    hub.fault = ({ at }, earlier) => (at === "cdn" ? { drop: earlier === 0 ? 250_000 : 0 } : undefined);
    await refused(fetch("owner/model"), "network", "model.safetensors", "6 times", "kept");
    const root = join(cache, "models--owner--model");
    const kept = lstatSync(join(root, "blobs", `${lfsHash(WEIGHTS)}.incomplete`)).size;
    assert.ok(kept > 0 && kept <= 250_000, String(kept));
    assert.not(existsSync(join(root, "refs", "main")), "a snapshot that is not whole has no name");
    const environment = readHubEnvironment({ HF_HUB_CACHE: cache });
    assert.is(await cachedModel({ kind: "repo", repo: "owner/model" }, environment), undefined);
    hub.fault = () => undefined;
    assert.is((await fetch("owner/model")).downloadedBytes, WEIGHTS.length - kept);
  }));

test("another part than was asked for, and a whole answer that ends too soon, are asked for again", () =>
  withHub(async ({ hub, lines, fetch }) => {
    const range = (from: number) => ({ "content-range": `bytes ${from}-599999/600000` });
    hub.fault = ({ at, range: asked }, earlier) => {
      if (at !== "cdn") return undefined;
      if (earlier === 0) return { drop: 250_000 };
      if (earlier === 1) return { status: 206, headers: range(Number(/\d+/.exec(asked ?? "")) + 1) };
      if (earlier === 2) return { status: 206 };
      return undefined;
    };
    const model = await fetch("owner/model");
    assert.is(lfsHash(readFileSync(join(model.directory, "model.safetensors"))), lfsHash(WEIGHTS));
    assert.is(lines.filter((line) => line.includes("sent another part of model.safetensors")).length, 2);
    assert.is(model.downloadedBytes, WEIGHTS.length + CONFIG.length + 2, "what was there stays");
  }));

test("a clean answer of too few bytes is gone on with, one of too many is refused", () =>
  withHub(async ({ hub, lines, fetch }) => {
    hub.fault = ({ at }, earlier) => (at === "cdn" && earlier === 0 ? { bytes: WEIGHTS.slice(0, 200_000) } : undefined);
    const model = await fetch("owner/model");
    assert.is(lfsHash(readFileSync(join(model.directory, "model.safetensors"))), lfsHash(WEIGHTS));
    assert.match(lines.join("\n"), "ended too soon");
    assert.equal(
      hub.asked.filter(({ at }) => at === "cdn").map(({ range }) => range),
      [undefined, "bytes=200000-"],
    );
  }).then(() =>
    withHub(async ({ hub, fetch }) => {
      hub.fault = ({ at }) => (at === "cdn" ? { bytes: noise(700_000, 1) } : undefined);
      await refused(fetch("owner/model"), "hash-mismatch", "sends more than the 600000 bytes");
    }),
  ));

test("a refusal of the server that large files lie on is not one of the hub's", () =>
  withHub(async ({ hub, fetch }) => {
    hub.fault = ({ at }) => (at === "cdn" ? { status: 403 } : undefined);
    await refused(fetch("owner/model", {}, { HF_TOKEN: "secret" }), "network", hub.cdnOrigin.slice(7), "answered 403");
    hub.fault = () => undefined;
    await fetch("owner/model");
  }));

test("a server that ignores ranges is written over, not appended to", () =>
  withHub(async ({ hub, fetch }) => {
    hub.fault = ({ at }, earlier) =>
      at !== "cdn" ? undefined : earlier === 0 ? { drop: 250_000 } : { ignoreRange: true };
    const model = await fetch("owner/model");
    assert.is(lfsHash(readFileSync(join(model.directory, "model.safetensors"))), lfsHash(WEIGHTS));
  }));

test("the same bytes again are no progress: a server without ranges that always ends too soon is given up", () =>
  withHub(async ({ hub, fetch }) => {
    hub.fault = ({ at }) => (at === "cdn" ? { drop: 250_000, ignoreRange: true } : undefined);
    await refused(fetch("owner/model"), "network", "model.safetensors", /[56] times/);
    const tries = hub.asked.filter(({ at, method }) => at === "cdn" && method === "GET").length;
    assert.ok(tries <= 8, `${tries} tries`);
  }));

test("a wrong hash deletes what came and says so, for large files and for small ones", () =>
  withHub(async ({ hub, cache, fetch }) => {
    const wrong = WEIGHTS.slice();
    wrong[1234] ^= 1;
    hub.fault = ({ at }) => (at === "cdn" ? { bytes: wrong } : undefined);
    await refused(
      fetch("owner/model"),
      "hash-mismatch",
      "model.safetensors",
      lfsHash(wrong),
      lfsHash(WEIGHTS),
      "deleted",
    );
    assert.equal(
      readdirSync(blobsOf(cache)).filter((name) => name.includes(lfsHash(WEIGHTS))),
      [],
    );
    hub.fault = ({ at, method, path }) =>
      at === "hub" && method === "GET" && path.endsWith("config.json")
        ? { bytes: text('{"model_type":"gpt_nexo"}') }
        : undefined;
    rmSync(cache, { recursive: true });
    await refused(fetch("owner/model"), "hash-mismatch", "config.json", "git-sha1");
    assert.equal(readdirSync(blobsOf(cache)), []);
  }));

test("a damaged part of an earlier download is started over", () =>
  withHub(async ({ cache, lines, fetch }) => {
    await fetch("owner/model@step143000");
    writeFileSync(join(blobsOf(cache), `${lfsHash(WEIGHTS)}.incomplete`), noise(5_000, 99));
    const model = await fetch("owner/model");
    assert.is(lfsHash(readFileSync(join(model.directory, "model.safetensors"))), lfsHash(WEIGHTS));
    assert.match(lines.join("\n"), "starting over");
  }));

test("a file that was damaged in the cache is found by its hash and fetched again", () =>
  withHub(async ({ cache, lines, fetch }) => {
    const { directory } = await fetch("owner/model");
    const weights = join(directory, "model.safetensors");
    const config = join(directory, "config.json");
    writeFileSync(weights, WEIGHTS.subarray(0, 1000));
    writeFileSync(config, text('{"model_type":"gpt_nexo"}'));
    const again = await fetch("owner/model");
    assert.is(again.downloadedBytes, WEIGHTS.length + CONFIG.length);
    assert.is(lfsHash(readFileSync(weights)), lfsHash(WEIGHTS));
    assert.equal(new Uint8Array(readFileSync(config)), CONFIG);
    assert.match(lines.join("\n"), "model.safetensors: damaged in the cache");
    assert.is((await fetch("owner/model")).downloadedBytes, 0);
    assert.is(readdirSync(blobsOf(cache)).length, 3);
  }));

test("a part that is whole already is not asked for, and one that is too long is not believed", () =>
  withHub(async ({ hub, cache, fetch }) => {
    await fetch("owner/model@step143000");
    const partial = join(blobsOf(cache), `${lfsHash(WEIGHTS)}.incomplete`);
    writeFileSync(partial, WEIGHTS);
    assert.is((await fetch("owner/model")).downloadedBytes, 2, "the tokenizer's");
    assert.is(hub.asked.filter(({ at, path }) => at === "cdn" && path.includes(lfsHash(WEIGHTS))).length, 0);
    rmSync(join(blobsOf(cache), lfsHash(WEIGHTS)));
    writeFileSync(partial, noise(600_001, 1));
    const model = await fetch("owner/model");
    assert.is(lfsHash(readFileSync(join(model.directory, "model.safetensors"))), lfsHash(WEIGHTS));
  }));

test("the token goes to the hub and to no other server", () =>
  withHub(async ({ hub, fetch }) => {
    await fetch("owner/private", {}, { HF_TOKEN: "secret" });
    const [own, other] = [hub.asked.filter(({ at }) => at === "hub"), hub.asked.filter(({ at }) => at === "cdn")];
    assert.ok(own.length > 0 && own.every(({ authorization }) => authorization === "Bearer secret"));
    assert.ok(other.length > 0 && other.every(({ authorization }) => authorization === undefined));
  }));

test("no access, no repository, no revision, no safetensors: each says which and what to do", () =>
  withHub(async ({ cache, fetch }) => {
    await refused(fetch("owner/private"), "no-access", "owner/private", "HF_TOKEN");
    await refused(fetch("owner/private", {}, { HF_TOKEN: "wrong" }), "not-found", "owner/private");
    await refused(fetch("owner/gated"), "no-access", "gated", "HF_TOKEN");
    await refused(fetch("owner/gated", {}, { HF_TOKEN: "wrong" }), "no-access", "gated", "account of your token");
    await refused(fetch("owner/absent", {}, { HF_TOKEN: "secret" }), "not-found", "owner/absent", "404");
    await refused(fetch("owner/model@step7"), "not-found", "step7", "owner/model");
    await refused(fetch("owner/pickled"), "not-found", "no model.safetensors", "pytorch_model.bin", "save_pretrained");
    assert.not(existsSync(join(cache, "models--owner--pickled")), "nothing is fetched of a model that cannot be read");
  }));

test("429 and 5xx are tried again after the pause that the server asks for", () =>
  withHub(async ({ hub, lines, fetch }) => {
    hub.fault = (_, earlier) =>
      earlier === 0 ? { status: 429, headers: { "retry-after": "0" } } : earlier === 1 ? { status: 503 } : undefined;
    const model = await fetch("owner/model");
    assert.is(model.commit, MAIN);
    assert.match(lines.join("\n"), "429");
    hub.fault = () => ({ status: 429, headers: { "retry-after": "7200" } });
    await refused(fetch("owner/model"), "network", "429", "120 minutes");
    hub.fault = () => ({ status: 500 });
    await refused(fetch("owner/model"), "network", "500", "6 times");
  }));

test("a server that is not there, or is no hub, is said so at once", () =>
  withHub(async ({ hub, fetch }) => {
    await refused(
      fetch("owner/model", { backoffMs: 60_000 }, { HF_ENDPOINT: "http://127.0.0.1:9" }),
      "network",
      "127.0.0.1:9",
      "ECONNREFUSED",
    );
    hub.fault = ({ method }) => (method === "HEAD" ? { status: 200, headers: { etag: '"5f-abc"' } } : undefined);
    await refused(fetch("owner/model"), "network", "gives no hash", "5f-abc");
    hub.fault = () => ({ status: 200 });
    await refused(fetch("owner/model"), "network", "not answer as a Hugging Face hub");
  }));

/** A disk that takes so many bytes of each file. */
const fullAfter = (room: number): Disk => ({
  free: async () => undefined,
  open: async (path) => {
    const file = await realDisk.open(path);
    return {
      stat: () => file.stat(),
      truncate: (length) => file.truncate(length),
      sync: () => file.sync(),
      close: () => file.close(),
      write: async (buffer, offset, length, position) => {
        const fits = Math.min(length, room - position);
        if (fits <= 0) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
        return file.write(buffer, offset, fits, position);
      },
    };
  },
});

test("a full disk keeps the part that fits, and is foreseen when the file system tells its room", () =>
  withHub(async ({ hub, cache, fetch }) => {
    const small: Disk = { ...realDisk, free: async () => 500_000 };
    await refused(fetch("owner/model", { disk: small }), "disk-full", "600 kB", "500 kB", "HF_HUB_CACHE");
    assert.is(hub.asked.filter(({ at }) => at === "cdn").length, 0, "not one byte was asked for");
    await refused(
      fetch("owner/model", { disk: fullAfter(300_001) }),
      "disk-full",
      "model.safetensors",
      "no space left",
    );
    assert.is(lstatSync(join(blobsOf(cache), `${lfsHash(WEIGHTS)}.incomplete`)).size, 300_001);
    // 299,999 bytes are missing.
    const scarce: Disk = { ...fullAfter(0), free: async () => 299_998 };
    await refused(fetch("owner/model", { disk: scarce }), "disk-full", "300 kB");
    const just: Disk = { ...realDisk, free: async () => 299_999 };
    assert.is((await fetch("owner/model", { disk: just })).downloadedBytes, 600_000 - 300_001);
  }));

test("an interrupted fetch ends at once, keeps its part, and is gone on with", () =>
  withHub(async ({ hub, fetch }) => {
    hub.fault = ({ at }, earlier) => (at === "cdn" && earlier === 0 ? { stall: 150_000 } : undefined);
    const stop = new AbortController();
    const progress = (done: number) => {
      if (done >= 150_000) stop.abort();
    };
    const since = performance.now();
    await refused(fetch("owner/model", { signal: stop.signal, progress }), "interrupted", "goes on from here");
    assert.ok(performance.now() - since < 5_000);
    assert.is((await fetch("owner/model")).downloadedBytes, 450_000);
  }));

test("two at once fetch every byte once", () =>
  withHub(async ({ hub, fetch }) => {
    const models = await Promise.all([fetch("owner/model"), fetch("owner/model"), fetch("owner/model")]);
    assert.is(
      models.reduce((sum, { downloadedBytes }) => sum + downloadedBytes, 0),
      WEIGHTS.length + CONFIG.length + 2,
    );
    assert.is(hub.asked.filter(({ at, method }) => at === "cdn" && method === "GET").length, 1);
    assert.is(lfsHash(readFileSync(join(models[2].directory, "model.safetensors"))), lfsHash(WEIGHTS));
  }));

test("offline: the cache alone, and what it lacks is said", () =>
  withHub(async ({ hub, cache, fetch }) => {
    const { directory } = await fetch("owner/model");
    let before = hub.asked.length;
    const offline = { HF_HUB_OFFLINE: "YES" };
    const model = await fetch("owner/model", {}, offline);
    assert.equal([model.directory, model.commit], [directory, MAIN]);
    assert.is((await fetch(`owner/model@${MAIN}`, {}, offline)).directory, directory);
    await refused(fetch("owner/model@step143000", {}, offline), "offline", "step143000", "not in the cache", "main");
    rmSync(join(blobsOf(cache), lfsHash(WEIGHTS)));
    await refused(fetch("owner/model", {}, offline), "offline", "without model.safetensors");
    assert.is(hub.asked.length, before, "nobody was asked");
    await fetch("owner/model@step143000");
    before = hub.asked.length;
    rmSync(join(blobsOf(cache), lfsHash(noise(50_000, 3))));
    const torn = fetch("owner/model@step143000", {}, offline);
    await refused(torn, "offline", /without model-2\.safetensors in/);
    assert.is(hub.asked.length, before, "nobody was asked");
    rmSync(join(directory, "config.json"));
    symlinkSync("../../blobs/nowhere", join(directory, "config.json"));
    await fetch("owner/model");
    assert.is((await fetch("owner/model", {}, offline)).directory, directory, "links that lead nowhere are mended");
  }));

test("without symbolic links a snapshot holds files, and nothing is fetched again", () =>
  withHub(async ({ fetch }) => {
    const plain = { HF_HUB_DISABLE_SYMLINKS: "1" };
    const model = await fetch("owner/model", {}, plain);
    assert.ok(lstatSync(join(model.directory, "model.safetensors")).isFile());
    assert.is((await fetch("owner/model", {}, plain)).downloadedBytes, 0);
  }));

test.run();
