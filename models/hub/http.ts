/**
 * Requests as downloads of gigabytes need them: redirects that take no token along, silence that ends a connection, failures
 * that pass tried again. On `node:http`, because Node's `fetch` hides what a proxy or a redirect is. Node only.
 */
import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { SpectroscopeError } from "../../kernels/errors";
import { systemCode } from "../../runtime/node/files";

/** An answer. Its body must be read or destroyed. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What was asked in the end. */
  readonly url: URL;
  readonly body: IncomingMessage;
}

export interface HttpSettings {
  /** The token goes to this origin and to no other. */
  readonly origin?: string;
  readonly token?: string;
  readonly stallMs: number;
  readonly proxy?: (url: URL) => URL | undefined;
  /** First wait before a failure is tried again, doubled each time; milliseconds. */
  readonly backoffMs?: number;
  readonly signal?: AbortSignal;
  /** Hears why something is tried again. */
  readonly say?: (line: string) => void;
}

/** Tries without any progress before it is given up. */
const TRIES = 6;
const BACKOFF_MS = 1_000;
/** A server that wants a longer pause is an error that says so. */
const LONGEST_WAIT_MS = 5 * 60_000;
const REDIRECTS = 10;

/** A failure that may pass. */
export class Passing extends Error {
  constructor(
    message: string,
    /** What the server asked to wait, milliseconds. */
    readonly waitMs?: number,
    /** No connection was made at all: without any earlier progress, trying again is idle. */
    readonly unreachable = false,
  ) {
    super(message);
  }
}

/** Milliseconds of a `Retry-After`, in seconds or as a date, or of the hub's `RateLimit: "api";r=0;t=55`. */
export function retryAfter(headers: IncomingHttpHeaders, now = Date.now()): number | undefined {
  const text = headers["retry-after"];
  if (text !== undefined) {
    if (/^\s*\d+\s*$/.test(text)) return 1000 * Number(text);
    const date = Date.parse(text);
    return Number.isNaN(date) ? undefined : Math.max(0, date - now);
  }
  const limit = /\br=0\b.*\bt=(\d+)/.exec(String(headers.ratelimit ?? ""));
  return limit ? 1000 * Number(limit[1]) : undefined;
}

function describe(error: unknown, url: URL): Passing {
  const code = systemCode(error) ?? (error as Error).message;
  const unreachable =
    /^(ENOTFOUND|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|CERT_|DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO|ERR_TLS)/.test(code);
  return new Passing(
    `${url.host}: ${unreachable ? "cannot be reached" : "connection failed"} (${code})`,
    undefined,
    unreachable,
  );
}

/** A line to `url` through a proxy, which sees only the host's name. */
function tunnel(proxy: URL, url: URL, stallMs: number, signal?: AbortSignal): Promise<Socket> {
  const target = `${url.hostname}:${url.port || 443}`;
  return new Promise((done, fail) => {
    const connecting = plainRequest({
      ...address(proxy),
      method: "CONNECT",
      path: target,
      headers: { host: target, ...authorization(proxy) },
      signal,
    });
    connecting.on("connect", (reply, socket) => {
      if (reply.statusCode === 200) {
        const secured = connect({ socket, ...(isIP(url.hostname) ? {} : { servername: url.hostname }) });
        secured.once("error", fail);
        secured.once("secureConnect", () => done(secured.off("error", fail)));
      } else {
        socket.destroy();
        fail(new Error(`the proxy ${proxy.host} answered ${reply.statusCode}`));
      }
    });
    connecting.setTimeout(stallMs, () => connecting.destroy(new Error(`the proxy ${proxy.host} is silent`)));
    connecting.on("error", fail);
    connecting.end();
  });
}

const address = (url: URL) => ({
  host: url.hostname.replace(/^\[|\]$/g, ""),
  port: url.port || (url.protocol === "https:" ? 443 : 80),
});

function authorization(proxy: URL): Record<string, string> {
  if (!proxy.username) return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

export class HttpClient {
  constructor(readonly settings: HttpSettings) {}

  /** One request, no redirects. @throws Passing */
  private async once(method: string, url: URL, headers: Record<string, string>): Promise<Reply> {
    const { stallMs, signal, proxy: proxyOf } = this.settings;
    const proxy = proxyOf?.(url);
    const secure = url.protocol === "https:";
    try {
      const socket = proxy && secure ? await tunnel(proxy, url, stallMs, signal) : undefined;
      return await new Promise((done, fail) => {
        const asked = (secure ? tlsRequest : plainRequest)({
          ...address(proxy && !secure ? proxy : url),
          method,
          path: proxy && !secure ? url.href : `${url.pathname}${url.search}`,
          headers: { host: url.host, ...headers, ...(proxy && !secure ? authorization(proxy) : {}) },
          signal,
          ...(socket ? { createConnection: () => socket } : {}),
        });
        asked.setTimeout(stallMs, () => asked.destroy(new Error(`silent for ${stallMs / 1000} s`)));
        asked.on("error", fail);
        asked.on("response", (body) => done({ status: body.statusCode ?? 0, headers: body.headers, url, body }));
        asked.end();
      });
    } catch (error) {
      throw describe(error, url);
    }
  }

  /**
   * A request with its redirects. The token is sent to its own origin only, whatever redirects there are.
   * @param until a redirect that is itself the answer
   * @throws Passing for failed connections, 408, 429 and 5xx
   */
  async ask(
    method: "GET" | "HEAD",
    start: string,
    headers: Record<string, string> = {},
    until: (reply: Reply) => boolean = () => false,
  ): Promise<Reply> {
    const { origin, token } = this.settings;
    let url = new URL(start);
    for (let hop = 0; hop <= REDIRECTS; hop++) {
      const own: Record<string, string> = token && url.origin === origin ? { authorization: `Bearer ${token}` } : {};
      // Compressed bytes are neither what a range counts nor what the hash is of.
      const reply = await this.once(method, url, {
        "user-agent": "spectroscope",
        "accept-encoding": "identity",
        ...headers,
        ...own,
      });
      const { status, headers: got, body } = reply;
      if (status === 408 || status === 429 || status >= 500) {
        body.destroy();
        throw new Passing(`${url.host} answered ${status}`, retryAfter(got));
      }
      if (status < 300 || status >= 400 || got.location === undefined || until(reply)) return reply;
      body.resume();
      if (!URL.canParse(got.location, url)) break;
      url = new URL(got.location, url);
      if (!/^https?:$/.test(url.protocol)) break;
    }
    throw new SpectroscopeError(`${start}: redirects lead nowhere`, { code: "network", hint: "check HF_ENDPOINT" });
  }

  /**
   * Tries something until it does, waiting longer each time; what it gets done in between resets the count.
   * @throws SpectroscopeError `network` when it is given up, `interrupted` on the signal, and what is not `Passing` as it is
   */
  async persist<T>(attempt: (progressed: () => void) => Promise<T>): Promise<T> {
    const { signal, say, backoffMs = BACKOFF_MS } = this.settings;
    let failures = 0;
    let ever = false;
    const progressed = () => {
      failures = 0;
      ever = true;
    };
    for (;;) {
      try {
        signal?.throwIfAborted();
        return await attempt(progressed);
      } catch (error) {
        if (signal?.aborted) throw interrupted();
        if (!(error instanceof Passing)) throw error;
        const wait = error.waitMs ?? backoffMs * 2 ** failures;
        failures++;
        if (failures >= TRIES || wait > LONGEST_WAIT_MS || (error.unreachable && !ever)) throw givenUp(error, failures);
        say?.(`${error.message}; trying again${wait >= 1000 ? ` in ${Math.round(wait / 1000)} s` : ""}`);
        await sleep(wait, undefined, { signal }).catch(() => {});
      }
    }
  }
}

/** What Ctrl-C becomes. */
export function interrupted(): SpectroscopeError {
  return new SpectroscopeError("stopped before everything was fetched", {
    code: "interrupted",
    hint: "the same command goes on from here",
  });
}

function givenUp(error: Passing, failures: number): SpectroscopeError {
  const wait = error.waitMs ?? 0;
  if (wait > LONGEST_WAIT_MS) {
    const text = `${error.message} and wants a pause of ${Math.round(wait / 60_000)} minutes`;
    return new SpectroscopeError(text, { code: "network", hint: "try again then; what was fetched is kept" });
  }
  return new SpectroscopeError(failures > 1 ? `${error.message}, ${failures} times` : error.message, {
    code: "network",
    hint: "check the network, https_proxy and HF_ENDPOINT, and run the command again: what was fetched is kept",
    cause: error,
  });
}
