import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { applySettings, resolveConfig } from "../../runtime/config/resolve";
import { fieldKeys } from "../../runtime/config/schema";
import { suite } from "../test/suite";
import { type CommandSpec, findCommand, helpText, parseOptions, programHelp, SET_OPTION } from "./options";
import { readRunConfig } from "./run-config";

const test = suite("harness/cli/options");

const command = {
  name: "loss",
  summary: "Per-token losses of a model.",
  options: {
    model: { type: "string", placeholder: "DIR", help: "model directory" },
    out: { type: "string", placeholder: "FILE", default: "losses.npy", help: "where the losses go" },
    seed: { type: "integer", default: 1, min: 0, help: "run seed" },
    scale: { type: "number", default: 1, min: 0, exclusiveMin: true, help: "a factor" },
    shift: { type: "number", default: 0, help: "an offset" },
    adapter: { type: "choice", choices: ["auto", "software", "none"], default: "auto", help: "which adapter" },
    json: { type: "boolean", default: false, help: "machine-readable results" },
    report: { type: "boolean", default: true, help: "skip the report" },
    set: SET_OPTION,
  },
  positionals: [{ name: "FILE", help: "ids", optional: true }],
  required: ["model"],
  short: { o: "out" },
  examples: ["loss --model m ids.json"],
} as const satisfies CommandSpec;

const parse = (...words: string[]) => parseOptions(command, words);
const refused = (words: string[], line: RegExp) =>
  assert.throws(
    () => parse(...words),
    (error: { line: string; exitCode: number }) => line.test(error.line) && error.exitCode === 2,
  );

test("values, defaults and spellings", () => {
  const { values, positionals, given, help } = parse(
    "--model",
    "m",
    "--seed=7",
    "ids.json",
    "-o",
    "x",
    "--json",
    "--no-report",
  );
  const seed: number = values.seed;
  const adapter: "auto" | "software" | "none" = values.adapter;
  assert.equal([seed, adapter], [7, "auto"]);
  assert.equal([values.model, values.out, values.scale, values.json, values.report], ["m", "x", 1, true, false]);
  assert.equal(values.set, undefined);
  assert.equal(positionals, ["ids.json"]);
  assert.equal([...given].sort(), ["json", "model", "out", "report", "seed"]);
  assert.is(help, false);
  assert.is(parse("--model", "m", "--json=false").values.json, false);
  assert.is(parse("--model", "m", "--shift", "-1.5e-3").values.shift, -0.0015);
  assert.equal(parse("--model=--odd", "--", "--file").positionals, ["--file"]);
  assert.is(parse("--model=--odd").values.model, "--odd");
  assert.equal(parse("--model", "m", "--set", "a=1,2", "--set", "b=2").values.set, ["a=1,2", "b=2"]);
});

test("unknown options suggest the nearest", () => {
  refused(["--modle", "m"], /unknown option --modle; did you mean "--model"\? \(see spectroscope loss --help\)/);
  refused(["--sed=3"], /unknown option --sed; did you mean "--seed"/);
  refused(["-x"], /unknown option -x/);
  refused(["-model", "m"], /unknown option -model; did you mean "--model"/);
  refused(["--no-model"], /unknown option --no-model/);
  refused(["--__proto__", "x"], /unknown option --__proto__/);
  refused(["--constructor", "x"], /unknown option/);
  refused(["--zzzzzzzz"], /known: --model, --out, /);
});

test("values that are missing, doubled or do not fit", () => {
  refused([], /loss: --model is missing; write --model DIR/);
  refused(["--model"], /--model needs a value; write --model DIR/);
  refused(["--model", "--json"], /--model needs a value; write --model DIR, or --model=--json/);
  refused(["--model="], /--model is ""; it must be a text that is not empty/);
  refused(["--model", "a", "--model", "b"], /--model is given twice/);
  refused(["--model", "m", "--json", "--no-json"], /--json is given twice/);
  for (const seed of ["1.5", "x", "", "0x10", "1e999", "NaN", "Infinity", "9007199254740993"]) {
    refused(["--model", "m", `--seed=${seed}`], /--seed is .*; it must be a whole number, at least 0/);
  }
  refused(["--model", "m", "--seed", "-1"], /--seed is -1; it must be a whole number, at least 0/);
  refused(["--model", "m", "--scale", "0"], /--scale is 0; it must be a number, above 0/);
  refused(
    ["--model", "m", "--adapter", "sofware"],
    /"sofware"; it must be one of auto, software, none; did you mean "software"/,
  );
  refused(["--model", "m", "--json=yes"], /--json is "yes"; it must be true or false/);
  refused(["--model", "m", "--no-json=true"], /--no-json takes no value/);
  refused(["--model", "m", "a", "b"], /loss: unexpected argument "b"/);
  refused(["--model", "m", "--set="], /--set is empty/);
});

test("required and many positionals", () => {
  const merge: CommandSpec = {
    name: "merge",
    summary: "",
    options: {},
    positionals: [
      { name: "OUT", help: "" },
      { name: "IN", help: "", many: true },
    ],
  };
  assert.equal(parseOptions(merge, ["a", "b", "c"]).positionals, ["a", "b", "c"]);
  assert.throws(() => parseOptions(merge, ["a"]), /merge: IN is missing/);
});

test("help", () => {
  assert.is(parse("--help").help, true);
  assert.is(parse("--nonsense", "-h").help, true);
  assert.is(parse("--model", "m", "--", "-h").help, false);
  const text = helpText(command);
  assert.match(text, /^Per-token losses of a model\.\n\nUsage: spectroscope loss \[FILE\] \[options\]\n/);
  assert.match(text, /--model DIR {2,}model directory \(required\)/);
  assert.match(text, /-o, --out FILE {2,}where the losses go \(default losses\.npy\)/);
  assert.match(text, /--adapter auto\|software\|none\n? +which adapter \(default auto\)/);
  assert.match(text, /--no-report {2,}skip the report\n/);
  assert.match(text, /--set KEY=VALUE {2,}change one key of the config \(may be repeated\)/);
  assert.match(text, /-h, --help {2,}show this text/);
  assert.match(text, /Examples:\n {2}spectroscope loss --model m ids\.json\n$/);
  assert.ok(text.split("\n").every((line) => line.length <= 100));
  assert.match(programHelp("Spectroscopy.", [command]), /Commands:\n {2}loss {2,}Per-token losses/);
});

test("help of a command with a config ends with its keys", () => {
  const schema = {
    lr: { type: "number", default: 0.1, help: "step size" },
    of: { k: { type: "integer", help: "so many" } },
  };
  const text = helpText({ ...command, config: { title: "Keys, for --set", schema } } as CommandSpec);
  assert.match(
    text,
    /show this text\n\nKeys, for --set:\n {2}lr=X {4}step size \(default 0\.1\)\n {2}of\.k=N {2}so many\n\nExamples:/,
  );
});

test("commands by name", () => {
  const commands = [command, { name: "devices", summary: "", options: {} }];
  assert.is(findCommand(commands, "loss"), command);
  assert.throws(
    () => findCommand(commands, "device"),
    (error: { line: string }) => /unknown command "device"; did you mean "devices"/.test(error.line),
  );
});

const schema = {
  seed: { type: "integer", default: 1, min: 0, help: "" },
  sampler: {
    lr: { type: "number", default: 0.01, min: 0, exclusiveMin: true, help: "" },
    n_beta: { type: "number", default: 10, min: 0, help: "" },
    method: { type: "choice", choices: ["sgld", "rmsprop_sgld"], default: "sgld", help: "" },
  },
  components: { type: "list", default: [], help: "" },
  cluster: { type: { type: "string", default: "knn", help: "" } },
} as const;

test("config: defaults, file, settings, in this order", async () => {
  assert.equal(fieldKeys(schema), [
    "seed",
    "sampler.lr",
    "sampler.n_beta",
    "sampler.method",
    "components",
    "cluster.type",
  ]);
  const config = resolveConfig(schema, { sampler: { lr: 0.5 }, components: ["l0h1"] }, "c.json");
  const lr: number = config.sampler.lr;
  assert.is(lr, 0.5);
  assert.equal(config, {
    seed: 1,
    sampler: { lr: 0.5, n_beta: 10, method: "sgld" },
    components: ["l0h1"],
    cluster: { type: "knn" },
  });
  const set = applySettings(schema, config, [
    "sampler.lr=1e-3",
    "components=l0,l1 mlp",
    "sampler.lr=2",
    "seed=0",
    "cluster.type=x=y",
  ]);
  assert.equal([set.sampler.lr, set.components, set.seed, set.cluster.type], [2, ["l0", "l1 mlp"], 0, "x=y"]);
  assert.is(config.sampler.lr, 0.5, "the input is not changed");

  const folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
  const path = join(folder, "c.json");
  await writeFile(path, '\ufeff{"probe_seed": 4}');
  const read = await readRunConfig(path, ["sampler.n_beta=0"]);
  assert.equal([read.probe_seed, read.sampler.n_beta], [4, 0]);
  assert.is((await readRunConfig(undefined, [])).probe_seed, 3);
  await rm(folder, { recursive: true });
});

test("config: what is refused", () => {
  const bad = (json: unknown, line: RegExp) =>
    assert.throws(
      () => resolveConfig(schema, json, "c.json"),
      (error: { line: string; exitCode: number }) => line.test(error.line) && error.exitCode === 2,
    );
  bad({ sampler: { nbeta: 3 } }, /c\.json: unknown key "sampler\.nbeta"; did you mean "n_beta"\?/);
  bad({ sead: 3 }, /unknown key "sead"; did you mean "seed"/);
  bad(JSON.parse('{"__proto__": {"seed": 2}}'), /unknown key "__proto__"/);
  bad({ sampler: 3 }, /c\.json: "sampler" is not a JSON object/);
  bad({ sampler: { lr: "0.1" } }, /c\.json: "sampler\.lr" is "0\.1"; it must be a number, above 0/);
  bad({ sampler: { lr: null } }, /"sampler\.lr" is null/);
  bad({ sampler: { method: "sgdl" } }, /one of sgld, rmsprop_sgld; did you mean "sgld"/);
  bad({ components: "l0" }, /"components" is "l0"; it must be a list of texts/);
  bad([], /c\.json is not a JSON object/);
  const config = resolveConfig(schema, {}, "c");
  const badSet = (setting: string, line: RegExp) =>
    assert.throws(
      () => applySettings(schema, config, [setting]),
      (error: { line: string; exitCode: number }) => line.test(error.line) && error.exitCode === 2,
    );
  badSet("sampler.l=3", /unknown key "sampler\.l"/);
  badSet("lr=3", /unknown key "lr"; did you mean "sampler\.lr"/);
  badSet("sampler=3", /unknown key "sampler"/);
  badSet("seed", /"seed" is not key=value/);
  badSet("=3", /is not key=value/);
  badSet("sampler.lr=-3", /--set sampler\.lr is -3/);
  badSet("__proto__.x=3", /unknown key/);
});

test.run();
