/**
 * A Zarr store that is finished, or none yet: what finishes it are two attributes of the root group, `completed` = 1 and
 * `sha256`, the hash of every other file by name, in the last file that is written. A file is checked against its hash when it
 * is read, so opening is cheap and a block of a large array costs no more than its bytes.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { sha256 } from "./sha256";
import { need, type Store } from "./store";
import { ZarrGroup } from "./zarr";
import { METADATA } from "./zarr-files";

/** Marks a store as finished, last of all. @throws SpectroscopeError naming what cannot be written */
export async function finishStore(group: ZarrGroup): Promise<void> {
  const { store } = group.files;
  const hashes: Record<string, string> = {};
  for (const key of await store.list("")) {
    if (key !== METADATA) hashes[key] = await sha256(await need(store, key));
  }
  await store.flush();
  await group.setAttributes({ sha256: hashes, completed: 1 });
  await store.flush();
}

/** Takes back that a store is finished, so that it can be written again: whatever stops that, it is not taken for whole. */
export async function beginAgain(store: Store): Promise<void> {
  await store.delete(METADATA);
  await store.flush();
  await store.delete("");
}

interface Finish {
  readonly completed?: unknown;
  readonly sha256?: unknown;
}

const hashesOf = ({ completed, sha256: hashes }: Finish) =>
  completed === 1 && typeof hashes === "object" && hashes !== null ? (hashes as Record<string, string>) : undefined;

/** Whether a store is finished; one whose root cannot be understood is not. */
export async function isFinished(store: Store): Promise<boolean> {
  const bytes = await store.get(METADATA);
  if (!bytes) return false;
  try {
    return hashesOf(JSON.parse(new TextDecoder().decode(bytes)).attributes) !== undefined;
  } catch {
    return false;
  }
}

/** Opens a finished store. Everything that is read from it is checked. @throws SpectroscopeError when it is not finished */
export async function openFinished(store: Store): Promise<ZarrGroup> {
  const group = await ZarrGroup.open(store);
  const hashes = hashesOf(group.attributes);
  if (!hashes) {
    throw new SpectroscopeError(`${store.name}: not finished: its attribute completed or sha256 is missing`, {
      code: "bad-input",
      hint: "run the command that began it again",
    });
  }
  group.files.expected = new Map(Object.entries(hashes));
  return group;
}
