/** A repository of the hub: what it holds at a revision, and what the hub's refusals mean. Node only. */
import { SpectroscopeError } from "../../kernels/errors";
import { CacheFolder } from "./cache";
import type { RemoteFile } from "./download";
import type { HubEnvironment } from "./environment";
import { type HttpClient, Passing, type Reply } from "./http";
import type { RepoName } from "./name";
import type { ModelSource } from "./source";

/** The answer to what a repository holds; a model of a hundred thousand files is not one of ours. */
const LISTING_BYTES = 16 << 20;

async function readText(reply: Reply): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of reply.body as AsyncIterable<Uint8Array>) {
      bytes += part.length;
      if (bytes > LISTING_BYTES) throw new SpectroscopeError(`${reply.url}: more than 16 MB`, { code: "network" });
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof SpectroscopeError) throw error;
    throw new Passing(`${reply.url.host}: connection lost`);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Commit and file names of `GET /api/models/.../revision/...`. */
function parseListing(text: string, url: URL): { commit: string; names: Set<string> } {
  try {
    const { sha, siblings } = JSON.parse(text) as { sha: unknown; siblings: { rfilename: unknown }[] };
    if (typeof sha === "string" && /^[0-9a-f]{40}$/.test(sha)) {
      return { commit: sha, names: new Set(siblings.map(({ rfilename }) => String(rfilename))) };
    }
  } catch {
    // Not the hub's JSON: said below.
  }
  throw new SpectroscopeError(`${url.origin} does not answer as a Hugging Face hub does`, {
    code: "network",
    hint: "check HF_ENDPOINT; a login page of the network is another usual cause",
  });
}

const etagOf = (text: string | string[] | undefined) =>
  String(text ?? "")
    .replace(/^W\//, "")
    .replace(/^"(.*)"$/, "$1");

/** A repository at one of its revisions, as the hub knows it now. */
export class Repository implements ModelSource {
  private constructor(
    private readonly client: HttpClient,
    private readonly environment: HubEnvironment,
    private readonly name: RepoName,
    readonly commit: string,
    private readonly names: ReadonlySet<string>,
  ) {}

  /** Asks the hub which commit the revision is and what it holds. @throws SpectroscopeError */
  static async open(client: HttpClient, environment: HubEnvironment, name: RepoName): Promise<Repository> {
    const { repo, revision = "main" } = name;
    const url = `${environment.endpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}`;
    const { commit, names } = await client.persist(async () => {
      const reply = await client.ask("GET", url);
      if (reply.status !== 200) throw refusal(reply, environment, name);
      return parseListing(await readText(reply), reply.url);
    });
    return new Repository(client, environment, name, commit, names);
  }

  get label(): string {
    return this.name.repo;
  }

  get revision(): string {
    return this.name.revision ?? "main";
  }

  get folder(): CacheFolder {
    return CacheFolder.ofRepo(this.environment.cache, this.name.repo);
  }

  /** Asks for a file's hash and size; undefined when the repository has none of this name. */
  async find(file: string): Promise<RemoteFile | undefined> {
    if (!this.names.has(file)) return undefined;
    const { environment, name, client } = this;
    const url = `${environment.endpoint}/${name.repo}/resolve/${this.commit}/${encodeURIComponent(file)}`;
    const refused = (reply: Reply) => refusal(reply, environment, name, file);
    // A large file's hash stands on the redirect to where it lies, which does not know it.
    const linked = (reply: Reply) => reply.headers["x-linked-etag"] !== undefined;
    const reply = await client.persist(() => client.ask("HEAD", url, {}, linked));
    reply.body.resume();
    if (reply.status >= 400) throw refused(reply);
    const { headers } = reply;
    const hex = etagOf(headers["x-linked-etag"] ?? headers.etag);
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hex)) {
      throw new SpectroscopeError(`${url}: the hub gives no hash (ETag ${JSON.stringify(hex)})`, {
        code: "network",
        hint: "check HF_ENDPOINT: a mirror must hand on the hub's headers",
      });
    }
    const length = headers["x-linked-size"] ?? headers["content-length"];
    const size = length === undefined ? undefined : Number(length);
    return {
      name: file,
      url,
      blob: hex,
      size,
      check: { kind: hex.length === 64 ? "sha256" : "git-sha1", hex },
      refused,
    };
  }

  /** What to say when there is no config or no safetensors. */
  lacks(file: string): SpectroscopeError {
    const where = `${this.label}@${this.revision}`;
    const pickled = [...this.names].find((name) => /\.(bin|pth?|ckpt|msgpack|h5|gguf)$/.test(name));
    const other = [...this.names].find((name) => name.endsWith(".safetensors"));
    const has = other ?? pickled ?? [...this.names].slice(0, 6).join(", ");
    const hint =
      file.endsWith(".json") || (!pickled && !other)
        ? "name a repository of a GPT-NeoX model"
        : other
          ? "only model.safetensors and its shards are read: name a revision that has them"
          : "name a revision that has safetensors, or load it with transformers, call save_pretrained(DIR) and name DIR";
    return new SpectroscopeError(`${where}: no ${file}; it has ${has || "no files"}`, { code: "not-found", hint });
  }
}

/** What a status of the hub means for this repository, as one line with its remedy. */
export function refusal(reply: Reply, environment: HubEnvironment, name: RepoName, file?: string): SpectroscopeError {
  const { status, headers, url } = reply;
  reply.body.destroy();
  const code = headers["x-error-code"];
  const { repo, revision = "main" } = name;
  const { token, endpoint } = environment;
  const page = `${endpoint}/${repo}`;
  const error = (kind: string, message: string, hint: string) => new SpectroscopeError(message, { code: kind, hint });
  if (url.origin !== new URL(endpoint).origin) {
    return error("network", `${file}: ${url.host} answered ${status}`, "run the command again: it goes on from here");
  }
  if (code === "RevisionNotFound") {
    return error(
      "not-found",
      `${repo}: no revision ${JSON.stringify(revision)} (${status})`,
      `see the branches and tags at ${page}/tree/main`,
    );
  }
  if (code === "EntryNotFound")
    return error("not-found", `${repo}@${revision}: no file ${file}`, `see ${page}/tree/${revision}`);
  if (code === "GatedRepo") {
    const next = token ? "with the account of your token" : "and set HF_TOKEN to a token of that account";
    return error("no-access", `${repo} is gated (${status})`, `ask for access at ${page} ${next}`);
  }
  // Without a token the hub answers 401 for what does not exist, so that nobody can find out what is private.
  if (status === 401 && !token) {
    const text = `${repo}: no such repository, or a private one (401)`;
    return error("no-access", text, "check the name; for a private one set HF_TOKEN");
  }
  if (status === 401 || status === 403) {
    const text = `${repo}: the token in HF_TOKEN or the token file gives no access (${status})`;
    return error("no-access", text, `check the token's rights at ${endpoint}/settings/tokens`);
  }
  if (status === 404)
    return error("not-found", `${repo}: no such repository at ${endpoint} (404)`, "check the name: OWNER/NAME");
  return error("network", `${url.origin}${url.pathname}: the hub answered ${status}`, "check HF_ENDPOINT");
}
