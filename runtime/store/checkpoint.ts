/**
 * A checkpoint: named f32 arrays and the facts that go with them, in one file that is there whole or not at all. Internal to
 * a run directory: it is gone when its unit is done. Node only.
 *
 *     {"format": "spectroscope-checkpoint", "version": 1, "facts": {...}, "arrays": [{"name", "bytes", "sha256"}, ...],
 *      "sha256": of facts and arrays, as they stand there}\n
 *     the arrays as .npy, one after another
 */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { SpectroscopeError } from "../../kernels/errors";
import { fileError, readBytes, systemCode, writeAtomic } from "../node/files";
import { type JsonObject, normalizeJson } from "./json";
import { decodeNpy, encodeNpy } from "./npy";

const FORMAT = "spectroscope-checkpoint";
const VERSION = 1;

export interface Checkpoint {
  readonly facts: JsonObject;
  readonly arrays: ReadonlyMap<string, Float32Array>;
}

interface Head {
  readonly format: string;
  readonly version: number;
  readonly facts: JsonObject;
  readonly arrays: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
  readonly sha256: string;
}

const sha256 = (parts: readonly Uint8Array[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

const headHash = ({ facts, arrays }: Pick<Head, "facts" | "arrays">) =>
  sha256([new TextEncoder().encode(JSON.stringify([facts, arrays]))]);

/** Writes a checkpoint over an earlier one. @throws SpectroscopeError naming the path */
export async function writeCheckpoint(path: string, { facts, arrays }: Checkpoint): Promise<void> {
  const parts: Uint8Array[] = [];
  const entries = [...arrays].map(([name, data]) => {
    const own = encodeNpy({ shape: [data.length], data });
    parts.push(...own);
    return { name, bytes: own.reduce((sum, part) => sum + part.length, 0), sha256: sha256(own) };
  });
  const told = { facts: normalizeJson(facts, "facts") as JsonObject, arrays: entries };
  const head: Head = { format: FORMAT, version: VERSION, ...told, sha256: headHash(told) };
  await writeAtomic(path, [new TextEncoder().encode(`${JSON.stringify(head)}\n`), ...parts]);
}

/** Reads a checkpoint; nothing where there is none. @throws SpectroscopeError (code `damaged`) when it is not what was written */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  try {
    await stat(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw fileError("read", path, error);
  }
  const damaged = (why: string): never => {
    throw new SpectroscopeError(`${path}: ${why}`, { code: "damaged", hint: "delete it: its unit begins anew" });
  };
  const bytes = await readBytes(path);
  const end = bytes.indexOf(10);
  if (end < 0) return damaged("no checkpoint");
  const head = headOf(bytes.subarray(0, end));
  if (head?.format !== FORMAT || head.version !== VERSION) return damaged(`not a checkpoint of version ${VERSION}`);
  if (headHash(head) !== head.sha256) return damaged("its facts are not what was written");
  const arrays = new Map<string, Float32Array>();
  let at = end + 1;
  for (const entry of head.arrays) {
    const own = bytes.slice(at, at + entry.bytes);
    at += entry.bytes;
    if (sha256([own]) !== entry.sha256) damaged(`array ${entry.name} is not what was written`);
    arrays.set(entry.name, decodeNpy(own, path).data as Float32Array);
  }
  return { facts: head.facts, arrays };
}

function headOf(line: Uint8Array): Head | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(line));
  } catch {
    return undefined;
  }
}
