/** A model from a folder of a plain web server. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { readHubEnvironment } from "./environment";
import { cachedModel, fetchModel, offlineModel } from "./fetch";
import { folderOfUrl } from "./folder";
import { parseRemoteName, type RemoteName } from "./name";

const test = suite("models/hub/folder");
const home = mkdtempSync(join(tmpdir(), "spectroscope-web-"));
const environment = readHubEnvironment({ HF_HOME: home, HF_TOKEN: "secret" });

interface Site {
  files: Record<string, { text: string; etag?: string; date?: string }>;
  /** Cut the next whole answer after so many bytes. */
  drop?: number;
  /** End the next answer properly, but after so many bytes. */
  short?: number;
}

const site: Site = { files: {} };
const asked: { method?: string; url?: string; range?: string; authorization?: string }[] = [];
let server: Server;

test.before(async () => {
  server = createServer((request, response) => {
    const { method, url, headers } = request;
    asked.push({ method, url, range: headers.range, authorization: headers.authorization });
    const file = site.files[(url ?? "").replace("/models/own/", "")];
    if (!file) return response.writeHead(404).end();
    const start = Number(/^bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);
    const rest = file.text.slice(start, method === "GET" ? site.short : undefined);
    if (method === "GET") site.short = undefined;
    if (file.etag) response.setHeader("etag", file.etag);
    if (file.date) response.setHeader("last-modified", file.date);
    if (headers.range)
      response.setHeader("content-range", `bytes ${start}-${file.text.length - 1}/${file.text.length}`);
    response.writeHead(headers.range ? 206 : 200, { "content-length": rest.length });
    if (method === "HEAD") return response.end();
    const cut = site.drop ?? rest.length;
    site.drop = undefined;
    if (cut < rest.length) return response.write(rest.slice(0, cut), () => setTimeout(() => response.destroy(), 20));
    return response.end(rest);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
test.after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(home, { recursive: true, force: true });
});

const name = () => {
  const { port } = server.address() as AddressInfo;
  return parseRemoteName(`http://127.0.0.1:${port}/models/own/config.json`) as RemoteName;
};
const fetch = () => fetchModel(name(), { environment, backoffMs: 5 });

async function line(result: Promise<unknown>): Promise<string> {
  return result.then(
    () => "no error",
    (error) => error.line ?? error.stack,
  );
}

test("files are told apart by ETag: a changed one is fetched again, the others are not, and no token is sent", async () => {
  site.files = {
    "config.json": { text: "{}", etag: '"c1"' },
    "model.safetensors": { text: "x".repeat(1000), etag: 'W/"w1"' },
  };
  assert.match(await line(offlineModel(name(), environment)), "not in the cache");
  site.drop = 1;
  const first = await fetch();
  assert.equal([first.downloadedBytes, first.revision], [1002, undefined]);
  assert.match(first.directory, "assets/spectroscope/urls/127.0.0.1-");
  assert.is((await fetch()).downloadedBytes, 0);
  site.files["model.safetensors"] = { text: "y".repeat(1200), etag: '"w2"' };
  const second = await fetch();
  assert.is(second.downloadedBytes, 1200);
  assert.is.not(second.commit, first.commit);
  assert.match(readFileSync(join(second.directory, "model.safetensors"), "utf8"), /^y{1200}$/);
  assert.is((await cachedModel(name(), environment))?.commit, second.commit);
  site.files["model.safetensors"] = { text: "y".repeat(1300), etag: '"w2"' };
  assert.is((await fetch()).downloadedBytes, 1300, "the same ETag, another size");
  const [a, b] = ["models/a", "models/b"].map((path) => folderOfUrl(environment, `http://127.0.0.1/${path}`));
  assert.is.not(a.root, b.root);
  assert.ok(asked.every(({ authorization }) => authorization === undefined));
});

test("nothing but the size says that an answer is not whole: it is gone on with", async () => {
  site.files["model.safetensors"] = { text: "v".repeat(1000), etag: '"w3"' };
  await fetch();
  site.files["model.safetensors"] = { text: "u".repeat(1000), etag: '"w4"' };
  site.short = 400;
  const model = await fetch();
  assert.match(readFileSync(join(model.directory, "model.safetensors"), "utf8"), /^u{1000}$/);
  assert.is(asked.at(-1)?.range, "bytes=400-");
});

test("a file that changes while it is fetched, and a server that names no versions, are refused", async () => {
  site.files["model.safetensors"] = { text: "z".repeat(900), date: "Mon, 01 Jan 2024 00:00:00 GMT" };
  let heads = 0;
  const files = site.files;
  site.files = new Proxy(files, {
    get: (all, key: string) =>
      key === "model.safetensors" && heads++ > 0 ? { text: "w".repeat(900), etag: '"w9"' } : all[key],
  });
  assert.match(await line(fetch()), "changed while it was fetched");
  site.files = { ...files, "model.safetensors": { text: "z" } };
  assert.match(await line(fetch()), /model\.safetensors: the server tells no ETag or Last-Modified/);
  site.files = { "config.json": { text: "{}", etag: '"c1"' } };
  assert.match(await line(fetch()), "no model.safetensors there");
});

test.run();
