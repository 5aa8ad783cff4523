/** From the name that a person gives a sparse autoencoder to its encoder. Node only. */
import { readdir, stat } from "node:fs/promises";
import { sep } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import { isKey } from "../../runtime/store/store";
import type { LoadedSae } from "../sae/autoencoder";
import { noSae, openSae, saeFilesAmong, saeFoldersAmong } from "../sae/open";
import { CacheFolder } from "./cache";
import { folderOf, type HubEnvironment } from "./environment";
import { fetchFiles, type ModelOrigin, nameText } from "./fetch";
import { masked, maskedName } from "./masked";
import { ModelFolder } from "./model-folder";
import { parseRemoteName, type RepoName } from "./name";
import { hubEnvironment, type ResolveOptions } from "./open";

/** What `--sae` takes, for help texts and errors. */
export const SAE_FORMS = "a directory, OWNER/NAME, OWNER/NAME@REVISION, either with :FOLDER behind it";

export interface OpenSaeAtOptions extends Pick<ResolveOptions, "offline" | "on" | "signal"> {
  /** Name of the place that it reads, where the files do not tell one. */
  readonly hook?: string;
}

export interface NamedSae extends LoadedSae {
  /** Of its files. */
  readonly directory: string;
  /** Below the directory; "" for the directory itself. */
  readonly folder: string;
  readonly origin?: ModelOrigin;
}

const isFolder = (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** All files below a directory, links too, with slashes. */
async function keysBelow(directory: string): Promise<readonly string[]> {
  const found = await readdir(directory, { recursive: true }).catch(() => []);
  return found.map((name) => name.split(sep).join("/"));
}

/** The snapshot of a revision, if the autoencoder's weights lie in it: they get their place last. */
async function cached(name: RepoName, folder: string, environment: HubEnvironment) {
  const cache = CacheFolder.ofRepo(folderOf(environment, "cache"), name.repo);
  const commit = await cache.commitOf(name.revision ?? "main");
  if (commit === undefined) return undefined;
  const directory = cache.snapshot(commit);
  return saeFilesAmong(await keysBelow(directory), folder).length > 0 ? { directory, commit } : undefined;
}

/** The files of a repository that are wanted. @throws SpectroscopeError where the folder holds no autoencoder */
function choose(files: readonly string[], label: string, folder: string): readonly string[] {
  const wanted = saeFilesAmong(files, folder);
  if (wanted.length > 0) return wanted;
  const prefix = folder === "" ? "" : `${folder}/`;
  const below = files.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  const folders = saeFoldersAmong(below).map((inner) => `${label}:${prefix}${inner}`);
  throw noSae(
    folder === "" ? label : `${label}:${folder}`,
    below.filter((key) => !key.includes("/")),
    folders,
  );
}

async function fromCacheOrHub(name: RepoName, folder: string, { offline, on, signal }: OpenSaeAtOptions) {
  const environment = hubEnvironment(offline);
  const here = await cached(name, folder, environment);
  if (here) return here;
  const label = nameText(name);
  if (environment.offline) {
    throw new SpectroscopeError(`${label}${folder && `:${folder}`} is not in the cache`, {
      code: "offline",
      hint: "run it once with a network, and neither --offline nor HF_HUB_OFFLINE",
    });
  }
  return fetchFiles(name, (files) => choose(files, label, folder), {
    environment,
    signal,
    say: (text) => on?.({ kind: "say", text }),
    progress: (done, total, before) => on?.({ kind: "transfer", name: label, done, total, before }),
  });
}

/**
 * The autoencoder of a directory, which wins over a repository of that name, or of `OWNER/NAME@REVISION:FOLDER`, from the cache
 * when it is there and else fetched: its own files only.
 * @throws SpectroscopeError when the name has no known form, those of `fetchModel` and of `openSae`
 */
export async function openSaeAt(name: string, options: OpenSaeAtOptions = {}): Promise<NamedSae> {
  const { hook } = options;
  const open = async (directory: string, folder: string) => ({
    ...(await openSae(new ModelFolder(directory), { folder, hook })),
    directory,
    folder,
  });
  if (await isFolder(name)) return open(name, "");
  // In an address a colon is part of it, and what stands behind may be somebody's password.
  const parts = /^https?:\/\//i.test(name) ? null : /^([^:]+):(.+)$/s.exec(name);
  const [, before = name, folder = ""] = parts ?? [];
  const bad = (what: string, hint: string): never => {
    throw new SpectroscopeError(what, { code: "bad-input", hint });
  };
  if (!isKey(folder))
    bad(`${quoted(masked(folder))} is no folder of a repository`, "write names between single slashes");
  if (folder !== "" && (await isFolder(before))) return open(before, folder);
  const remote = parseRemoteName(before, hubEnvironment(options.offline).endpoint);
  if (remote?.kind !== "repo") {
    const text = `no autoencoder ${JSON.stringify(maskedName(name))}: no such directory, and no name of a repository`;
    return bad(text, `an autoencoder is ${SAE_FORMS}`);
  }
  const { directory, commit } = await fromCacheOrHub(remote, folder, options);
  return {
    ...(await open(directory, folder)),
    origin: { repo: remote.repo, revision: remote.revision ?? "main", commit },
  };
}
