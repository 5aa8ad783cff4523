/** docs/formats.md says what the schema says: keys, defaults, bounds and meanings stand in one place, and the tables follow. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { clusterSchema } from "../../runtime/cluster/config";
import type { Schema } from "../../runtime/config/schema";
import { samplingSchema } from "../../runtime/measure/config";
import { projectRoot } from "../../runtime/node/root";
import { suite } from "../test/suite";
import { keyRow, keysOf, markdownTable } from "./keys";

const test = suite("harness/cli/keys");
const path = join(projectRoot(), "docs", "formats.md");
const REMEDY = "write its tables anew by SPECTROSCOPE_WRITE_DOCS=1 npm test -- harness/cli/keys";
const tables: Readonly<Record<string, Schema>> = { run: samplingSchema, cluster: clusterSchema };

/** `text` with the table between its marks made anew. */
function withTable(text: string, name: string, schema: Schema): string {
  const [begin, end] = [`<!-- keys of ${name} -->\n`, `\n<!-- end of keys of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  assert.ok(from >= 0 && to > from, `${path} has no marks ${begin.trim()} ... ${end.trim()}`);
  return `${text.slice(0, from + begin.length)}\n${markdownTable(schema)}\n${text.slice(to)}`;
}

test("the tables of docs/formats.md are those of the schema", () => {
  const there = readFileSync(path, "utf8");
  const made = Object.entries(tables).reduce((text, [name, schema]) => withTable(text, name, schema), there);
  if (process.env.SPECTROSCOPE_WRITE_DOCS) writeFileSync(path, made);
  else assert.is(there, made, `docs/formats.md is not what the schema says: ${REMEDY}`);
});

test("another default, bound or help makes another table", () => {
  const one = { k: { type: "integer", default: 3, min: 1, help: "neighbors" } } as const;
  const told = markdownTable(one);
  for (const change of [{ default: 4 }, { min: 2 }, { help: "others" }]) {
    assert.is.not(markdownTable({ k: { ...one.k, ...change } }), told, JSON.stringify(change));
  }
});

test("rows of help and cells of tables", () => {
  const schema = {
    k: { type: "integer", default: null, min: 1, nullable: "by size", help: "neighbors" },
    group: {
      rule: { type: "choice", choices: ["a", "b"], default: "a", help: "which" },
      scale: { type: "table", default: {}, placeholder: "NAME", otherwise: "1", min: 0, help: "factor" },
    },
    steps: { type: "numbers", default: null, least: 1, most: 3, max: 1, nullable: "one", help: "sizes" },
    file: { type: "string", placeholder: "FILE", help: "a | b" },
    rows: { type: "integer", nullable: "all", help: "of a file" },
  } as const satisfies Schema;
  assert.equal(keysOf(schema).map(keyRow), [
    ["k=N", "neighbors (default null: by size)"],
    ["group.rule=a|b", "which (default a)"],
    ["group.scale.NAME=X", "factor (default 1)"],
    ["steps=X,...", "sizes (default null: one)"],
    ["file=FILE", "a | b"],
    ["rows=N", "of a file (default all)"],
  ]);
  assert.equal(markdownTable(schema).split("\n").slice(2), [
    "| `k` | null (by size) | whole number, at least 1 | neighbors |",
    "| `group.rule` | `a` | `a`, `b` | which |",
    "| `group.scale.NAME` | 1 | number, at least 0 | factor |",
    "| `steps` | null (one) | list of 1 to 3 numbers, at most 1 | sizes |",
    "| `file` |  | file | a \\| b |",
    "| `rows` | all | whole number | of a file |",
  ]);
});

test.run();
