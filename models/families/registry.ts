/** The families that can be read. To add one: a file beside this one, and a line here. No disk here. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Model } from "../../runtime/transformer/family";
import { isObject, show } from "./config-reader";
import type { Family } from "./family";
import { gptNeox } from "./gpt-neox";

const FAMILIES: readonly Family[] = [gptNeox];

/** The family of a model. */
export function familyOf({ family }: Pick<Model, "family">): Family {
  const found = FAMILIES.find(({ modelType }) => modelType === family);
  if (!found) throw new Error(`models/families/registry.ts lists no family ${family}`);
  return found;
}

/**
 * The model that a config describes.
 * @param json the parsed `config.json`
 * @param file its name in errors
 * @throws SpectroscopeError naming file, key and value: a family that is not known, with those that are; and those of the family
 */
export function parseModel(json: unknown, file = "config.json"): Model {
  if (!isObject(json)) throw new SpectroscopeError(`${file}: not a JSON object`, { code: "bad-input" });
  return chooseFamily(json, file).parse(json, file);
}

/** By `model_type`, and where that is absent by `architectures`; a config that states both must mean one family. */
function chooseFamily(json: Readonly<Record<string, unknown>>, file: string): Family {
  const [type, names] = [json.model_type ?? undefined, json.architectures ?? undefined];
  const known = FAMILIES.map(({ architecture }) => architecture).join(", ");
  const fail = (what: string, hint = `only ${known} can be read`): never => {
    throw new SpectroscopeError(`${file}: ${what}`, { code: "bad-input", hint });
  };
  if (type === undefined && names === undefined) return fail(`neither "model_type" nor "architectures"`);
  const byType = FAMILIES.filter(({ modelType }) => type === undefined || type === modelType);
  if (byType.length === 0) return fail(`"model_type" is ${show(type)}`);
  const family = byType.find(
    ({ architecture }) => names === undefined || (Array.isArray(names) && names.includes(architecture)),
  );
  if (family) return family;
  const inner = byType.find(({ innerArchitecture }) => Array.isArray(names) && names.includes(innerArchitecture));
  const hint = inner && `it has no unembedding: save the ${inner.architecture}, not its inner model`;
  return fail(`"architectures" is ${show(names)}`, hint);
}
