/**
 * A checkpoint: named f32 arrays and the facts that go with them, under one key, there whole or not at all. Internal to a run:
 * it is gone when its unit is done.
 *
 *     {"format": "spectroscope-checkpoint", "version": 3, "facts": {...}, "arrays": [{"name", "bytes", "sha256"}, ...],
 *      "sha256": of facts and arrays, as they stand there}\n
 *     the arrays as .npy, one after another; sha256 of each is of its parts (sha256.ts), for a state may be large
 */
import { SpectroscopeError } from "../../kernels/errors";
import { isObject } from "../config/schema";
import { type JsonObject, normalizeJson } from "../formats/json";
import { decodeNpy, encodeNpy } from "../formats/npy";
import { sha256, sha256OfParts } from "./sha256";
import type { Store } from "./store";
import { Told } from "./told";

const FORMAT = "spectroscope-checkpoint";
const VERSION = 3;
const REMEDY = "delete it: its unit begins anew";

export interface Checkpoint {
  /** For `Told`: who reads them checks them. */
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

const headHash = ({ facts, arrays }: Pick<Head, "facts" | "arrays">) =>
  sha256(new TextEncoder().encode(JSON.stringify([facts, arrays])));

/**
 * Writes a checkpoint over an earlier one; all that was written before it outlives a power cut first. @throws SpectroscopeError
 * naming the key
 */
export async function writeCheckpoint(store: Store, key: string, { facts, arrays }: Checkpoint): Promise<void> {
  const parts: Uint8Array[] = [];
  const entries: Head["arrays"][number][] = [];
  for (const [name, data] of arrays) {
    const own = encodeNpy({ shape: [data.length], data });
    parts.push(...own);
    entries.push({
      name,
      bytes: own[0].length + own[1].length,
      sha256: await sha256OfParts(own),
    });
  }
  const told = { facts: normalizeJson(facts, "facts") as JsonObject, arrays: entries };
  const head: Head = { format: FORMAT, version: VERSION, ...told, sha256: await headHash(told) };
  await store.flush();
  await store.set(key, [new TextEncoder().encode(`${JSON.stringify(head)}\n`), ...parts]);
}

/** Reads a checkpoint; nothing where there is none. @throws SpectroscopeError (code `damaged`) when it is not what was written */
export async function readCheckpoint(store: Store, key: string): Promise<Checkpoint | undefined> {
  const name = store.nameOf(key);
  const damaged = (why: string): never => {
    throw new SpectroscopeError(`${name}: ${why}`, { code: "damaged", hint: REMEDY });
  };
  const bytes = await store.get(key);
  if (!bytes) return undefined;
  const end = bytes.indexOf(10);
  if (end < 0) return damaged("no checkpoint");
  const place = { file: name, code: "damaged", hint: REMEDY };
  const json = headOf(bytes.subarray(0, end));
  const told = new Told(json, place);
  const known = () => told.at("format").json() === FORMAT && told.at("version").json() === VERSION;
  if (!isObject(json) || !known()) return damaged(`not a checkpoint of version ${VERSION}`);
  const entries = told.at("arrays").list();
  const head = {
    facts: told.at("facts").object(),
    arrays: entries.map((entry) => ({
      name: entry.at("name").text(),
      bytes: entry.at("bytes").whole(),
      sha256: entry.at("sha256").hash(),
    })),
  };
  if ((await headHash(head)) !== told.at("sha256").hash()) return damaged("its facts are not what was written");
  const size = head.arrays.reduce((sum, entry) => sum + entry.bytes, end + 1);
  if (size !== bytes.length) return damaged(`has ${bytes.length} bytes, expected ${size}`);
  const arrays = new Map<string, Float32Array>();
  let at = end + 1;
  for (const entry of head.arrays) {
    const own = bytes.subarray(at, at + entry.bytes);
    at += entry.bytes;
    if ((await sha256OfParts([own])) !== entry.sha256) damaged(`array ${entry.name} is not what was written`);
    const { data } = decodeNpy(own, name);
    if (!(data instanceof Float32Array)) return damaged(`array ${entry.name} is not f32`);
    arrays.set(entry.name, data);
  }
  return { facts: head.facts, arrays };
}

function headOf(line: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(line));
  } catch {
    return undefined;
  }
}
