/** From the name that a person gives a model to the directory that holds it. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Progress } from "../harness/cli/progress";
import { SpectroscopeError } from "../kernels/errors";
import { projectRoot } from "../runtime/node/root";
import { type HubEnvironment, readHubEnvironment } from "./hub/environment";
import {
  type CachedModel,
  cachedModel,
  type FetchedModel,
  fetchModel,
  type ModelOrigin,
  nameText,
  offlineModel,
} from "./hub/fetch";
import { parseRemoteName, REMOTE_FORMS, type RemoteName } from "./hub/name";
import { type LoadedModel, loadModel } from "./weights";

/** What `--model` takes, for help texts and errors. */
export const MODEL_FORMS = `nano, a directory, ${REMOTE_FORMS}`;

export interface ResolveOptions {
  /** Ask no network; also `HF_HUB_OFFLINE`. */
  readonly offline?: boolean;
  /** Without one nothing is shown while a model is fetched. */
  readonly progress?: Progress;
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

/** `fetchModel` with a bar on stderr. */
export async function fetchWithProgress(
  name: RemoteName,
  options: { environment: HubEnvironment; progress: Progress; signal?: AbortSignal },
): Promise<FetchedModel> {
  const { environment, progress, signal } = options;
  // From the first byte on, so that the questions before it do not lower the rate.
  let since: number | undefined;
  return fetchModel(name, {
    environment,
    signal,
    say: (line) => progress.say(line),
    progress: (done, total, before) => {
      since ??= performance.now();
      progress.transfer(nameText(name), done, total, before, since);
    },
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
  { progress = new Progress(true), signal, files = [] }: ResolveOptions,
): Promise<CachedModel> {
  if (environment.offline) return offlineModel(name, environment);
  const cached = await cachedModel(name, environment);
  const present = cached ? await readdir(cached.directory) : [];
  if (cached && files.every((file) => present.includes(file))) return cached;
  return fetchWithProgress(name, { environment, progress, signal });
}

/** A mistyped `runs/model` looks like a repository: an error about one says that there is no such directory either. */
function alsoNoDirectory(error: unknown, name: string): unknown {
  if (!(error instanceof SpectroscopeError) || !["not-found", "no-access", "offline", "network"].includes(error.code))
    return error;
  const { message, code, hint, cause } = error;
  return new SpectroscopeError(`${message}, and there is no directory ${name}`, { code, hint, cause });
}

/**
 * The directory of a model: `nano`, the embedded one; a directory, which wins over a repository of that name; or a repository
 * or URL, from the cache when it is there whole and else fetched.
 * @throws SpectroscopeError when the name has no known form, and those of `fetchModel`
 */
export async function resolveModel(name: string, options: ResolveOptions = {}): Promise<ResolvedModel> {
  if (name === "nano") return { directory: join(projectRoot(), "models", "nano") };
  const kind = await kindOf(name);
  if (kind === "directory") return { directory: name };
  if (kind === "file") {
    throw new SpectroscopeError(`${name} is a file`, { code: "bad-input", hint: "name the model's directory" });
  }
  const environment = hubEnvironment(options.offline);
  const remote = parseRemoteName(name, environment.endpoint);
  if (!remote) {
    throw new SpectroscopeError(`no model ${JSON.stringify(name)}: no such directory, and no name of a model`, {
      code: "bad-input",
      hint: `a model is ${MODEL_FORMS}`,
    });
  }
  const found = await fromCacheOrHub(remote, environment, options).catch((error) => {
    throw remote.kind === "repo" && !name.includes("://") ? alsoNoDirectory(error, name) : error;
  });
  const { directory, repo, revision, commit } = found;
  return { directory, origin: { repo, ...(revision === undefined ? {} : { revision }), commit } };
}

/** A model, and where it was fetched from. */
export interface NamedModel extends LoadedModel {
  readonly origin?: ModelOrigin;
}

/** A model by the name a person gives. @throws SpectroscopeError those of `resolveModel` and `loadModel` */
export async function openModel(name: string, options: ResolveOptions = {}): Promise<NamedModel> {
  const { directory, origin } = await resolveModel(name, options);
  return { ...(await loadModel(directory)), ...(origin ? { origin } : {}) };
}
