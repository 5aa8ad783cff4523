import { SpectroscopeError } from "../../../kernels/errors";

/** A regular expression that an option holds; without a text it matches everything. @throws SpectroscopeError (usage) */
export function pattern(option: string, text = ""): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new SpectroscopeError(`${option} ${text}: not a regular expression`, { code: "usage", cause });
  }
}
