/**
 * Requests as downloads of gigabytes need them: redirects that take no token along, silence that ends a connection, failures
 * that pass tried again. On `node:http`, because Node's `fetch` hides what a proxy or a redirect is. Node only.
 */
import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { SpectroscopeError } from "../../kernels/errors";
import { limited, watch } from "./deadline";
import { failureOf, givenUp, interrupted, LONGEST_WAIT_MS, Passing, retryAfter } from "./failures";
import { shownUrl } from "./masked";
import { address, authorization, proxyRefuses, tunnel } from "./proxy";

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
  /** What the origin wants in the place of a token, as a header's value. */
  readonly login?: string;
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
const REDIRECTS = 10;
/** A redirect's own body up to here is read, so that its connection serves again. */
const IDLE_BYTES = 1 << 16;

export class HttpClient {
  constructor(readonly settings: HttpSettings) {}

  /** One request, no redirects. @throws Passing, or SpectroscopeError for what stays as it is */
  private async once(method: string, url: URL, headers: Record<string, string>): Promise<Reply> {
    const { stallMs, signal, proxy: proxyOf } = this.settings;
    const proxy = proxyOf?.(url);
    const secure = url.protocol === "https:";
    try {
      const socket = proxy && secure ? await tunnel(proxy, url, stallMs, signal) : undefined;
      const reply = await new Promise<Reply>((done, fail) => {
        const asked = (secure ? tlsRequest : plainRequest)({
          ...address(proxy && !secure ? proxy : url),
          method,
          path: proxy && !secure ? `${url.origin}${url.pathname}${url.search}` : `${url.pathname}${url.search}`,
          headers: { host: url.host, ...headers, ...(proxy && !secure ? authorization(proxy) : {}) },
          signal,
          ...(socket ? { createConnection: () => socket } : {}),
        });
        const answer = limited(asked, stallMs, "no answer");
        asked.on("error", (error) => {
          answer.settled();
          fail(error);
        });
        asked.on("response", (body) => {
          answer.settled();
          watch(body, stallMs);
          done({ status: body.statusCode ?? 0, headers: body.headers, url, body });
        });
        asked.end();
      });
      if (reply.status === 407 && proxy) {
        reply.body.destroy();
        throw proxyRefuses(proxy, reply.status);
      }
      return reply;
    } catch (error) {
      throw failureOf(error, url);
    }
  }

  /**
   * A request with its redirects. Token and login are sent to their own origin only, whatever redirects there are.
   * @param until a redirect that is itself the answer
   * @throws Passing for failed connections, 408, 429 and 5xx
   */
  async ask(
    method: "GET" | "HEAD",
    start: string,
    headers: Record<string, string> = {},
    until: (reply: Reply) => boolean = () => false,
  ): Promise<Reply> {
    const { origin, token, login } = this.settings;
    const secret = token ? `Bearer ${token}` : login;
    const astray = (what: string) =>
      new SpectroscopeError(`${shownUrl(start)}: redirects lead nowhere: ${what}`, {
        code: "network",
        hint: "check HF_ENDPOINT",
      });
    let url = new URL(start);
    for (let hop = 0; hop <= REDIRECTS; hop++) {
      const own: Record<string, string> = secret && url.origin === origin ? { authorization: secret } : {};
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
      if (method === "HEAD" || Number(got["content-length"]) <= IDLE_BYTES) body.resume();
      else body.destroy();
      if (!URL.canParse(got.location, url)) throw astray("to what is no address");
      url = new URL(got.location, url);
      if (!/^https?:$/.test(url.protocol)) throw astray(`to ${url.protocol}, which is no web address`);
    }
    throw astray(`${REDIRECTS} of them, and one more to ${shownUrl(url)}`);
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
