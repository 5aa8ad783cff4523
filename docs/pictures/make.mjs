/**
 * Makes the pictures of docs/choosing-settings.md: `node docs/pictures/make.mjs FOLDER`, after `npm run build`. Runs of nano go
 * into FOLDER, and one that is there is used again, so that it can be stopped and gone on with. Pictures go beside this file, the
 * numbers in them to stdout. The same runs give the same bytes.
 */
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { figures } from "./figures.mjs";
import { measures } from "./measures.mjs";
import { makeRuns } from "./runs.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node docs/pictures/make.mjs FOLDER");
  process.exit(2);
}
makeRuns(root, folder, (line) => console.error(line));
const numbers = await measures(root, folder);
for (const [name, text] of Object.entries(figures(numbers))) writeFileSync(join(here, name), text);
console.log(JSON.stringify(numbers, null, 1));
