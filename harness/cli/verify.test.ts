/** `verify` must fail where something is off: the built program in a copy of the project with goldens of our own. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { projectRoot } from "../../runtime/node/root";
import { suite } from "../test/suite";

const test = suite("harness/cli/verify", { gpu: true });
const root = projectRoot();
const folder = mkdtempSync(join(tmpdir(), "spectroscope-verify-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  case: string;
  tolerances: Record<string, { absolute: number; relative: number; reason: string }>;
}
interface Manifest {
  files: { file: string; entries: Entry[] }[];
}

test.before(() => {
  copyFileSync(join(root, "package.json"), join(folder, "package.json"));
  mkdirSync(join(folder, "dist"));
  copyFileSync(join(root, "dist", "spectroscope.mjs"), join(folder, "dist", "spectroscope.mjs"));
  for (const shared of ["node_modules", ".cache", "models"]) symlinkSync(join(root, shared), join(folder, shared));
  cpSync(join(root, "goldens", "kernels"), join(folder, "goldens", "kernels"), { recursive: true });
});

/** Runs `verify --only kernels` with the first case of every kernel, after a change to the manifest. */
function verify(change: (manifest: Manifest) => void) {
  const manifest: Manifest = JSON.parse(readFileSync(join(root, "goldens", "manifest.json"), "utf8"));
  manifest.files = manifest.files.filter(({ file }) => file.startsWith("kernels/"));
  for (const file of manifest.files) file.entries = file.entries.slice(0, 1);
  change(manifest);
  writeFileSync(join(folder, "goldens", "manifest.json"), JSON.stringify(manifest));
  const program = join(folder, "dist", "spectroscope.mjs");
  return spawnSync(process.execPath, [program, "verify", "--only", "kernels", "--adapter", "wasm", "--json"], {
    encoding: "utf8",
  });
}

test("one tensor out of tolerance among many that are not: exit 1, and it is named", () => {
  const run = verify(({ files }) => {
    const { entries } = files.find(({ file }) => file === "kernels/philox.normal.safetensors")!;
    Object.assign(entries[0].tolerances.out, { absolute: 1e-30, relative: 0 });
  });
  assert.is(run.status, 1, run.stderr);
  const { checked, failed, rows } = JSON.parse(run.stdout);
  assert.ok(checked > 30);
  assert.is(checked, rows.length);
  const missed = rows.filter((row: { pass: boolean }) => !row.pass);
  assert.is(failed, missed.length);
  assert.ok(failed > 0);
  for (const row of rows) assert.is(row.pass, !row.subject.startsWith("philox/normal#"), row.subject);
});

test("a golden that was changed is refused before anything runs", () => {
  const path = join(folder, "goldens", "kernels", "add.sum.safetensors");
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(path, bytes);
  const run = verify(() => {});
  assert.is(run.status, 1);
  assert.not.match(run.stdout, "rows");
  assert.match(run.stderr, /spectroscope: golden .*add\.sum\.safetensors was changed: SHA-256/);
});

test.run();
