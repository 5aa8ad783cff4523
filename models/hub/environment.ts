/** Settings of the Hugging Face hub as Python's huggingface_hub reads them from the environment. Node only. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";

export interface HubEnvironment {
  /** The shared cache, `HF_HUB_CACHE`. */
  readonly cache: string;
  /** Where libraries keep files of their own, `HF_ASSETS_CACHE`; models of plain URLs lie there. */
  readonly assets: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token?: string;
  readonly offline: boolean;
  /** False with `HF_HUB_DISABLE_SYMLINKS`. */
  readonly symlinks: boolean;
  /** A connection that is silent for so long has stalled; milliseconds. */
  readonly stallMs: number;
  /** The proxy that an address is asked through, if any. */
  readonly proxy: (url: URL) => URL | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

const isTrue = (value: string | undefined) => /^(1|on|yes|true)$/i.test(value ?? "");

/** `~` and `$NAME`, which a shell does not expand in a quoted value or in a file of settings. */
function expand(path: string, variables: Variables): string {
  const named = path.replace(/\$(\w+)|\$\{(\w+)\}/g, (whole, a, b) => variables[a ?? b] ?? whole);
  return named === "~" || named.startsWith("~/") ? join(homedir(), named.slice(1)) : named;
}

function readToken(variables: Variables, home: string): string | undefined {
  const clean = (token: string | undefined) => token?.replace(/[\r\n]/g, "").trim() || undefined;
  const given = clean(variables.HF_TOKEN) ?? clean(variables.HUGGING_FACE_HUB_TOKEN);
  if (given !== undefined) return given;
  if (isTrue(variables.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  try {
    return clean(readFileSync(expand(variables.HF_TOKEN_PATH || join(home, "token"), variables), "utf8"));
  } catch {
    // Nobody is logged in.
    return undefined;
  }
}

/** `NO_PROXY` is a list of hosts and of domains whose hosts are all meant; `*` is everything. */
function bypasses(list: string, host: string): boolean {
  const entries = list.split(",").map((entry) =>
    entry
      .trim()
      .toLowerCase()
      .replace(/^\*?\./, "")
      .replace(/:\d+$/, ""),
  );
  return entries.some((entry) => entry === "*" || (entry !== "" && (host === entry || host.endsWith(`.${entry}`))));
}

function proxyOf(variables: Variables, url: URL): URL | undefined {
  const read = (name: string) => variables[name.toLowerCase()] || variables[name.toUpperCase()];
  const address = read(url.protocol === "https:" ? "https_proxy" : "http_proxy") || read("all_proxy");
  if (!address || bypasses(read("no_proxy") ?? "", url.hostname)) return undefined;
  const proxy = URL.canParse(address) ? new URL(address) : undefined;
  if (proxy?.protocol !== "http:") {
    throw new SpectroscopeError(`the proxy ${JSON.stringify(address)} is not an http:// address`, {
      code: "bad-input",
      hint: "correct https_proxy, or list the host in no_proxy",
    });
  }
  return proxy;
}

/** Reads the variables once. @throws SpectroscopeError when HF_ENDPOINT is not a web address */
export function readHubEnvironment(variables: Variables = process.env): HubEnvironment {
  const path = (value: string | undefined, standard: string) => (value ? expand(value, variables) : standard);
  const home = path(variables.HF_HOME, join(path(variables.XDG_CACHE_HOME, join(homedir(), ".cache")), "huggingface"));
  const endpoint = (variables.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, "");
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw new SpectroscopeError(`HF_ENDPOINT is ${JSON.stringify(endpoint)}, not a web address`, {
      code: "bad-input",
      hint: "unset it, or write for example https://huggingface.co",
    });
  }
  const seconds = Number(variables.HF_HUB_DOWNLOAD_TIMEOUT);
  return {
    cache: path(variables.HF_HUB_CACHE || variables.HUGGINGFACE_HUB_CACHE, join(home, "hub")),
    assets: path(variables.HF_ASSETS_CACHE, join(home, "assets")),
    endpoint,
    token: readToken(variables, home),
    offline: isTrue(variables.HF_HUB_OFFLINE || variables.TRANSFORMERS_OFFLINE),
    symlinks: !isTrue(variables.HF_HUB_DISABLE_SYMLINKS),
    stallMs: 1000 * (seconds > 0 ? seconds : 30),
    proxy: (url) => proxyOf(variables, url),
  };
}
