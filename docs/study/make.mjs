/**
 * The study of docs/posterior-and-prior.md: `node docs/study/make.mjs FOLDER [--only TEXT] [--limit N] [--keep] [--draw]`, after
 * `npm run build`. Points that FOLDER lacks are run, those whose name has TEXT in it, at most N of them; --draw runs none. Then its
 * tables go into FOLDER and into the document, pictures beside the others. It can be stopped and gone on with at any time.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nameOf, POINTS } from "./design.mjs";
import { figures } from "./figures.mjs";
import { found, runPoints } from "./runs.mjs";
import { filled, tables } from "./tables.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string", default: "" },
    limit: { type: "string", default: String(POINTS.length) },
    keep: { type: "boolean", default: false },
    draw: { type: "boolean", default: false },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error("usage: node docs/study/make.mjs FOLDER [--only TEXT] [--limit N] [--keep] [--draw]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const done = new Set(found(folder, POINTS).map(({ point }) => nameOf(point)));
const missing = POINTS.filter((point) => nameOf(point).includes(values.only) && !done.has(nameOf(point)));
const points = values.draw ? [] : missing.slice(0, Number(values.limit));
await runPoints({ root, folder, points, keep: values.keep, say: (line) => console.error(line) });

const all = found(folder, POINTS);
const made = tables(all);
writeFileSync(join(folder, "table.json"), `${JSON.stringify(all, null, 1)}\n`);
const markdown = Object.entries(made).map(([name, text]) => `## ${name}\n\n${text}\n`);
writeFileSync(join(folder, "table.md"), markdown.join("\n"));
const document = join(root, "docs", "posterior-and-prior.md");
writeFileSync(document, filled(readFileSync(document, "utf8"), made));
for (const [name, text] of Object.entries(figures(all))) writeFileSync(join(root, "docs", "pictures", name), text);
console.log(`${all.length} of ${POINTS.length} points`);
