import { parseRemoteName, type RemoteName } from "../../../models/hub/name";
import { type Field, isField, type Schema } from "../../../runtime/config/schema";
import { decodeText, parseJson } from "../../../runtime/formats/json";
import { runSchema } from "../../../runtime/measure/config";
import { parseRestriction, standardRestrictions } from "../../../runtime/transformer/restriction";
import { settledConfig } from "../../cli/run-config";
import { nanoModel } from "../../test/tiny-model";
import { oddValue } from "../mutate";
import type { Random } from "../random";
import { bytesOf, target } from "../target";
import { UNUSUAL, word } from "../words";

/** A value that a field accepts. */
function sampleOf(field: Field, random: Random): unknown {
  switch (field.type) {
    case "boolean":
      return random.chance(0.5);
    case "choice":
      return random.pick(field.choices);
    case "number":
    case "integer":
    case "numbers": {
      const low = field.min ?? 0;
      const high = Math.min(field.max ?? 1000, low + 1000);
      const one = () =>
        field.type === "integer" ? random.from(low, high) : low + ((high - low) * (1 + random.below(998))) / 1000;
      return field.type === "numbers" ? random.list(random.from(field.least, Math.min(field.most, 4)), one) : one();
    }
    case "list":
      return random.list(random.from(1, 3), () => word(random));
    case "table":
      return { [`l0 mlp[${random.below(9)}:32]`]: 1 + random.below(5) };
    default:
      return word(random);
  }
}

interface Key {
  readonly path: readonly string[];
  readonly field: Field;
}
const keysOf = (schema: Schema, path: readonly string[] = []): Key[] =>
  Object.entries(schema).flatMap(([own, node]) =>
    isField(node) ? [{ path: [...path, own], field: node }] : keysOf(node, [...path, own]),
  );

const KEYS = keysOf(runSchema);
/** Keys that may have any value beside any other's. */
const FREE = KEYS.filter(({ path: [first] }) =>
  ["sampler", "acceptance_checks", "checkpoint_draws", "probe_seed", "neuron_slice", "trace_rank"].includes(first),
);

type Tree = { [key: string]: unknown };

function put(tree: Tree, [first, ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) tree[first] = value;
  else {
    const inner = (tree[first] ?? {}) as Tree;
    tree[first] = inner;
    put(inner, rest, value);
  }
}
const at = (tree: unknown, path: readonly string[]) => path.reduce((node, key) => (node as Tree)[key], tree);

/** What a config's keys came out as, those that were given. */
type Given = [string, unknown][];

const given = (keys: readonly Key[], config: unknown): Given =>
  keys.map(({ path }) => [path.join("."), at(config, path)]);

export const runConfigs = target<Given>({
  name: "run-config",
  weight: 2,
  make(random) {
    const tree: Tree = {};
    const keys = random.shuffled(FREE).slice(0, random.from(0, 6));
    for (const { path, field } of keys) put(tree, path, sampleOf(field, random));
    const names = keys.map(({ path }) => path.join("."));
    return {
      input: { "run.json": bytesOf(JSON.stringify(tree)), keys: bytesOf(names.join("\n")) },
      expected: given(keys, tree),
    };
  },
  odd(random) {
    const tree: Tree = {};
    for (const { path, field } of random.shuffled(KEYS).slice(0, random.from(1, 4)))
      put(tree, path, random.chance(0.5) ? oddValue(random) : sampleOf(field, random));
    return { "run.json": bytesOf(JSON.stringify(tree)), keys: bytesOf("") };
  },
  read(input) {
    const config = settledConfig(
      parseJson(decodeText(input["run.json"] ?? bytesOf("{}"), "run.json"), "run.json"),
      "run.json",
      [],
    );
    const wanted = Buffer.from(input.keys ?? bytesOf(""))
      .toString()
      .split("\n");
    return given(
      KEYS.filter(({ path }) => wanted.includes(path.join("."))).sort(
        (a, b) => wanted.indexOf(a.path.join(".")) - wanted.indexOf(b.path.join(".")),
      ),
      config,
    );
  },
});

const textOf = (value: unknown) =>
  Array.isArray(value) ? value.join(",") : typeof value === "object" ? JSON.stringify(value) : String(value);

export const settings = target<Given>({
  name: "settings",
  weight: 2,
  make(random) {
    const tree: Tree = {};
    const keys = random.shuffled(FREE).slice(0, random.from(1, 4));
    const lines = keys.map(({ path, field }) => {
      const value = sampleOf(field, random);
      put(tree, path, value);
      return `${path.join(".")}=${textOf(value)}`;
    });
    return { input: { sets: bytesOf(lines.join("\n")) }, expected: given(keys, tree) };
  },
  odd(random) {
    const lines = random.list(random.from(1, 3), () => {
      const { path, field } = random.pick(KEYS);
      const key = random.chance(0.3)
        ? path.join(".") + random.pick(["x", ".", "..", ".__proto__", ...UNUSUAL])
        : path.join(".");
      return `${key}${random.pick(["=", "=", "=", "", "=="])}${random.chance(0.5) ? textOf(oddValue(random)) : textOf(sampleOf(field, random))}`;
    });
    return { sets: bytesOf(lines.join("\n")) };
  },
  read(input) {
    const sets = Buffer.from(input.sets).toString().split("\n");
    const config = settledConfig({}, "config", sets);
    const names = sets.map((line) => line.slice(0, line.indexOf("=")));
    const keys = names.map((own) => KEYS.find(({ path }) => path.join(".") === own)).filter((key) => key !== undefined);
    return given(keys, config);
  },
});

const nano = nanoModel();
const NAMES = standardRestrictions(nano);

export const restrictions = target<string>({
  name: "restrictions",
  weight: 2,
  make(random) {
    const own = random.pick(NAMES);
    return { input: { name: bytesOf(own) }, expected: own };
  },
  odd: (random) => ({
    name: bytesOf(
      random
        .list(
          random.from(1, 3),
          () =>
            `${random.pick(NAMES)}${random.pick(["", ".q", "[0:4]", `[${random.edge()}:${random.edge()}]`, ".", "l", ...UNUSUAL])}`,
        )
        .join(random.pick(["+", " + ", ""])),
    ),
  }),
  read(input) {
    const own = Buffer.from(input.name).toString();
    const { slices } = parseRestriction(own, nano);
    if (slices.length === 0) throw new Error("no slices");
    return own;
  },
});

export const hubNames = target<RemoteName | undefined>({
  name: "hub-names",
  weight: 2,
  make(random) {
    const repo = `${word(random)}/${word(random)}-${random.below(99)}m`;
    const revision = random.chance(0.5) ? random.pick(["main", "step143000", "v1.0", "0123456789abcdef"]) : undefined;
    const url = random.chance(0.4);
    const written = url
      ? `https://huggingface.co/${repo}${revision === undefined ? "" : `/tree/${revision}`}`
      : `${repo}${revision === undefined ? "" : `@${revision}`}`;
    return {
      input: { name: bytesOf(written) },
      expected: { kind: "repo", repo, ...(revision === undefined ? {} : { revision }) },
    };
  },
  odd: (random) => ({
    name: bytesOf(
      `${random.pick(["https://huggingface.co/", "http://", "https://x:y@h/", "https://h:99999/", "HTTPS://[::1]/", "", "https://hf.co/datasets/"])}${word(random)}/${random.pick(["%zz", "%2e%2e", "..", "a%00b", word(random), "x.git", ...UNUSUAL])}${random.pick(["", "@", "@..", "@%zz", "/tree/%ff", "/resolve/main/config.json", "?a=1", "#x", "/blob/a/b/c"])}`,
    ),
  }),
  read: (input) => parseRemoteName(Buffer.from(input.name).toString()),
  flaw(value) {
    if (value?.kind !== "repo") return undefined;
    const sound = /^[\w.-]+\/[\w.-]+$/.test(value.repo) && !/\.\.|[\s\\]/.test(`${value.repo}${value.revision ?? ""}`);
    return sound ? undefined : `repository ${JSON.stringify(value)}`;
  },
});
