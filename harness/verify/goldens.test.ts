import { cp, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { SpectroscopeError } from "../../kernels/errors";
import { everyKernel } from "../../kernels/probes";
import { testDevice } from "../test/device";
import { suite } from "../test/suite";
import { goldenCases, goldenFileOf, type Row, roundedParams, row, rowLine, verifyCase } from "./kernels";
import { checkFiles, goldensFolder, type Manifest, readManifest } from "./manifest";
import { nanoParts } from "./nano";

const integrity = suite("goldens/integrity");
let manifest: Manifest;
const read = async () => {
  manifest ??= await readManifest();
};
integrity.before(read);

integrity("every file is there with the hash of the manifest", async (t) => {
  await checkFiles(manifest);
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const made = Object.entries(manifest.madeWith).map(([name, version]) => `${name} ${version}`);
  t.note(`${manifest.files.length} files, ${(bytes / 1e6).toFixed(2)} MB, ${manifest.date}, ${made.join(", ")}`);
  assert.ok(bytes < 8e6, "goldens stay small");
});

integrity("every kernel has a golden, and every golden its kernel", () => {
  const missing = everyKernel.filter((kernel) => !goldenFileOf(manifest, kernel)).map((kernel) => kernel.name);
  assert.equal(missing, [], "kernels without a golden");
  const known = new Set(everyKernel.map((kernel) => kernel.name));
  const named = manifest.files.flatMap((file) => file.entries.flatMap((entry) => entry.kernel ?? []));
  assert.equal([...new Set(named.filter((name) => !known.has(name)))], [], "goldens without a kernel");
});

integrity("a flipped byte, a cut file and a missing file are refused by name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "goldens-"));
  try {
    await cp(join(goldensFolder(), "manifest.json"), join(folder, "manifest.json"));
    await cp(join(goldensFolder(), "kernels"), join(folder, "kernels"), { recursive: true });
    const all = await readManifest(folder);
    const copy = { ...all, files: all.files.filter((file) => file.file.startsWith("kernels/")) };
    await checkFiles(copy);
    const { file } = copy.files[0];
    const path = join(folder, file);
    const bytes = await readFile(path);
    const says = async (what: RegExp) => {
      const error = await checkFiles(copy).then(
        () => assert.unreachable("accepted"),
        (error) => error,
      );
      assert.instance(error, SpectroscopeError);
      assert.match(error.line, what);
      assert.match(error.line, file);
      assert.match(error.line, "make.py");
    };
    bytes[bytes.length - 1] ^= 1;
    await writeFile(path, bytes);
    await says(/was changed: SHA-256 [0-9a-f]{12}/);
    await truncate(path, 100);
    await says(/100 bytes instead of/);
    await rm(path);
    await says(/cannot be read/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

integrity("a manifest of another format or with a broken entry is refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "goldens-"));
  try {
    const json = JSON.parse(await readFile(join(goldensFolder(), "manifest.json"), "utf8"));
    const says = async (changed: unknown, what: RegExp) => {
      await writeFile(join(folder, "manifest.json"), JSON.stringify(changed));
      const error = await readManifest(folder).then(
        () => assert.unreachable("accepted"),
        (error) => error,
      );
      assert.match(error.line, what);
    };
    await says({ ...json, format: 2 }, /format 2, expected 1/);
    await says({ ...json, files: [{ ...json.files[0], sha256: "x" }] }, /files\[0\] lacks/);
    await says({ ...json, files: [{ ...json.files[0], file: "../x" }] }, /files\[0\] lacks/);
    await says({ ...json, files: [{ ...json.files[0], entries: [{}] }] }, /entry 0 of/);
    await says({ ...json, files: [json.files[0], json.files[0]] }, /listed twice/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

for (const kernel of everyKernel) {
  // The reference is what every other test of a kernel trusts; f64 on both sides leaves room for rounding only.
  integrity(`${kernel.name}: the f64 reference agrees with the goldens`, async (t) => {
    const file = goldenFileOf(manifest, kernel);
    if (!file) throw new Error("no golden");
    let worst = 0;
    for (const { entry, inputs, expected } of await goldenCases(manifest, file, kernel)) {
      const copies = Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, array.slice()]));
      const params = roundedParams(kernel, entry.params);
      const outputs = kernel.reference(copies, entry.dims, params, new Set(entry.shared));
      for (const [tensor, want] of Object.entries(expected)) {
        const names = { subject: `${kernel.name}#reference`, case: entry.case, tensor };
        const exact = want instanceof Uint32Array;
        const allowed = exact ? 0 : 1e-12;
        const result = row(names, outputs[tensor], want, { absolute: allowed, relative: allowed, reason: "f64" });
        if (!result.pass) throw new Error(rowLine(result));
        worst = Math.max(worst, result.share);
      }
    }
    t.note(`${file.entries.length} cases, ${(100 * worst).toFixed(1)} % of 1e-12`);
  });
}
integrity.run();

const run = suite("goldens/kernels", { gpu: true });
run.before(read);
for (const kernel of everyKernel) {
  run(kernel.name, async (t) => {
    const device = await testDevice();
    const file = goldenFileOf(manifest, kernel);
    if (!file) throw new Error(`kernel ${kernel.name} has no golden: add one in goldens/reference`);
    const failures: string[] = [];
    const ran = new Set<string>();
    for (const golden of await goldenCases(manifest, file, kernel)) {
      for (const variant of Object.keys(kernel.variants)) {
        const rows = await verifyCase(device, kernel, golden, variant);
        if (typeof rows === "string") continue;
        ran.add(variant);
        for (const one of rows) {
          t.note(rowLine(one));
          if (!one.pass) failures.push(rowLine(one));
        }
      }
    }
    if (failures.length > 0) throw new Error(failures.join("\n"));
    assert.ok(ran.has("plain"), "the plain variant ran no golden");
  });
}
run.run();

const model = suite("goldens/nano", { gpu: true });
model.before(read);
for (const [name, part] of Object.entries(nanoParts)) {
  model(name, async (t) => {
    const rows = await part(await testDevice(), manifest);
    assert.ok(rows.length > 0, "nothing was compared");
    // A model has dozens of gradients: the worst of a kind says enough, and a failure says itself.
    const worst = new Map<string, Row>();
    for (const one of rows) {
      const kind = `${one.case} ${one.tensor.split(" of ")[0]}`;
      if (!(one.share <= (worst.get(kind)?.share ?? -1))) worst.set(kind, one);
    }
    for (const one of worst.values()) t.note(rowLine(one));
    const failures = rows.filter((one) => !one.pass).map(rowLine);
    if (failures.length > 0) throw new Error(failures.join("\n"));
  });
}
model.run();
