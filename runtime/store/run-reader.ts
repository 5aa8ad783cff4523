/** Reads what a run holds: each file must be the one that its manifest knows, or say itself that it is what was written. */
import { SpectroscopeError } from "../../kernels/errors";
import { decodeText, type JsonObject, parseJson } from "../formats/json";
import { decodeNpy, type NpyArray } from "../formats/npy";
import type { Run } from "./run";
import { isSealed } from "./sealed";
import { Told } from "./told";
import { faultOf } from "./zarr-files";

function fail(message: string, hint: string): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint });
}

/** Bytes of a result by its full name; `hint`: what makes it again. @throws SpectroscopeError for one that is half-written or altered */
export async function readResult(run: Run, name: string, hint: string): Promise<Uint8Array> {
  const bytes = await run.store.get(run.resultKey(name));
  const hash = run.resultHash(name);
  if (hash === undefined) fail(`${run.nameOf(name)}: ${bytes ? "half-written" : "not written yet"}`, hint);
  const fault = await faultOf(bytes, hash);
  return fault === undefined ? bytes! : fail(`${run.nameOf(name)}: ${fault}`, hint);
}

/** A result `<name>.npy`. @throws SpectroscopeError */
export async function readResultArray(run: Run, name: string, hint: string): Promise<NpyArray> {
  return decodeNpy(await readResult(run, `${name}.npy`, hint), run.nameOf(`${name}.npy`));
}

/** A result `<name>.json`, to be read by kind. @throws SpectroscopeError */
export async function readResultJson(run: Run, name: string, hint: string): Promise<Told> {
  const file = run.nameOf(`${name}.json`);
  return new Told(parseJson(decodeText(await readResult(run, `${name}.json`, hint), file), file), { file, hint });
}

/** `<name>.json` that holds a hash of itself; nothing where there is none. @throws SpectroscopeError for another than was written */
export async function readSealed(run: Run, name: string, hint: string): Promise<Told | undefined> {
  const file = run.nameOf(`${name}.json`);
  const bytes = await run.store.get(run.resultKey(`${name}.json`));
  if (!bytes) return undefined;
  const told = new Told(parseJson(decodeText(bytes, file), file), { file, hint });
  if (!(await isSealed(told.object() as JsonObject)))
    fail(`${file}: altered or damaged: it is not what was written`, hint);
  return told;
}
