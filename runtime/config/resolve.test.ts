/** What a schema's fields take, from JSON and from words, and what errors say. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import type { SpectroscopeError } from "../../kernels/errors";
import { type Agreement, applySettings, checkAgreements, resolveConfig } from "./resolve";
import { defaultsOf, fieldKeys, type Schema, type Values } from "./schema";

const test = suite("runtime/config/resolve");

const schema = {
  file: { type: "string", help: "" },
  rows: { type: "integer", min: 2, nullable: "all", help: "" },
  share: { type: "number", default: 0.5, min: 0, max: 1, exclusiveMax: true, help: "" },
  cluster: {
    k: { type: "integer", default: null, min: 1, nullable: "by size", help: "" },
    steps: {
      ...{ type: "numbers", default: null, least: 1, most: 3, min: 0, exclusiveMin: true },
      ...{ nullable: "0.1 and 0.01", help: "" },
    },
    seed: { type: "integer", default: 1, help: "" },
  },
  sampler: { seed: { type: "integer", default: 0, help: "" }, num_chains: { type: "integer", default: 4, help: "" } },
  scale: { type: "table", default: {}, placeholder: "NAME", otherwise: "1", min: 0, exclusiveMin: true, help: "" },
} as const satisfies Schema;
type Config = Values<typeof schema>;

/** Null says something else than the default. */
const optional = {
  limit: { type: "number", default: 2, nullable: "no limit", help: "" },
} as const satisfies Schema;

const resolved = (json: unknown, ...sets: string[]): Config =>
  applySettings(schema, resolveConfig(schema, json, "c.json"), sets);
const refused = (json: unknown, sets: string[], line: RegExp) =>
  assert.throws(
    () => resolved(json, ...sets),
    (error: SpectroscopeError) => {
      assert.match(error.line, line);
      return error.exitCode === 2;
    },
  );

test("null where the default is a value is itself, and absence is the default", () => {
  const limits = [{}, { limit: null }, { limit: 3 }].map((json) => resolveConfig(optional, json, "c.json").limit);
  assert.equal(limits, [2, null, 3]);
  assert.is(applySettings(optional, { limit: 2 }, ["limit=null"]).limit, null);
  refused({}, ["=3"], /--set "=3" is not key=value/);
});

test("null is the rule: a value of its own where it is the default, absence where there is none", () => {
  const k: number | null = resolved({}).cluster.k;
  const rows: number | undefined = resolved({}).rows;
  assert.equal([k, rows], [null, undefined]);
  assert.equal(resolved({ cluster: { k: 3 } }, "cluster.k=null").cluster.k, null);
  assert.equal(resolved({ cluster: { k: null } }, "cluster.k=3").cluster.k, 3);
  assert.is(JSON.stringify(resolved({ rows: null })), JSON.stringify(resolved({})));
  assert.is(resolved({ rows: 5 }, "rows=null").rows, undefined);
  refused(
    { cluster: { k: 0 } },
    [],
    /c\.json: "cluster\.k" is 0; it must be a whole number, at least 1, or null for the rule: by size$/,
  );
  refused({ share: null }, [], /"share" is null; it must be a number, at least 0 and below 1$/);
  refused({}, ["share=null"], /--set share is "null"/);
  refused({}, ["share=1"], /--set share is 1; it must be a number, at least 0 and below 1/);
});

test("lists of numbers: as in JSON, or without its brackets", () => {
  assert.equal(resolved({ cluster: { steps: [0.5, 1e-3] } }).cluster.steps, [0.5, 0.001]);
  for (const text of ["[0.01,0.003]", "0.01,0.003", " [ 0.01, 3e-3 ] "]) {
    assert.equal(resolved({}, `cluster.steps=${text}`).cluster.steps, [0.01, 0.003], text);
  }
  assert.equal(resolved({ cluster: { steps: [1] } }, "cluster.steps=null").cluster.steps, null);
  for (const text of ["", "[]", "0", "1,x", "1,,2", "1,2,3,4", "[1", '["1"]', "0x1"]) {
    refused(
      {},
      [`cluster.steps=${text}`],
      /--set cluster\.steps is .*; it must be a list of 1 to 3 numbers, above 0, or null/,
    );
  }
  for (const value of [[], 3, "1,2", [Number.NaN], ["1"]])
    refused({ cluster: { steps: value } }, [], /"cluster\.steps" is/);
});

test("tables take any name, dots and all, each for itself", () => {
  const set = resolved({ scale: { a: 1, b: 2 } }, "scale.b=3", "scale.l0 mlp[0:32]=4", "scale.x.y.weight=5e-1");
  assert.equal(set.scale, { a: 1, b: 3, "l0 mlp[0:32]": 4, "x.y.weight": 0.5 });
  const inherited = resolved({}, "scale.__proto__=2").scale;
  assert.equal([Object.keys(inherited), Object.getPrototypeOf(inherited) === Object.prototype], [["__proto__"], true]);
  refused({ scale: { a: 1, b: 0 } }, [], /c\.json: "scale\.b" is 0; it must be a number, above 0$/);
  refused({ scale: { b: "1" } }, [], /"scale\.b" is "1"/);
  for (const value of [3, null, [1], "a"]) refused({ scale: value }, [], /"scale" is not a JSON object/);
  refused({}, ["scale.b=-1"], /--set scale\.b is -1; it must be a number, above 0/);
  refused({}, ["scale=3"], /--set scale is "3"; write --set scale\.NAME=X/);
});

test("the remedy for a key that is not there: its own level, the group it belongs in, or what a group is", () => {
  refused({ k: 3 }, [], /unknown key "k"; did you mean "cluster\.k"\?/);
  refused({ seed: 3 }, [], /unknown key "seed"; did you mean "cluster\.seed" or "sampler\.seed"\?/);
  refused({ num_chain: 3 }, [], /unknown key "num_chain"; did you mean "sampler\.num_chains"\?/);
  refused({ sampler: { steps: [1] } }, [], /unknown key "sampler\.steps"; did you mean "cluster\.steps"\?/);
  refused({ cluster: { sede: 3 } }, [], /unknown key "cluster\.sede"; did you mean "seed"\?/);
  refused({}, ["cluster.sede=3"], /--set: unknown key "cluster\.sede"; did you mean "cluster\.seed"\?/);
  refused({}, ["k=3"], /unknown key "k"; did you mean "cluster\.k"\?/);
  refused({}, ["cluster=3"], /unknown key "cluster"; it is a group of keys: write --set cluster\.KEY=VALUE/);
  refused({}, ["qqqqqqqqqq=3"], /unknown key "qqqqqqqqqq"; known: file, rows, share/);
  refused({ cluster: null }, [], /c\.json: "cluster" is not a JSON object/);
});

test("defaults are the values of a config that says nothing, and what is given is not changed", () => {
  assert.equal(resolved({}), defaultsOf(schema));
  const json = { scale: { a: 1 }, cluster: { k: 3 } };
  resolved(json, "scale.a=2", "cluster.k=4");
  assert.equal(json, { scale: { a: 1 }, cluster: { k: 3 } });
  assert.ok(fieldKeys(schema).includes("scale") && fieldKeys(schema).includes("cluster.steps"));
});

test("keys that do not agree: the values, what is not set, and the remedy", () => {
  const agreements: Agreement<Config>[] = [
    {
      keys: ["rows", "file"],
      holds: ({ rows, file }) => rows === undefined || file !== undefined,
      hint: "name a file",
    },
    { keys: ["share", "rows"], holds: ({ share, rows }) => share > 0 || rows === undefined, hint: "one of them" },
  ];
  const check = (...sets: string[]) => checkAgreements(agreements, resolved({}, ...sets), "c.json");
  check();
  check("rows=3", "file=a");
  const line = (text: string) => (error: SpectroscopeError) => error.line === text && error.exitCode === 2;
  assert.throws(() => check("rows=3"), line("c.json: rows = 3 without file; name a file"));
  assert.throws(() => check("rows=3", "file=a", "share=0"), line("c.json: share = 0 with rows = 3; one of them"));
});

test.run();
