/** Where a software driver is looked for, and what hides one. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { homeFolder } from "./home";
import { remedy } from "./open-device";
import { driverVariable, findSoftwareDriver } from "./software";
import { tuningFolder } from "./tuning-file";

const test = suite("runtime/node/software");
const root = mkdtempSync(join(tmpdir(), "spectroscope-driver-"));
test.after(() => rmSync(root, { recursive: true, force: true }));

/** As a process whose user has no home. */
function homeless(body: () => void): void {
  const { HOME } = process.env;
  process.env.HOME = "";
  try {
    body();
  } finally {
    process.env.HOME = HOME;
    if (HOME === undefined) delete process.env.HOME;
  }
}

test("a variable that names drivers hides all others, and the remedy says so", () => {
  if (process.platform !== "linux") return;
  assert.is(driverVariable({}), undefined);
  assert.is(driverVariable({ VK_ICD_FILENAMES: "" }), undefined);
  assert.equal(driverVariable({ VK_ICD_FILENAMES: "/a", VK_DRIVER_FILES: "/b" }), {
    name: "VK_DRIVER_FILES",
    value: "/b",
  });
  const text = remedy({ VK_ICD_FILENAMES: "/opt/none/icd.json" });
  assert.match(
    text,
    /^VK_ICD_FILENAMES is set \(\/opt\/none\/icd\.json\), so the Vulkan loader looks nowhere else: unset it/,
  );
  assert.not.match(remedy({}), "VK_");
});

test("a driver without its library, or with an empty one, is not found", () => {
  const folder = join(root, ".cache", "swiftshader");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, "package.json"), "{}");
  const found = () =>
    findSoftwareDriver(root).attempts.find(({ place }) => place.startsWith("the project's own"))?.found;
  assert.is(found(), false);
  writeFileSync(join(folder, "vk_swiftshader_icd.json"), JSON.stringify({ ICD: { library_path: "./lib.so" } }));
  assert.is(found(), false);
  writeFileSync(join(folder, "lib.so"), "");
  assert.is(found(), false);
  writeFileSync(join(folder, "lib.so"), "1");
  assert.is(found(), true);
});

test("who has no home has no browsers' drivers and no tuning, and no error", () => {
  homeless(() => {
    assert.is(homeFolder(), undefined);
    assert.not(findSoftwareDriver(root).attempts.some(({ place }) => /Playwright|Puppeteer/.test(place)));
    assert.is(tuningFolder({}), undefined);
    assert.is(tuningFolder({ XDG_CACHE_HOME: "/x" }), "/x/spectroscope");
  });
});

test.run();
