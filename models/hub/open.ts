/** From the name that a person gives a model to the model. Node only. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { fileError } from "../../runtime/node/files";
import { projectRoot } from "../../runtime/node/root";
import { openEmbedded } from "../embedded";
import type { Preset } from "../grammars/preset";
import { EMBEDDED, presetOf } from "../presets";
import { type LoadedModel, loadModel } from "../weights";
import { type HubEnvironment, readHubEnvironment } from "./environment";
import {
  type CachedModel,
  cachedModel,
  type FetchedModel,
  fetchModel,
  type ModelOrigin,
  nameText,
  offlineModel,
} from "./fetch";
import { maskedName } from "./masked";
import { ModelFolder } from "./model-folder";
import { parseRemoteName, REMOTE_FORMS, type RemoteName } from "./name";

/** What `--model` takes, for help texts and errors. */
export const MODEL_FORMS = `${EMBEDDED.join(", ")}, a directory, ${REMOTE_FORMS}`;

/** What is told while a model is fetched. */
export type ModelEvent =
  | { readonly kind: "say"; readonly text: string }
  /** Bytes on the disk of bytes in all; `before` of them were there when the transfer began. */
  | {
      readonly kind: "transfer";
      readonly name: string;
      readonly done: number;
      readonly total: number;
      readonly before: number;
    };

export interface ResolveOptions {
  /** Ask no network; also `HF_HUB_OFFLINE`. */
  readonly offline?: boolean;
  /** Told while a model is fetched. */
  readonly on?: (event: ModelEvent) => void;
  /** Ends a download where it can be gone on with. */
  readonly signal?: AbortSignal;
  /** Files wanted beside config and weights: a cached model without one is fetched again. */
  readonly files?: readonly string[];
}

export interface ResolvedModel {
  readonly directory: string;
  /** Of a model that was fetched; a directory's is not known. */
  readonly origin?: ModelOrigin;
}

/** The hub's settings, with `--offline` over `HF_HUB_OFFLINE`. */
export function hubEnvironment(offline = false): HubEnvironment {
  const environment = readHubEnvironment();
  return offline ? { ...environment, offline } : environment;
}

/** `fetchModel` that tells by events. @throws SpectroscopeError those of `fetchModel` */
export async function fetchNamed(
  name: RemoteName,
  { environment, on, signal }: Pick<ResolveOptions, "on" | "signal"> & { readonly environment: HubEnvironment },
): Promise<FetchedModel> {
  return fetchModel(name, {
    environment,
    signal,
    say: (text) => on?.({ kind: "say", text }),
    progress: (done, total, before) => on?.({ kind: "transfer", name: nameText(name), done, total, before }),
  });
}

async function kindOf(path: string): Promise<"directory" | "file" | undefined> {
  try {
    return (await stat(path)).isDirectory() ? "directory" : "file";
  } catch {
    return undefined;
  }
}

async function fromCacheOrHub(
  name: RemoteName,
  environment: HubEnvironment,
  { on, signal, files = [] }: ResolveOptions,
): Promise<CachedModel> {
  if (environment.offline) return offlineModel(name, environment);
  const cached = await cachedModel(name, environment);
  const present = cached ? await readdir(cached.directory) : [];
  if (cached && files.every((file) => present.includes(file))) return cached;
  return fetchNamed(name, { environment, on, signal });
}

/** A mistyped `runs/model` looks like a repository: an error about one says that there is no such directory either. */
function alsoNoDirectory(error: unknown, name: string): unknown {
  if (!(error instanceof SpectroscopeError) || !["not-found", "no-access", "offline", "network"].includes(error.code))
    return error;
  const { message, code, hint, cause } = error;
  return new SpectroscopeError(`${message}, and there is no directory ${name}`, { code, hint, cause });
}

/**
 * The directory of a model: `nano` or another embedded one; a directory, which wins over a repository of that name; or a repository
 * or URL, from the cache when it is there whole and else fetched.
 * @throws SpectroscopeError when the name has no known form, and those of `fetchModel`
 */
export async function resolveModel(name: string, options: ResolveOptions = {}): Promise<ResolvedModel> {
  if (presetOf(name)) return { directory: join(projectRoot(), "models", name) };
  const kind = await kindOf(name);
  if (kind === "directory") return { directory: name };
  if (kind === "file") {
    throw new SpectroscopeError(`${name} is a file`, { code: "bad-input", hint: "name the model's directory" });
  }
  const environment = hubEnvironment(options.offline);
  const remote = parseRemoteName(name, environment.endpoint);
  if (!remote) {
    throw new SpectroscopeError(
      `no model ${JSON.stringify(maskedName(name))}: no such directory, and no name of a model`,
      {
        code: "bad-input",
        hint: `a model is ${MODEL_FORMS}`,
      },
    );
  }
  const found = await fromCacheOrHub(remote, environment, options).catch((error) => {
    throw remote.kind === "repo" && !name.includes("://") ? alsoNoDirectory(error, name) : error;
  });
  const { directory, repo, revision, commit } = found;
  return { directory, origin: { repo, ...(revision === undefined ? {} : { revision }), commit } };
}

/** A model of a directory. */
export interface FolderModel extends LoadedModel {
  readonly directory: string;
}

/** A model, where it was fetched from, and what is known of it beside its weights. */
export interface NamedModel extends FolderModel {
  readonly origin?: ModelOrigin;
  readonly preset?: Preset;
}

/** The model of a directory. @throws SpectroscopeError when there is no such directory, and those of `loadModel` */
export async function openFolder(directory: string): Promise<FolderModel> {
  await readdir(directory).catch((error) => {
    throw fileError("list", directory, error);
  });
  return { ...(await loadModel(new ModelFolder(directory))), directory };
}

/** A model by the name a person gives. @throws SpectroscopeError those of `resolveModel` and `loadModel` */
export async function openModel(name: string, options: ResolveOptions = {}): Promise<NamedModel> {
  const { directory, origin } = await resolveModel(name, options);
  if (presetOf(name)) return { ...(await openEmbedded(name, new ModelFolder(directory))), directory };
  return { ...(await openFolder(directory)), ...(origin ? { origin } : {}) };
}
