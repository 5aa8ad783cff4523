/** The command line where stdout, stderr or an output are pipes, devices, full, or gone. */
import { spawnSync } from "node:child_process";
import {
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
import { assertRefused, program, runProgram } from "../test/program";
import { suite, type TestContext } from "../test/suite";

const test = suite("harness/cli/streams");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-streams-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** Rings of five, joined: as many clusters. */
const GRAPH = Array.from({ length: 60 }, (_, i) => {
  const first = i - (i % 5);
  return Array.from({ length: 4 }, (_, j) => `${i} ${first + ((i + j + 1) % 5)}\n`).join("");
}).join("");
writeFileSync(
  join(folder, "edges.txt"),
  `${GRAPH}${Array.from({ length: 12 }, (_, i) => `${5 * i} ${(5 * i + 5) % 60}\n`).join("")}`,
);

const CLUSTER = "cluster --graph edges.txt";

/** A line of the shell; `$SP` is the program. What it says of its own status is its last line on stderr. */
function shell(line: string) {
  const env = { ...process.env, SP: `'${process.execPath}' '${program}'` };
  return spawnSync("bash", ["-c", line.replaceAll("$SP", env.SP)], {
    encoding: "utf8",
    cwd: folder,
    env,
    timeout: 120_000,
  });
}
const unix = (t: TestContext) => process.platform !== "linux" && t.skip("the shell and the devices are Linux's");

test("stdout that is full is one line, and the work is done; full or closed stderr is none", (t) => {
  unix(t);
  const full = shell(`$SP ${CLUSTER} --out full.jsonl >/dev/full; echo "rc $?"`);
  assert.match(full.stderr, /^spectroscope: cannot write the result to stdout: no space left on the device; .*\n$/m);
  assert.is(full.stdout, "rc 1\n");
  assert.ok(statSync(join(folder, "full.jsonl")).size > 100);
  for (const words of ["--version", "cluster --help", "devices --adapter wasm", `${CLUSTER} --json --out x`]) {
    const { stdout, stderr } = shell(`$SP ${words} >/dev/full; echo "rc $?"`);
    assert.is(stdout, "rc 1\n", words);
    assert.is(stderr.match(/cannot write the result/g)?.length, 1, words);
    assert.not.match(stderr, / {4}at /);
  }
  for (const redirected of ["2>/dev/full", "2>&-", "<&-", "2>&- <&-", ">&- 2>&- <&-"]) {
    const { stdout } = shell(`$SP ${CLUSTER} --out ok.jsonl ${redirected}; echo "rc $?"`);
    assert.match(stdout, /rc 0\n$/, redirected);
    assert.equal(readFileSync(join(folder, "ok.jsonl")), readFileSync(join(folder, "full.jsonl")), redirected);
  }
  const wrong = shell(`$SP cluster --graph none.txt --out y 2>/dev/full; echo "rc $?"`);
  assert.is(wrong.stdout, "rc 1\n");
});

test("a reader that goes away ends nothing: work goes on to its end", (t) => {
  unix(t);
  const sets = ["weight_restrictions=l0h3", "sampler.num_draws=4", "probe_sequences=4", "pool_sequences=8"];
  const sample = `$SP sample --adapter wasm ${sets.map((set) => `--set ${set}`).join(" ")}`;
  for (const [name, redirected] of [
    ["err", "2> >(head -c 5 >/dev/null)"],
    ["both", "2>&1 | head -c 1 >/dev/null"],
    ["out", "| true"],
  ]) {
    const { stderr } = shell(`set -o pipefail; ${sample} --out ${name} ${redirected}; echo "rc $?" >&2`);
    assert.match(stderr, /rc 0\n$/, name);
    const { plan, units } = JSON.parse(readFileSync(join(folder, name, "manifest.json"), "utf8"));
    assert.ok((plan ?? units) !== undefined);
    assert.ok(
      readdirSync(join(folder, name)).some((file) => file.startsWith("samples_")),
      name,
    );
    assert.not.ok(readdirSync(folder).includes(`${name}.lock`));
  }
});

test("an output can be stdout, another descriptor, a pipe or what follows a link; then all else is said on stderr", (t) => {
  unix(t);
  assert.is(runProgram(folder, [...CLUSTER.split(" "), "--out", "plain.jsonl"]).status, 0);
  const expected = readFileSync(join(folder, "plain.jsonl"), "utf8");
  const before = statSync("/dev/stdout").mode;
  for (const out of ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]) {
    const piped = shell(`$SP ${CLUSTER} --out ${out} | cat`);
    assert.is(piped.stdout, expected, out);
    assert.match(piped.stderr, /clusters, /);
    assert.is(shell(`$SP ${CLUSTER} --out ${out} > in-file; cat in-file`).stdout, expected, out);
  }
  assert.is(statSync("/dev/stdout").mode, before);
  // As Node starts a child, with a socket for stdout.
  assert.is(runProgram(folder, [...CLUSTER.split(" "), "--out", "/dev/stdout"]).stdout, expected);
  assert.match(
    shell(`$SP ${CLUSTER} --out >(cat >&2)`).stderr,
    new RegExp(expected.slice(0, 60).replaceAll(/[[\]{}]/g, "\\$&")),
  );
  shell(`$SP ${CLUSTER} --out /dev/fd/5 5>five`);
  assert.is(readFileSync(join(folder, "five"), "utf8"), expected);
  assert.match(
    shell(`$SP ${CLUSTER} --out /dev/stdout >/dev/full; echo "rc $?" >&2`).stderr,
    /no space left.*\nrc 1\n$/s,
  );
  assert.match(
    shell(`set -o pipefail; $SP ${CLUSTER} --out /dev/stdout | head -c 3; echo "rc $?" >&2`).stderr,
    /rc 0\n$/,
  );
});

test("an output that leads to what is read is refused, by whatever link", (t) => {
  unix(t);
  symlinkSync("edges.txt", join(folder, "alias"));
  for (const out of ["alias", "edges.txt", "./edges.txt"])
    assertRefused(runProgram(folder, [...CLUSTER.split(" "), "--out", out]), 2, "is the file of --graph");
  mkdirSync(join(folder, "dir"));
  assertRefused(runProgram(folder, [...CLUSTER.split(" "), "--out", "."]), 1, "cannot write .: it is a directory");
  assertRefused(
    runProgram(folder, [...CLUSTER.split(" "), "--out", "dir/"]),
    1,
    "cannot write dir/: it is a directory",
  );
});

test("a limit of the system's is one line with a remedy and no stack", (t) => {
  unix(t);
  for (const [limit, said] of [
    ["ulimit -v 3000000", /not enough memory for WebAssembly: needs 2 MiB, growing to 4096; .*ulimit -v unlimited/],
    ["ulimit -f 0", /cannot write .*: the file would be larger than is allowed here; raise the limit/],
  ] as const) {
    const { stderr, stdout } = shell(
      `(${limit}; $SP sample --adapter wasm --set weight_restrictions=l0h3 --out limited; echo "rc $?")`,
    );
    assert.match(stdout, /rc 1\n$/, limit);
    assert.match(stderr, said);
    assert.not.match(stderr, / {4}at /, limit);
  }
});

test("names drive no terminal", (t) => {
  unix(t);
  const name = "x\u001b[31m\ny\u009b";
  const missing = runProgram(folder, ["cluster", "--graph", name, "--out", "z"]);
  assert.is(
    missing.stderr,
    "preset graph: null=none\nspectroscope: cannot read x\\u001b[31m\\ny\\u009b: no such file or directory; check the path\n",
  );
  writeFileSync(join(folder, name), "a b c d e f\n");
  const broken = runProgram(folder, ["cluster", "--graph", name, "--out", "z"]);
  assert.is(broken.status, 1);
  assert.is(broken.stderr.split("\n").length, 3, broken.stderr);
  assert.match(broken.stderr, /^preset graph: null=none\nspectroscope: /);
  const written = runProgram(folder, [...CLUSTER.split(" "), "--out", "o\u001b]0;t\u0007"]);
  assert.is(written.status, 0);
  for (const { stdout, stderr } of [missing, broken, written]) assert.not.match(stdout + stderr, /[^\P{Cc}\n]/u);
});

test.run();
