/** A repository of the hub: what it holds at a revision, and what the hub's refusals mean. Node only. */
import { SpectroscopeError } from "../../kernels/errors";
import { systemCode } from "../../runtime/node/files";
import { CacheFolder } from "./cache";
import { checkOf, type RemoteFile } from "./download";
import { folderOf, type HubEnvironment } from "./environment";
import { Passing } from "./failures";
import type { HttpClient, Reply } from "./http";
import { shownUrl } from "./masked";
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
      if (bytes > LISTING_BYTES)
        throw new SpectroscopeError(`${shownUrl(reply.url)}: more than 16 MB`, { code: "network" });
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof SpectroscopeError) throw error;
    throw new Passing(`${reply.url.host}: connection lost (${systemCode(error) ?? (error as Error).message})`);
  }
  return Buffer.concat(parts).toString("utf8");
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Names that stay in a snapshot and can be shown; others are as if they were not there. */
const isFileName = (name: unknown): name is string =>
  typeof name === "string" &&
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
  !/[\u0000-\u001f\u007f\\]/.test(name) &&
  name.split("/").every((part) => part !== "" && part !== "." && part !== "..");

/** Commit and file names of `GET /api/models/.../revision/...`. @throws SpectroscopeError */
function parseListing(text: string, url: URL, revision: string): { commit: string; names: Set<string> } {
  const json = parsed(text);
  const siblings = isObject(json) ? json.siblings : undefined;
  const commit =
    isObject(json) && typeof json.sha === "string" && /^[0-9a-f]{40}$/.test(json.sha) ? json.sha : undefined;
  if (commit === undefined || !Array.isArray(siblings) || !siblings.every(isObject)) {
    throw new SpectroscopeError(`${url.origin} does not answer as a Hugging Face hub does`, {
      code: "network",
      hint: "check HF_ENDPOINT; a login page of the network is another usual cause",
    });
  }
  if (/^[0-9a-f]{40}$/.test(revision) && revision !== commit) {
    throw new SpectroscopeError(`${url.origin} was asked for commit ${revision} and answers with ${commit}`, {
      code: "network",
      hint: "check HF_ENDPOINT",
    });
  }
  return { commit, names: new Set(siblings.map(({ rfilename }) => rfilename).filter(isFileName)) };
}

/** A size as a header tells it. @throws SpectroscopeError when it is none */
function sizeIn(text: string, file: string, url: URL): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new SpectroscopeError(`${file}: ${url.host} says that its size is ${JSON.stringify(text.slice(0, 40))}`, {
    code: "network",
    hint: "check HF_ENDPOINT: a mirror must hand on the hub's headers",
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
      return parseListing(await readText(reply), reply.url, revision);
    });
    return new Repository(client, environment, name, commit, names);
  }

  get label(): string {
    return this.name.repo;
  }

  /** Names of all files, with slashes. */
  get files(): readonly string[] {
    return [...this.names];
  }

  get revision(): string {
    return this.name.revision ?? "main";
  }

  get folder(): CacheFolder {
    return CacheFolder.ofRepo(folderOf(this.environment, "cache"), this.name.repo);
  }

  /** Asks for a file's hash and size; undefined when the repository has none of this name. */
  async find(file: string): Promise<RemoteFile | undefined> {
    if (!this.names.has(file)) return undefined;
    const { environment, name, client } = this;
    const path = file.split("/").map(encodeURIComponent).join("/");
    const url = `${environment.endpoint}/${name.repo}/resolve/${this.commit}/${path}`;
    const refused = (reply: Reply) => refusal(reply, environment, name, file);
    // A large file's hash stands on the redirect to where it lies, which does not know it.
    const linked = (reply: Reply) => reply.headers["x-linked-etag"] !== undefined;
    const reply = await client.persist(() => client.ask("HEAD", url, {}, linked));
    reply.body.resume();
    if (reply.status >= 400) throw refused(reply);
    const { headers } = reply;
    const hex = etagOf(headers["x-linked-etag"] ?? headers.etag);
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hex)) {
      throw new SpectroscopeError(`${shownUrl(reply.url)}: the hub gives no hash (ETag ${JSON.stringify(hex)})`, {
        code: "network",
        hint: "check HF_ENDPOINT: a mirror must hand on the hub's headers",
      });
    }
    const length = headers["x-linked-size"] ?? headers["content-length"];
    const size = length === undefined ? undefined : sizeIn(String(length), file, reply.url);
    return {
      name: file,
      url,
      blob: hex,
      size,
      check: checkOf(hex),
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
    const what = file ?? "the list of its files";
    const hint = "the hub or its mirror sends there: check HF_ENDPOINT, or run the command again";
    return error("network", `${repo}: ${what} at ${shownUrl(url)}: ${url.host} answered ${status}`, hint);
  }
  if (code === "RevisionNotFound") {
    return error(
      "not-found",
      `${repo}: no revision ${JSON.stringify(revision)} (${status})`,
      `see the branches and tags at ${page}/tree/main`,
    );
  }
  if (code === "EntryNotFound")
    return error(
      "not-found",
      `${repo}@${revision}: no ${file === undefined ? "list of its files" : `file ${file}`} (${status})`,
      `see ${page}/tree/${revision}`,
    );
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
