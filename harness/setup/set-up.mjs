/** Everything that a checkout lacks, installed and built by one start while the others wait. */
import { join } from "node:path";
import { checkNode, ensureDependencies } from "./dependencies.mjs";
import { described, NOT_WRITABLE } from "./errors.mjs";
import { locked } from "./lock.mjs";
import { newerThan, root, whole } from "./sources.mjs";

export const main = join(root, "dist", "spectroscope.mjs");

/**
 * Installs and builds. `current`: whether somebody did so while this one waited; `what`: as `build` takes it. Who may not write
 * a checkout runs what is built there. Throws a `SetupError` where a person can do something about it.
 */
export async function setUp({ current = () => false, ...what }) {
  checkNode();
  try {
    await locked(root, async () => {
      if (current()) return;
      await ensureDependencies();
      const { build } = await import("./build.mjs");
      await build(what);
    });
  } catch (thrown) {
    const error = described(thrown, root);
    if (error.code !== NOT_WRITABLE || what.tests !== false || !whole(main)) throw error;
    if (newerThan(main))
      console.error("sources are newer than what is built, and you may not build here: running what is there");
  }
}
