/**
 * A Zarr store that is finished, or none yet: what finishes it are two attributes of the root group, `completed` = 1 and
 * `sha256`, the hash of every file by name, in the last file that is written. Hashes are taken from the bytes in memory when a
 * file is written; that of the root itself is of its attributes without this one hash, however they are laid out. A file is
 * checked when it is read, so opening is cheap and a block of a large array costs no more than its bytes.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { isObject } from "../config/schema";
import { decodeText, type JsonObject, normalizeJson, parseJson } from "../formats/json";
import { jsonHash } from "./sealed";
import { sha256 } from "./sha256";
import { isKey, type Store } from "./store";
import { Told } from "./told";
import { ZarrGroup } from "./zarr";
import { faultOf, type Hashes, METADATA } from "./zarr-files";

/** Hash of a root by its attributes, of which `sha256` has no entry for the root. */
const rootHash = (attributes: JsonObject) => jsonHash({ zarr_format: 3, node_type: "group", attributes });

/**
 * Marks a store as finished, last of all: with the hashes of what was written, which must be what lies there, and with attributes
 * that are known at the end; until then the root stays what its last checkpoint knows. Returns the root's
 * own hash, by which a run knows this store from any other. @throws SpectroscopeError naming what cannot be written, or (code
 * `damaged`) what is not what was written
 */
export async function finishStore(group: ZarrGroup, attributes: JsonObject = {}): Promise<string> {
  const { store, written } = group.files;
  const hashes: Record<string, string> = {};
  for (const key of [...written.keys()].sort()) if (key !== METADATA) hashes[key] = written.get(key)!;
  const fault = await firstFault(store, new Map(Object.entries(hashes)));
  if (fault) {
    throw new SpectroscopeError(fault, {
      code: "damaged",
      hint: "look after the disk, and run the same command again",
    });
  }
  await store.flush();
  const whole = { ...group.attributes, ...attributes, completed: 1 };
  const own = await rootHash(normalizeJson({ ...whole, sha256: hashes }) as JsonObject);
  await group.setAttributes({ ...attributes, sha256: { ...hashes, [METADATA]: own }, completed: 1 });
  await store.flush();
  return own;
}

/** The first of some files that is not what was written, and what is wrong with it. */
export async function firstFault(store: Store, hashes: Hashes): Promise<string | undefined> {
  for (const [key, hash] of hashes) {
    const fault = await faultOf(await store.get(key), hash);
    if (fault) return `${store.nameOf(key)}: ${fault}`;
  }
  return undefined;
}

/** Takes back that a store is finished, so that it can be written again: whatever stops that, it is not taken for whole. */
export async function beginAgain(store: Store): Promise<void> {
  await store.delete(METADATA);
  await store.flush();
  await store.delete("");
}

/** What the root of a finished store says. */
export interface FinishedRoot {
  readonly attributes: JsonObject;
  /** Of every other file. */
  readonly hashes: Hashes;
  /** The root's own. */
  readonly hash: string;
  /** Of the root's bytes as they lie there. */
  readonly bytesHash: string;
}

/**
 * Reads the root of a store; undefined where there is none, or none that says it is finished. @throws SpectroscopeError when it
 * says so and is not what was written
 */
export async function readRoot(store: Store): Promise<FinishedRoot | undefined> {
  const bytes = await store.get(METADATA);
  if (!bytes) return undefined;
  const attributes = attributesOf(bytes);
  if (attributes?.completed !== 1 || !isObject(attributes.sha256)) return undefined;
  const file = store.nameOf(METADATA);
  const hint = `delete ${store.name} to have it computed again`;
  const told = new Told(attributes.sha256, { file, hint }, "attributes.sha256");
  const all = told.hashes();
  for (const key of all.keys()) if (!isKey(key)) told.at(key).refuse("no entry: its key can name no file of the store");
  const { [METADATA]: own, ...hashes } = attributes.sha256 as Record<string, string>;
  const found = await rootHash({ ...attributes, sha256: hashes });
  if (own !== found) {
    const what =
      own === undefined ? "has no hash of itself" : "altered or damaged: its attributes are not what was written";
    throw new SpectroscopeError(`${file}: ${what}`, { code: "bad-input", hint });
  }
  const others = new Map([...all].filter(([key]) => key !== METADATA));
  return { attributes, hashes: others, hash: own, bytesHash: await sha256(bytes) };
}

function attributesOf(bytes: Uint8Array): JsonObject | undefined {
  try {
    const { attributes } = parseJson(decodeText(bytes, METADATA), METADATA) as { attributes?: unknown };
    return isObject(attributes) ? (attributes as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a store is finished; one whose root cannot be understood is not. @throws SpectroscopeError for an altered root */
export async function isFinished(store: Store): Promise<boolean> {
  return (await readRoot(store)) !== undefined;
}

/**
 * Opens a finished store. Everything that is read from it is checked. `known`: the hash of its root where somebody noted that, as a
 * run does. @throws SpectroscopeError when it is not finished, not what was written, or another than the known one
 */
export async function openFinished(store: Store, known?: string): Promise<ZarrGroup> {
  const root = await readRoot(store);
  if (!root) {
    if (known !== undefined && (await store.size(METADATA)) === undefined) {
      throw new SpectroscopeError(`${store.nameOf(METADATA)}: is lost`, {
        code: "bad-input",
        hint: `put it back, or delete ${store.name} to have it computed again`,
      });
    }
    await ZarrGroup.open(store);
    throw new SpectroscopeError(
      `${store.nameOf(METADATA)}: not finished: its attribute completed or sha256 is missing`,
      {
        code: "bad-input",
        hint:
          known === undefined
            ? "run the command that began it again"
            : `delete ${store.name} to have it computed again`,
      },
    );
  }
  if (known !== undefined && root.hash !== known) throw exchanged(store);
  return ZarrGroup.open(store, new Map([...root.hashes, [METADATA, root.bytesHash]]));
}

/** What a store is refused with that is whole and another than its run knows. */
export function exchanged(store: Store): SpectroscopeError {
  return new SpectroscopeError(`${store.nameOf(METADATA)}: altered: not the store that this run's manifest knows`, {
    code: "bad-input",
    hint: `put it back, or delete ${store.name} to have it computed again`,
  });
}
