/** Through a proxy: plain addresses are handed on whole, secure ones as a tunnel to a host; and who may see what. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { HttpClient } from "./http";

const test = suite("models/hub/http");
const seen: { method?: string; url?: string; authorization?: string; proxy?: string }[] = [];
let server: Server;

test.before(async () => {
  server = createServer((request, response) => {
    const { method, url, headers } = request;
    seen.push({ method, url, authorization: headers.authorization, proxy: headers["proxy-authorization"] });
    if (url?.includes("round")) response.writeHead(302, { location: "/round" }).end();
    else response.end("hello");
  });
  server.on("connect", ({ method, url, headers }, socket) => {
    seen.push({ method, url, authorization: headers.authorization, proxy: headers["proxy-authorization"] });
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
test.after(() => {
  server.close();
  server.closeAllConnections();
});

const local = (user = "") => new URL(`http://${user}127.0.0.1:${(server.address() as AddressInfo).port}`);

async function failure(result: Promise<unknown>): Promise<string> {
  return result.then(
    () => "no error",
    (error) => error.line ?? error.message,
  );
}

test("a plain address goes to the proxy whole", async () => {
  seen.length = 0;
  const client = new HttpClient({ stallMs: 1000, proxy: () => local("me:p%40ss@") });
  const reply = await client.ask("GET", "http://hub.example/a?b=c");
  reply.body.resume();
  assert.is(reply.status, 200);
  const proxy = `Basic ${Buffer.from("me:p@ss").toString("base64")}`;
  assert.equal(seen, [{ method: "GET", url: "http://hub.example/a?b=c", authorization: undefined, proxy }]);
});

test("a secure address is a tunnel that shows the proxy the host alone, and its refusal is said", async () => {
  seen.length = 0;
  const settings = {
    stallMs: 1000,
    backoffMs: 1,
    origin: "https://hub.example",
    token: "secret",
    proxy: () => local(),
  };
  const client = new HttpClient(settings);
  assert.match(await failure(client.persist(() => client.ask("GET", "https://hub.example/private"))), "answered 403");
  assert.equal(seen[0], { method: "CONNECT", url: "hub.example:443", authorization: undefined, proxy: undefined });
});

test("the token is for its origin: not for another port of the same host", async () => {
  seen.length = 0;
  const client = new HttpClient({ stallMs: 1000, origin: "http://127.0.0.1:1", token: "secret" });
  (await client.ask("GET", `${local().origin}/x`)).body.resume();
  const own = new HttpClient({ stallMs: 1000, origin: local().origin, token: "secret" });
  (await own.ask("GET", `${local().origin}/x`)).body.resume();
  assert.equal(
    seen.map(({ authorization }) => authorization),
    [undefined, "Bearer secret"],
  );
});

test("redirects in a circle end", async () => {
  const client = new HttpClient({ stallMs: 1000 });
  assert.match(await failure(client.ask("GET", `${local().origin}/round`)), "redirects lead nowhere");
});

test.run();
