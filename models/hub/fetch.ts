/** A model from the hub or from a plain URL into the cache, whole and checked. Node only. */
import { existsSync } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { isTemporary } from "../../runtime/node/files";
import { withLock } from "../../runtime/node/lock";
import { CONFIG, INDEX, SINGLE } from "../formats/files";
import { readShardIndex } from "../formats/safetensors-reader";
import { byteCount } from "./bytes";
import { CacheFolder, lacking, sizeOf, TOKENIZER_FILES } from "./cache";
import { checkOf, type Disk, diskFull, fetchBlob, type RemoteFile, realDisk, satisfies } from "./download";
import { checkedToken, folderOf, type HubEnvironment, readHubEnvironment } from "./environment";
import { interrupted } from "./failures";
import { folderOfUrl, stateOf, WebFolder } from "./folder";
import { HttpClient } from "./http";
import { ModelFolder } from "./model-folder";
import type { RemoteName, RepoName } from "./name";
import { Repository } from "./repository";
import type { ModelSource } from "./source";

/** Where a model came from, to be recorded with what is measured on it. */
export interface ModelOrigin {
  /** `OWNER/NAME`, or the URL of a folder. */
  readonly repo: string;
  /** As it was asked for; a plain folder has none. */
  readonly revision?: string;
  /** Of the hub's git; of a plain folder, a digest of its files' ETags. */
  readonly commit: string;
}

/** A model in the cache. */
export interface CachedModel extends ModelOrigin {
  /** With `config.json` and weights; read-only by agreement, since others share it. */
  readonly directory: string;
}

export interface FetchedFile {
  readonly name: string;
  readonly bytes: number;
}

export interface FetchedModel extends CachedModel {
  readonly files: readonly FetchedFile[];
  /** What came over the network now, without what an earlier call had brought. */
  readonly downloadedBytes: number;
  /** Names of what was there and damaged. */
  readonly mended: readonly string[];
}

export interface FetchOptions {
  readonly environment?: HubEnvironment;
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
  /** Bytes on the disk of bytes in all, and how many were there when it began. */
  readonly progress?: (done: number, total: number, before: number) => void;
  readonly disk?: Disk;
  /** First wait before a failed request is tried again; milliseconds. */
  readonly backoffMs?: number;
}

/** The name as a person writes it. */
export function nameText(name: RemoteName): string {
  return name.kind === "folder" ? name.url : `${name.repo}${name.revision === undefined ? "" : `@${name.revision}`}`;
}

/** The model if the cache holds it whole, without asking anybody. @throws SpectroscopeError when its shard index is broken */
export async function cachedModel(name: RemoteName, environment: HubEnvironment): Promise<CachedModel | undefined> {
  const repo = name.kind === "repo";
  const folder = repo
    ? CacheFolder.ofRepo(folderOf(environment, "cache"), name.repo)
    : folderOfUrl(environment, name.url);
  const revision = (repo ? name.revision : undefined) ?? "main";
  const commit = await folder.commitOf(revision);
  if (commit === undefined) return undefined;
  const directory = folder.snapshot(commit);
  if ((await lacking(directory)).length > 0) return undefined;
  return { directory, commit, ...(repo ? { repo: name.repo, revision } : { repo: name.url }) };
}

/** Like `cachedModel`, for those who may not ask the network. @throws SpectroscopeError `offline`, saying what is missing */
export async function offlineModel(name: RemoteName, environment: HubEnvironment): Promise<CachedModel> {
  const found = await cachedModel(name, environment);
  if (found) return found;
  const repo = name.kind === "repo";
  const folder = repo
    ? CacheFolder.ofRepo(folderOf(environment, "cache"), name.repo)
    : folderOfUrl(environment, name.url);
  const commit = await folder.commitOf((repo ? name.revision : undefined) ?? "main");
  const missing =
    commit !== undefined && existsSync(folder.snapshot(commit)) ? await lacking(folder.snapshot(commit)) : [];
  const known = repo ? await folder.revisions() : [];
  const what = missing.length > 0 ? `without ${missing.join(", ")}` : "not";
  const others = missing.length === 0 && known.length > 0 ? ` (revisions that are: ${known.join(", ")})` : "";
  throw new SpectroscopeError(`${nameText(name)} is ${what} in the cache ${dirname(folder.root)}${others}`, {
    code: "offline",
    hint: `with a network, and neither --offline nor HF_HUB_OFFLINE: npx spectroscope fetch ${nameText(name)}`,
  });
}

/** One model's way into the cache. */
class Fetch {
  private readonly files: RemoteFile[] = [];
  /** Bytes by name of what was there already. */
  private readonly present = new Map<string, number>();
  private readonly mended: string[] = [];
  private downloaded = 0;

  constructor(
    private readonly source: ModelSource,
    private readonly client: HttpClient,
    private readonly environment: HubEnvironment,
    private readonly options: FetchOptions,
  ) {}

  /** Finds a file, whole, in the snapshot, or else at the source; false when there is none. */
  private async want(name: string): Promise<boolean> {
    const { source } = this;
    const path = source.commit === undefined ? undefined : join(source.folder.snapshot(source.commit), name);
    const here = path === undefined ? undefined : await sizeOf(path);
    const hash = path === undefined || here === undefined ? undefined : await this.linked(path);
    const sound = async (check: Pick<RemoteFile, "check" | "size">) =>
      path !== undefined && here !== undefined && (await satisfies(path, check, this.options.signal));
    if (here !== undefined && hash && (await sound({ check: checkOf(hash) }))) {
      this.present.set(name, here);
      return true;
    }
    const file = await source.find(name);
    if (!file) return false;
    // Of a copy only the source knows what it should be.
    if (here !== undefined && !hash && (await sound(file))) {
      this.present.set(name, here);
      return true;
    }
    if (here !== undefined) {
      this.mended.push(name);
      this.options.say?.(`${name}: damaged in the cache; putting it there again`);
    }
    this.files.push(file);
    return true;
  }

  /** The hash that a file of the snapshot should have: its blob's name, where it is a link to one. */
  private async linked(path: string): Promise<string | undefined> {
    const target = await readlink(path).catch(() => undefined);
    const hash = target === undefined ? "" : basename(target);
    return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash) ? hash : undefined;
  }

  private async need(name: string): Promise<void> {
    if (!(await this.want(name))) throw this.source.lacks(name);
  }

  /** The files of the model: config, tokenizer if any, and the weights in one file or by their index. */
  private async list(): Promise<void> {
    await this.need(CONFIG);
    for (const name of TOKENIZER_FILES) await this.want(name);
    if (await this.want(SINGLE)) return;
    if (!(await this.want(INDEX))) throw this.source.lacks(SINGLE);
    const index = this.files.find(({ name }) => name === INDEX);
    if (index) await this.download([index]);
    const { commit, folder } = this.source;
    const path = index ? folder.blob(index.blob) : join(folder.snapshot(commit as string), INDEX);
    const shards = await readShardIndex(new ModelFolder(dirname(path)), basename(path));
    for (const shard of [...new Set(shards.values())].sort()) await this.need(shard);
  }

  /** Brings what the cache lacks of these. @throws SpectroscopeError before the first byte when they do not fit the disk */
  private async download(files: readonly RemoteFile[]): Promise<void> {
    const { folder } = this.source;
    const { disk = realDisk, signal, say, progress } = this.options;
    const had: number[] = [];
    for (const { blob } of files)
      had.push((await sizeOf(folder.blob(blob))) ?? (await sizeOf(folder.partial(blob))) ?? 0);
    const total = files.reduce((sum, { size }) => sum + (size ?? 0), 0);
    const before = had.reduce((sum, bytes) => sum + bytes, 0);
    await folder.prepare();
    const free = await disk.free(folder.root);
    if (free !== undefined && total - before > free) {
      const text = `${this.source.label}: needs ${byteCount(total - before)}, the disk has ${byteCount(free)}`;
      throw diskFull(text, folder.root);
    }
    let done = 0;
    let told = -1;
    const tell = (bytes: number) => {
      if (bytes !== told) progress?.(bytes, total, before);
      told = bytes;
    };
    for (const file of files) {
      const each = (bytes: number) => tell(done + bytes);
      this.downloaded += await fetchBlob(this.client, folder, file, { disk, signal, say, progress: each });
      done += (await sizeOf(folder.blob(file.blob))) ?? 0;
      tell(done);
    }
  }

  /** @param names of the files, in the order in which they get their places; by default those of a model */
  async run(names?: readonly string[]): Promise<FetchedModel> {
    const { source, environment } = this;
    if (names) for (const name of names) await this.need(name);
    else await this.list();
    await this.download(this.files);
    const { folder, label, revision } = source;
    const commit = source.commit ?? stateOf(this.files);
    const listed: FetchedFile[] = [...this.present].map(([name, bytes]) => ({ name, bytes }));
    // One at a time, for a copy is made under a name of its own first.
    const placing = async () => {
      for (const { name, blob } of this.files) await folder.place(commit, name, blob, environment.symlinks);
    };
    if (this.files.length > 0) await withLock(folder.lock(commit), placing, { signal: this.options.signal });
    for (const { name, blob } of this.files) listed.push({ name, bytes: (await sizeOf(folder.blob(blob))) ?? 0 });
    // Only now: until everything is there, the revision goes on naming the last snapshot that is whole.
    await folder.record(revision ?? "main", commit);
    const origin = { repo: label, ...(revision === undefined ? {} : { revision }), commit };
    const files = listed.sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      ...origin,
      directory: folder.snapshot(commit),
      files,
      downloadedBytes: this.downloaded,
      mended: this.mended,
    };
  }
}

/**
 * Asks the hub (or the web server) for the model's present state and brings into the cache what is missing of `config.json`,
 * the tokenizer's files and the safetensors. What an interrupted call brought is kept and gone on from.
 * @throws SpectroscopeError `not-found`, `no-access`, `network`, `offline`, `disk-full`, `hash-mismatch`, `interrupted`
 */
export async function fetchModel(name: RemoteName, options: FetchOptions = {}): Promise<FetchedModel> {
  const environment = options.environment ?? readHubEnvironment();
  if (environment.offline) {
    const found = await offlineModel(name, environment);
    const files: FetchedFile[] = [];
    for (const file of (await readdir(found.directory)).sort()) {
      const bytes = isTemporary(file) ? undefined : await sizeOf(join(found.directory, file));
      if (bytes !== undefined) files.push({ name: file, bytes });
    }
    return { ...found, files, downloadedBytes: 0, mended: [] };
  }
  return withClient(name, environment, options, async (client) => {
    const source =
      name.kind === "repo"
        ? await Repository.open(client, environment, name)
        : new WebFolder(client, environment, name);
    return new Fetch(source, client, environment, options).run();
  });
}

/**
 * Like `fetchModel`, for files of a repository that `choose` names out of all that it holds; they get their places in that order.
 * @throws SpectroscopeError those of `fetchModel`, and what `choose` throws
 */
export async function fetchFiles(
  name: RepoName,
  choose: (files: readonly string[]) => readonly string[],
  options: FetchOptions = {},
): Promise<FetchedModel> {
  const environment = options.environment ?? readHubEnvironment();
  return withClient(name, environment, options, async (client) => {
    const source = await Repository.open(client, environment, name);
    return new Fetch(source, client, environment, options).run(choose(source.files));
  });
}

async function withClient<T>(
  name: RemoteName,
  environment: HubEnvironment,
  { signal, say, backoffMs }: FetchOptions,
  body: (client: HttpClient) => Promise<T>,
): Promise<T> {
  const { stallMs, proxy } = environment;
  // The token is the hub's; no other server is to see it.
  const trusted =
    name.kind === "repo"
      ? { origin: new URL(environment.endpoint).origin, token: checkedToken(environment), login: environment.login }
      : {};
  const client = new HttpClient({ ...trusted, stallMs, proxy, backoffMs, signal, say });
  try {
    return await body(client);
  } catch (error) {
    throw signal?.aborted ? interrupted() : error;
  }
}
