/** What fails on the way to a server: what may pass and is tried again, and what stays and is said at once. Node only. */
import type { IncomingHttpHeaders } from "node:http";
import { SpectroscopeError } from "../../kernels/errors";
import { systemCode } from "../../runtime/node/files";
import { masked } from "./masked";

/** A server that wants a longer pause is an error that says so. */
export const LONGEST_WAIT_MS = 5 * 60_000;

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

const network = (message: string, hint: string, cause: unknown) =>
  new SpectroscopeError(message, { code: "network", hint, cause });

/** A connection's error as one that may pass, or as one that no second try can mend. */
export function failureOf(error: unknown, url: URL): Passing | SpectroscopeError {
  if (error instanceof Passing || error instanceof SpectroscopeError) return error;
  const message = masked((error as Error).message);
  const code = systemCode(error) ?? message;
  const { host } = url;
  if (/^ERR_(INVALID|UNESCAPED|HTTP_INVALID|ILLEGAL|OUT_OF_RANGE|SOCKET_BAD_PORT)/.test(code)) {
    const hint = "check HF_ENDPOINT, HF_TOKEN and https_proxy";
    return new SpectroscopeError(`${host} cannot be asked (${code}: ${message})`, {
      code: "bad-input",
      hint,
      cause: error,
    });
  }
  if (/^(EPROTO|ERR_SSL)/.test(code)) {
    const hint = "check https:// in HF_ENDPOINT, and the proxy";
    return network(`${host}: cannot be reached: it does not speak TLS as it should (${code})`, hint, error);
  }
  if (/CERT|^SELF_SIGNED|^UNABLE_TO|^HOSTNAME_|^ERR_TLS|^INVALID_CA|^PATH_LENGTH|^CRL_/.test(code)) {
    const hint =
      "check the clock; where the network has a certificate of its own, name its file in NODE_EXTRA_CA_CERTS";
    return network(`${host}: cannot be reached: its certificate is not trusted (${code})`, hint, error);
  }
  if (code.startsWith("HPE_") && code !== "HPE_INVALID_EOF_STATE") {
    return network(`${host} does not answer in HTTP (${code})`, "check HF_ENDPOINT and https_proxy", error);
  }
  const unreachable = /^(ENOTFOUND|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH)/.test(code);
  const what = unreachable ? "cannot be reached" : "connection failed";
  return new Passing(`${host}: ${what} (${code})`, undefined, unreachable);
}

/** What Ctrl-C becomes. */
export function interrupted(): SpectroscopeError {
  return new SpectroscopeError("stopped before everything was fetched", {
    code: "interrupted",
    hint: "the same command goes on from here",
  });
}

/** The end of trying. */
export function givenUp(error: Passing, failures: number): SpectroscopeError {
  const wait = error.waitMs ?? 0;
  if (wait > LONGEST_WAIT_MS) {
    const minutes = Math.round(wait / 60_000);
    const pause = minutes > 10_000 ? "more than a week" : `${minutes} minutes`;
    const text = `${error.message} and wants a pause of ${pause}`;
    return network(text, "try again then; what was fetched is kept", error);
  }
  return network(
    failures > 1 ? `${error.message}, ${failures} times` : error.message,
    "check the network, https_proxy and HF_ENDPOINT, and run the command again: what was fetched is kept",
    error,
  );
}
