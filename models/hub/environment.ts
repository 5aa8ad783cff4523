/** Settings of the Hugging Face hub as Python's huggingface_hub reads them from the environment. Node only. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { homeFolder } from "../../runtime/node/home";
import { maskedSetting } from "./masked";
import { basic } from "./proxy";

export interface HubEnvironment {
  /** The shared cache, `HF_HUB_CACHE`; nothing where neither a variable nor a home tells. */
  readonly cache?: string;
  /** Where libraries keep files of their own, `HF_ASSETS_CACHE`; models of plain URLs lie there. */
  readonly assets?: string;
  /** Without a slash at its end, and without a password. */
  readonly endpoint: string;
  /** For an endpoint that was written with a name and a password: what its server is told, as a header's value. */
  readonly login?: string;
  readonly token?: string;
  /** Where the token was found, for messages. */
  readonly tokenFrom?: string;
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

/** A folder of the environment. @throws SpectroscopeError where neither a variable nor a home tells */
export function folderOf(environment: HubEnvironment, kind: "cache" | "assets"): string {
  const folder = environment[kind];
  if (folder !== undefined) return folder;
  const variable = kind === "cache" ? "HF_HUB_CACHE" : "HF_ASSETS_CACHE";
  throw new SpectroscopeError("there is no home to keep a cache of models in: no HOME, and no such user", {
    code: "bad-input",
    hint: `set HF_HOME, or ${variable}, to a folder`,
  });
}

/** `~` and `$NAME`, which a shell does not expand in a quoted value or in a file of settings. @throws SpectroscopeError */
function expand(path: string, variables: Variables): string {
  const named = path.replace(/\$(\w+)|\$\{(\w+)\}/g, (whole, a, b) => variables[a ?? b] ?? whole);
  if (named !== "~" && !named.startsWith("~/")) return named;
  const home = homeFolder();
  if (home !== undefined) return join(home, named.slice(1));
  throw new SpectroscopeError(`there is no home for the "~" in ${JSON.stringify(path)}: no HOME, and no such user`, {
    code: "bad-input",
    hint: "write the folder whole",
  });
}

/** A token and where it was found. */
interface Found {
  readonly token?: string;
  readonly tokenFrom?: string;
}

function readToken(variables: Variables, home: string | undefined): Found {
  const clean = (token: string | undefined) => token?.replace(/[\r\n]/g, "").trim() || undefined;
  for (const tokenFrom of ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]) {
    const token = clean(variables[tokenFrom]);
    if (token !== undefined) return { token, tokenFrom };
  }
  if (isTrue(variables.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return {};
  const named = variables.HF_TOKEN_PATH;
  if (!named && home === undefined) return {};
  const tokenFrom = named ? expand(named, variables) : join(home as string, "token");
  try {
    const token = clean(readFileSync(tokenFrom, "utf8"));
    return token === undefined ? {} : { token, tokenFrom };
  } catch {
    // Nobody is logged in.
    return {};
  }
}

/** The token, if there is one and it can be sent. @throws SpectroscopeError, without the token */
export function checkedToken({ token, tokenFrom = "HF_TOKEN" }: HubEnvironment): string | undefined {
  const at = token === undefined ? -1 : token.search(/[^!-~]/);
  if (token === undefined || at < 0) return token;
  const code = (token.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  throw new SpectroscopeError(
    `the token in ${tokenFrom} has the character U+${code} at place ${at + 1}, as no token has`,
    {
      code: "bad-input",
      hint: "copy it again: hf_ and letters and digits",
    },
  );
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
    throw new SpectroscopeError(`the proxy ${JSON.stringify(maskedSetting(address))} is not an http:// address`, {
      code: "bad-input",
      hint: "correct https_proxy, or list the host in no_proxy",
    });
  }
  return proxy;
}

/** The hub's address, apart from the name and password in it. @throws SpectroscopeError, without those */
function readEndpoint(variables: Variables): Pick<HubEnvironment, "endpoint" | "login"> {
  const text = (variables.HF_ENDPOINT || "https://huggingface.co").trim().replace(/\/+$/, "");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash) {
    throw new SpectroscopeError(`HF_ENDPOINT is ${JSON.stringify(maskedSetting(text))}, not a web address`, {
      code: "bad-input",
      hint: "unset it, or write for example https://huggingface.co",
    });
  }
  const login = basic(url);
  if (login === undefined) return { endpoint: text };
  return { endpoint: `${url.origin}${url.pathname}`.replace(/\/+$/, ""), login };
}

/** Reads the variables once. @throws SpectroscopeError when HF_ENDPOINT is not a web address */
export function readHubEnvironment(variables: Variables = process.env): HubEnvironment {
  const path = (value: string | undefined, standard: string | undefined) =>
    value ? expand(value, variables) : standard;
  const below = (folder: string | undefined, name: string) => (folder === undefined ? undefined : join(folder, name));
  const home = path(
    variables.HF_HOME,
    below(path(variables.XDG_CACHE_HOME, below(homeFolder(), ".cache")), "huggingface"),
  );
  const seconds = Number(variables.HF_HUB_DOWNLOAD_TIMEOUT);
  return {
    cache: path(variables.HF_HUB_CACHE || variables.HUGGINGFACE_HUB_CACHE, below(home, "hub")),
    assets: path(variables.HF_ASSETS_CACHE, below(home, "assets")),
    ...readEndpoint(variables),
    ...readToken(variables, home),
    offline: isTrue(variables.HF_HUB_OFFLINE || variables.TRANSFORMERS_OFFLINE),
    symlinks: !isTrue(variables.HF_HUB_DISABLE_SYMLINKS),
    // A timer of Node's takes no more than 2^31 ms, and runs at once where it is given more.
    stallMs: 1000 * (seconds > 0 ? Math.min(seconds, 86_400) : 30),
    proxy: (url) => proxyOf(variables, url),
  };
}
