/** The way through a proxy. Node only. */
import { request } from "node:http";
import { isIP, type Socket } from "node:net";
import { connect } from "node:tls";
import { SpectroscopeError } from "../../kernels/errors";
import { limited } from "./deadline";
import { Passing } from "./failures";

/** Host and port as `node:http` takes them. */
export const address = (url: URL) => ({
  host: url.hostname.replace(/^\[|\]$/g, ""),
  port: url.port || (url.protocol === "https:" ? 443 : 80),
});

/** Percent codes of a name or a password; a lone "%" is one. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The header value for an address that holds a name and a password, if it does. */
export function basic({ username, password }: URL): string | undefined {
  if (!username && !password) return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64")}`;
}

/** What a proxy is told of who asks. */
export function authorization(proxy: URL): Record<string, string> {
  const value = basic(proxy);
  return value === undefined ? {} : { "proxy-authorization": value };
}

/** What it means that a proxy will not. */
export function proxyRefuses(proxy: URL, status: number): SpectroscopeError | Passing {
  const text = `the proxy ${proxy.host} answered ${status}`;
  if (status === 429 || status === 408 || status >= 500) return new Passing(text);
  const hint =
    status === 407 ? "put name and password into https_proxy" : "check https_proxy, or list the host in no_proxy";
  return new SpectroscopeError(text, { code: "network", hint });
}

/** A line to `url` through a proxy, which sees only the host's name. @throws what the connection says */
export function tunnel(proxy: URL, url: URL, stallMs: number, signal?: AbortSignal): Promise<Socket> {
  const target = `${url.hostname}:${url.port || 443}`;
  return new Promise((done, fail) => {
    const connecting = request({
      ...address(proxy),
      method: "CONNECT",
      path: target,
      headers: { host: target, ...authorization(proxy) },
      signal,
    });
    const answer = limited(connecting, stallMs, `the proxy ${proxy.host} is silent`);
    connecting.on("connect", (reply, socket) => {
      answer.settled();
      if (reply.statusCode === 200) {
        const secured = connect({ socket, ...(isIP(url.hostname) ? {} : { servername: url.hostname }) });
        const greeting = limited(secured, stallMs, "silent");
        const end = (error: Error) => {
          greeting.settled();
          fail(error);
        };
        secured.once("error", end);
        secured.once("secureConnect", () => {
          greeting.settled();
          done(secured.off("error", end));
        });
      } else {
        socket.destroy();
        fail(proxyRefuses(proxy, reply.statusCode ?? 0));
      }
    });
    // A proxy that takes CONNECT for a request of its own.
    connecting.on("response", (reply) => {
      answer.settled();
      reply.destroy();
      fail(proxyRefuses(proxy, reply.statusCode ?? 0));
    });
    connecting.on("error", (error) => {
      answer.settled();
      fail(error);
    });
    connecting.end();
  });
}
