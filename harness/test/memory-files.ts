import type { ModelFiles } from "../../models/formats/files";

/** A model's files in memory, as a page has them: it can tell neither folders nor the time of a change. */
export function memoryFiles(name: string, contents: Readonly<Record<string, Uint8Array>>): ModelFiles {
  return {
    name,
    nameOf: (key) => `${name}/${key}`,
    get: async (key, range) => contents[key]?.slice(range?.from, range?.to),
    size: async (key) => contents[key]?.length,
    names: async () => Object.keys(contents).sort(),
  };
}
