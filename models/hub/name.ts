/** What a person may write for a model that is not on this machine. */
import { SpectroscopeError } from "../../kernels/errors";
import { maskedName, maskedSetting } from "./masked";

/** A repository of the hub, at a branch, a tag or a commit; without one, at `main`. */
export interface RepoName {
  readonly kind: "repo";
  /** `OWNER/NAME` */
  readonly repo: string;
  readonly revision?: string;
}

/** A folder of any web server that holds `config.json` and weights. Without a slash at its end. */
export interface FolderName {
  readonly kind: "folder";
  readonly url: string;
}

export type RemoteName = RepoName | FolderName;

/** The forms, for help texts and errors. */
export const REMOTE_FORMS = "OWNER/NAME, OWNER/NAME@REVISION, or the URL of a hub page or of a folder with config.json";

const PART = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?$/;

function fail(text: string, message: string, hint: string): never {
  throw new SpectroscopeError(`${JSON.stringify(maskedName(text))} ${message}`, { code: "usage", hint });
}

/** Percent codes in a path, each a letter of UTF-8. */
function decoded(part: string, text: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return fail(text, "is no address: a % in it begins no code of a letter", "write %25 for a % itself");
  }
}

/** A revision becomes part of paths and addresses, so what git refuses in a name is refused here. */
function checkRevision(revision: string, text: string): string {
  // Only printable ASCII below "~" remains.
  const bad = /[^!-}]|[\^:?*[\\]|\.\.|\/\/|^[-/.]|\/\.|[/.]$|\.lock$/.test(revision);
  if (bad || revision === "") {
    fail(
      text,
      `has the revision ${JSON.stringify(revision)}`,
      "a revision is a branch, a tag such as step143000, or a commit",
    );
  }
  return revision;
}

function repoName(owner: string, name: string, revision: string | undefined, text: string): RepoName {
  const repo = `${owner}/${name}`;
  if (!PART.test(owner) || !PART.test(name) || /--|\.\./.test(repo) || repo.length > 96 || name.endsWith(".git")) {
    fail(text, "is no name of a repository", "write it as on its page: OWNER/NAME, for example EleutherAI/pythia-14m");
  }
  return { kind: "repo", repo, ...(revision === undefined ? {} : { revision: checkRevision(revision, text) }) };
}

/** A page of the hub: the model's own, or one below `/tree/REV`, `/blob/REV`, `/resolve/REV`, `/raw/REV`, `/commit/REV`. */
function hubPage(url: URL, text: string): RepoName {
  const parts = url.pathname.split("/").filter(Boolean);
  const [owner, name, kind, revision, ...inside] = parts.map((part) => decoded(part, text));
  const hint = "name a model's page, for example https://huggingface.co/EleutherAI/pythia-14m";
  if (owner === "datasets" || owner === "spaces") fail(text, `is in ${owner}, not a model`, hint);
  if (owner === undefined || name === undefined) fail(text, "names no model", hint);
  if (kind === undefined) return repoName(owner, name, undefined, text);
  if (!["tree", "blob", "resolve", "raw", "commit"].includes(kind))
    fail(text, "is not a page of a model's files", hint);
  if (inside.length > (kind === "tree" || kind === "commit" ? 0 : 1)) {
    fail(text, "is a folder inside a repository", "only a model at the top of its repository can be read");
  }
  return repoName(owner, name, revision, text);
}

/**
 * Takes apart `OWNER/NAME`, `OWNER/NAME@REVISION`, a page of the hub (huggingface.co, hf.co, or the host of `endpoint`), or
 * the URL of a folder. Undefined when the text has none of these forms.
 * @throws SpectroscopeError when it has one and is wrong in it
 */
export function parseRemoteName(text: string, endpoint = "https://huggingface.co"): RemoteName | undefined {
  if (/^https?:\/\//i.test(text)) {
    if (!URL.canParse(text)) fail(text, "is not a URL", REMOTE_FORMS);
    const url = new URL(text);
    if (url.username || url.password) fail(maskedSetting(text), "holds a password", "use HF_TOKEN instead");
    const base = new URL(endpoint);
    const below = base.pathname.replace(/\/$/, "");
    if (url.host === base.host && url.pathname.startsWith(`${below}/`)) {
      url.pathname = url.pathname.slice(below.length);
      return hubPage(url, text);
    }
    if (["huggingface.co", "www.huggingface.co", "hf.co"].includes(url.host)) return hubPage(url, text);
    if (url.search) fail(text, "has a query", "name the folder alone");
    decoded(url.pathname, text);
    return { kind: "folder", url: `${url.origin}${url.pathname.replace(/\/(config\.json)?$/, "")}` };
  }
  const match = /^([^/@\s]+)\/([^/@\s]+)(?:@(.*))?$/.exec(text);
  if (!match || /^\.{1,2}$|^~/.test(match[1])) return undefined;
  return repoName(match[1], match[2], match[3], text);
}
