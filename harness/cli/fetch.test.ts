/** `fetch` and the names of models as a person meets them: the built program against a stand-in of the hub. */
import { spawn } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { resolveModel } from "../../models/hub/open";
import { projectRoot } from "../../runtime/node/root";
import { lfsHash, StandInHub } from "../test/hub-stand-in";
import { suite } from "../test/suite";

const test = suite("harness/cli/fetch", { gpu: true });
const program = join(projectRoot(), "dist", "spectroscope.mjs");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-fetch-"));
const COMMIT = "5".repeat(40);
const nano = (file: string) => readFileSync(join(projectRoot(), "models", "nano", file));
const WEIGHTS = nano("model.safetensors");

const hub = new StandInHub({
  "owner/nano": {
    revisions: { main: COMMIT },
    commits: { [COMMIT]: { "config.json": nano("config.json"), "model.safetensors": WEIGHTS } },
  },
});
let variables: NodeJS.ProcessEnv;
let homes = 0;

test.before(async () => {
  await hub.start();
  variables = { ...process.env, HF_ENDPOINT: hub.endpoint, HF_HOME: "" };
  for (const name of ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"]) {
    delete variables[name];
  }
});
test.after(() => {
  hub.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program beside this one, which serves it; `started` may interrupt it. */
function cli(words: string[], started: (kill: () => void) => void = () => {}): Promise<Ended> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [program, ...words], { cwd: folder, env: variables });
    const ended = { stdout: "", stderr: "" };
    child.stdout.on("data", (data) => {
      ended.stdout += data;
    });
    child.stderr.on("data", (data) => {
      ended.stderr += data;
    });
    child.on("close", (status) => done({ status, ...ended }));
    started(() => child.kill("SIGINT"));
  });
}

function emptyCache(): string {
  const home = join(folder, `home-${homes++}`);
  variables.HF_HOME = home;
  return join(home, "hub", "models--owner--nano");
}

function refused({ status, stdout, stderr }: Ended, code: number, ...texts: (string | RegExp)[]): void {
  assert.is(status, code, stderr);
  assert.is(stdout, "");
  const lines = stderr.split("\n").filter((line) => line.startsWith("spectroscope: "));
  assert.is(lines.length, 1, stderr);
  for (const text of texts) assert.match(lines[0], text);
}

test("fetch prints the snapshot's directory, --json its origin and files", async () => {
  const root = emptyCache();
  const plain = await cli(["fetch", "owner/nano"]);
  assert.is(plain.status, 0, plain.stderr);
  assert.is(plain.stdout, `${join(root, "snapshots", COMMIT)}\n`);
  assert.match(plain.stderr, COMMIT.slice(0, 10));
  const run = await cli(["fetch", "owner/nano", "--revision", "main", "--offline", "--json"]);
  assert.is(run.stderr, "");
  const told = JSON.parse(run.stdout);
  assert.equal([told.repo, told.revision, told.commit, told.downloaded_bytes], ["owner/nano", "main", COMMIT, 0]);
  assert.equal(told.files.at(-1), { name: "model.safetensors", bytes: WEIGHTS.length });
});

test("loss fetches a model by name and tells where it came from", async () => {
  emptyCache();
  writeFileSync(join(folder, "ids.json"), "[[1, 2, 3]]");
  const run = await cli(["loss", "--model", "owner/nano@main", "--tokens", "ids.json", "--json"]);
  assert.is(run.status, 0, run.stderr);
  const told = JSON.parse(run.stdout);
  assert.equal([told.repo, told.revision, told.commit, told.tokens], ["owner/nano", "main", COMMIT, 2]);
});

test("what cannot be fetched is one line, exit 1; what is no name, exit 2", async () => {
  emptyCache();
  refused(await cli(["fetch", "owner/absent"]), 1, "owner/absent", "HF_TOKEN");
  refused(await cli(["fetch", "owner/nano@step9"]), 1, "step9");
  refused(await cli(["fetch", "owner/nano", "--offline"]), 1, "not in the cache", "HF_HUB_OFFLINE");
  refused(await cli(["fetch", "nonsense"]), 2, "nonsense", "OWNER/NAME");
  refused(await cli(["fetch"]), 2, "MODEL");
  refused(await cli(["fetch", "owner/nano@main", "--revision", "main"]), 2, "--revision");
  const run = await cli(["fetch", "owner/absent", "--json"]);
  assert.is(JSON.parse(run.stdout).code, "no-access");
});

test("Ctrl-C exits with 130, and the same command goes on", async () => {
  const root = emptyCache();
  hub.fault = ({ at }) => (at === "cdn" ? { stall: 100_000 } : undefined);
  const partial = join(root, "blobs", `${lfsHash(WEIGHTS)}.incomplete`);
  const stopped = await cli(["fetch", "owner/nano"], (kill) => {
    const timer = setInterval(() => {
      if ((lstatSync(partial, { throwIfNoEntry: false })?.size ?? 0) < 100_000) return;
      clearInterval(timer);
      kill();
    }, 20);
  });
  hub.fault = () => undefined;
  refused(stopped, 130, "goes on from here");
  const run = await cli(["fetch", "owner/nano", "--json"]);
  assert.is(JSON.parse(run.stdout).downloaded_bytes, WEIGHTS.length - 100_000);
});

test("a model's name: nano, iota, a directory before a repository, the cache before the network, and what is none", async () => {
  emptyCache();
  const before = { ...process.env };
  Object.assign(process.env, { HF_ENDPOINT: hub.endpoint, HF_HOME: variables.HF_HOME });
  const cwd = process.cwd();
  process.chdir(folder);
  try {
    assert.match((await resolveModel("nano")).directory, /models.nano$/);
    const origin = { repo: "owner/nano", revision: "main", commit: COMMIT };
    await resolveModel("owner/nano", { offline: true }).then(
      () => assert.unreachable(),
      (error) => {
        assert.match(error.line, /not in the cache .* and there is no directory owner\/nano/);
      },
    );
    assert.equal((await resolveModel("owner/nano")).origin, origin);
    const asked = hub.asked.length;
    assert.equal((await resolveModel("owner/nano")).origin, origin);
    assert.is(hub.asked.length, asked, "the cache has it");
    mkdirSync(join("owner", "nano"), { recursive: true });
    assert.equal(await resolveModel("owner/nano"), { directory: "owner/nano" });
    await resolveModel("nonsense").then(
      () => assert.unreachable(),
      (error) => {
        assert.match(error.line, /"nonsense".*nano, iota, a directory, OWNER\/NAME.*URL/);
      },
    );
  } finally {
    process.chdir(cwd);
    process.env = before;
  }
});

test.run();
