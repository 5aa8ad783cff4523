/** Servers that say nothing, little, too much or nonsense: each ends, soon, in a line that says who and what. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createPlainServer, type Server as PlainServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { gitHash } from "../../harness/test/hub-stand-in";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { readHubEnvironment } from "./environment";
import { failureOf, Passing } from "./failures";
import { fetchModel } from "./fetch";
import { HttpClient } from "./http";

const test = suite("models/hub/hostile");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-hostile-"));
const open: (Server | PlainServer)[] = [];
const sockets: Socket[] = [];
test.after(() => {
  for (const server of open) server.close();
  for (const socket of sockets) socket.destroy();
  rmSync(folder, { recursive: true, force: true });
});

const COMMIT = "a".repeat(40);
const CONFIG = Buffer.from('{"model_type":"gpt_neox"}');
let homes = 0;

async function listen(server: Server | PlainServer): Promise<string> {
  open.push(server);
  server.on("connection", (socket: Socket) => sockets.push(socket.on("error", () => {})));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const http = (listener: RequestListener) => listen(createServer(listener));
/** Says something, or nothing, to who connects. */
const plain = (talk: (socket: Socket) => void) => listen(createPlainServer(talk));

async function line(result: Promise<unknown>): Promise<string> {
  return result.then(
    () => "no error",
    (error) => (error instanceof SpectroscopeError ? error.line : `not ours: ${error.stack}`),
  );
}

/** What becomes of a fetch from a host, and how long it took. */
async function fetched(host: string, variables: Record<string, string> = {}) {
  const home = join(folder, `${homes++}`);
  const environment = readHubEnvironment({
    HF_HOME: home,
    HF_ENDPOINT: `http://${host}`,
    HF_HUB_DOWNLOAD_TIMEOUT: "10",
    ...variables,
  });
  const since = performance.now();
  const text = await line(fetchModel({ kind: "repo", repo: "own/tiny" }, { environment, backoffMs: 1 }));
  assert.ok(performance.now() - since < 60_000, "it ends");
  return { text, home };
}

const client = () => new HttpClient({ stallMs: 10_000, backoffMs: 1 });
const asked = (url: string, settings = {}) => {
  const one = new HttpClient({ stallMs: 10_000, backoffMs: 1, ...settings });
  return line(one.persist(() => one.ask("GET", url)));
};

/** For those who will say nothing. */
const SHORT = { stallMs: 200 };

test("silence, at every step of a connection, has an end", async () => {
  const silent = await plain(() => {});
  assert.match(await asked(`http://${silent}/`, SHORT), /no answer for 0\.2 s\), 6 times/);
  assert.match(await asked(`https://${silent}/`, SHORT), /no answer for 0\.2 s\), 6 times/);
  const proxy = () => new URL(`http://me:SECRET@${silent}`);
  assert.match(
    await asked("https://hub.example/", { ...SHORT, proxy }),
    /the proxy 127\.0\.0\.1:\d+ is silent for 0\.2 s\), 6 times/,
  );
  assert.match(await asked("http://hub.example/", { ...SHORT, proxy }), /no answer for/);
  const mute = await plain((socket) => socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\n\r\n")));
  assert.match(
    await asked("https://hub.example/", { ...SHORT, proxy: () => new URL(`http://${mute}`) }),
    /silent for 0\.2 s\), 6 times/,
  );
});

test("a head or a body that comes letter by letter has an end too", async () => {
  const drip = (socket: Socket, first: string) => {
    socket.write(first);
    const timer = setInterval(() => socket.write("x"), 20);
    socket.on("close", () => clearInterval(timer));
  };
  const head = await plain((socket) => drip(socket, "HTTP/1.1 200 OK\r\nx: "));
  assert.match(await asked(`http://${head}/`, SHORT), /no answer for/);
  const body = await plain((socket) => drip(socket, "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"));
  const { text } = await fetched(body, { HF_HUB_DOWNLOAD_TIMEOUT: "0.2" });
  assert.match(text, /connection lost \(only \d+ bytes for 0\.2 s\), 6 times/);
});

/** A hub of two files, of which one answer is another. */
function hub(change: (path: string, method: string) => ((response: ServerResponse) => unknown) | undefined) {
  return http((request, response) => {
    const { url = "", method = "" } = request;
    const other = change(url, method);
    if (other) return other(response);
    if (url.startsWith("/api/")) {
      return response.end(
        JSON.stringify({ sha: COMMIT, siblings: [{ rfilename: "config.json" }, { rfilename: "model.safetensors" }] }),
      );
    }
    response.setHeader("etag", `"${gitHash(CONFIG)}"`);
    response.setHeader("content-length", CONFIG.length);
    response.end(method === "HEAD" ? undefined : CONFIG);
  });
}

test("bytes that come in drops are no progress: it is given up", async () => {
  const host = await hub((path, method) =>
    path.endsWith("config.json") && method === "GET"
      ? (response) => {
          response.setHeader("content-length", 1000);
          response.write("x", () => response.destroy());
        }
      : undefined,
  );
  // The size that HEAD told is not the one that GET tells: of that one letter counts.
  assert.match((await fetched(host)).text, /config\.json: .*, 6 times/);
});

test("a compressed body is refused", async () => {
  const host = await hub((path, method) =>
    path.endsWith("config.json") && method === "GET"
      ? (response) => {
          response.setHeader("content-encoding", "gzip");
          response.end(CONFIG);
        }
      : undefined,
  );
  assert.match((await fetched(host)).text, /config\.json: .* sends it compressed \(gzip\)/);
});

test("a listing of another shape is no hub's", async () => {
  const listings = [
    "",
    "null",
    "[]",
    "{}",
    '{"sha": "abc", "siblings": []}',
    `{"sha": "${COMMIT.toUpperCase()}", "siblings": []}`,
    `{"sha": "${COMMIT}"}`,
    `{"sha": "${COMMIT}", "siblings": null}`,
    `{"sha": "${COMMIT}", "siblings": {"length": 3}}`,
    `{"sha": "${COMMIT}", "siblings": [null]}`,
    `{"sha": ["${COMMIT}"], "siblings": []}`,
    "<html>log in</html>",
  ];
  for (const listing of listings) {
    const host = await hub((path) => (path.startsWith("/api/") ? (response) => response.end(listing) : undefined));
    assert.match((await fetched(host)).text, "does not answer as a Hugging Face hub does", listing);
  }
});

test("names that leave the snapshot, or no names at all, are as if they were not there", async () => {
  const names = [
    "../../config.json",
    "/config.json",
    "a/../config.json",
    "config.json\u001b[2J",
    7,
    null,
    "a\\config.json",
  ];
  const siblings = JSON.stringify(names.map((rfilename) => ({ rfilename })));
  const host = await hub((path) =>
    path.startsWith("/api/") ? (response) => response.end(`{"sha": "${COMMIT}", "siblings": ${siblings}}`) : undefined,
  );
  const { text, home } = await fetched(host);
  assert.match(text, /no config\.json; it has no files/);
  assert.not(existsSync(home), "nothing was written");
  assert.not(readdirSync(folder).includes("config.json"));
});

test("sizes and hashes that are none are refused by name", async () => {
  const head = (headers: Record<string, string>) =>
    hub((path, method) =>
      path.endsWith("config.json") && method === "HEAD"
        ? (response) => response.writeHead(302, { location: "/elsewhere", ...headers }).end()
        : undefined,
    );
  const sha = "b".repeat(64);
  for (const size of ["-5", "1e20", "99999999999999999999", "NaN", ""]) {
    const host = await head({ "x-linked-etag": `"${sha}"`, "x-linked-size": size });
    assert.match((await fetched(host)).text, `config.json: ${host} says that its size is "${size}"`);
  }
  for (const hash of [sha.slice(1), `${sha}b`, sha.toUpperCase(), "../../../etc/passwd"]) {
    const host = await head({ "x-linked-etag": `"${hash}"`, "x-linked-size": "5" });
    assert.match((await fetched(host)).text, /the hub gives no hash/);
  }
});

test("another commit than was asked for is not taken", async () => {
  const host = await hub(() => undefined);
  const environment = readHubEnvironment({ HF_HOME: join(folder, "commit"), HF_ENDPOINT: `http://${host}` });
  const revision = "c".repeat(40);
  const text = await line(fetchModel({ kind: "repo", repo: "own/tiny", revision }, { environment }));
  assert.match(text, `was asked for commit ${revision} and answers with ${COMMIT}`);
});

test("a mirror that sends elsewhere: who answered what for which file, without the query", async () => {
  const away = await http((_, response) => response.writeHead(404).end());
  const to = (part: string) =>
    hub((path) =>
      path.includes(part)
        ? (response) => response.writeHead(302, { location: `http://${away}/x${path}?sig=SECRET` }).end()
        : undefined,
    );
  const listing = await fetched(await to("/api/"), { HF_TOKEN: "hf_SECRETSECRET" });
  assert.match(
    listing.text,
    new RegExp(`own/tiny: the list of its files at http://${away}/x/api/.*: ${away} answered 404`),
  );
  const file = await fetched(await to("config.json"));
  assert.match(file.text, new RegExp(`own/tiny: config\\.json at http://${away}/x/own/tiny/.*: ${away} answered 404`));
  for (const { text } of [listing, file]) {
    assert.not.match(text, "undefined");
    assert.not.match(text, "SECRET");
  }
});

test("redirects in a circle, out of the web, or to no address: said at once, without passwords", async () => {
  const to = (location: string) => http((_, response) => response.writeHead(302, { location }).end());
  const host = await to("file:///etc/passwd");
  assert.match(
    (await fetched(host, { HF_ENDPOINT: `http://me:SECRET@${host}` })).text,
    /redirects lead nowhere: to file:, which/,
  );
  assert.match(await asked(`http://${await to("http://[")}/`), /to what is no address/);
  const round = await asked(`http://u:SECRET@${await to("/?token=SECRET")}/a`);
  assert.match(round, /\/a: redirects lead nowhere: 10 of them, and one more to http/);
  assert.not.match(round, "SECRET");
});

test("what no second try can mend is not tried again", async () => {
  let tries = 0;
  for (const status of [401, 403, 404, 410, 418]) {
    const host = await http((_, response) => {
      tries++;
      response.writeHead(status).end();
    });
    await fetched(host);
  }
  assert.is(tries, 5);
  const nonsense = await plain((socket) => {
    tries++;
    socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  });
  assert.match(await asked(`http://${nonsense}/`), /does not answer in HTTP \(HPE_/);
  assert.match(await asked(`https://${nonsense}/`), /does not speak TLS/);
  assert.is(tries, 7);
  const bad = client();
  assert.match(
    await line(bad.persist(() => bad.ask("GET", `http://${nonsense}/`, { authorization: "a\nb" }))),
    /ERR_INVALID_CHAR/,
  );
  assert.is(tries, 7);
  const text = (await fetched(nonsense, { HF_TOKEN: "hf_x\u0007y" })).text;
  assert.match(text, /the token in HF_TOKEN has the character U\+0007 at place 5/);
});

test("which failures pass", () => {
  const url = new URL("https://h.org/");
  const passes = (code: string) => failureOf(Object.assign(new Error("m"), { code }), url) instanceof Passing;
  for (const code of ["ECONNRESET", "ETIMEDOUT", "EPIPE", "EAI_AGAIN", "ECONNABORTED", "HPE_INVALID_EOF_STATE"]) {
    assert.ok(passes(code), code);
  }
  const lasting = ["ERR_INVALID_CHAR", "ERR_UNESCAPED_CHARACTERS", "ERR_INVALID_URL", "ERR_HTTP_INVALID_HEADER_VALUE"];
  const certificates = [
    "CERT_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ];
  for (const code of [
    ...lasting,
    ...certificates,
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "EPROTO",
    "HPE_INVALID_CONSTANT",
  ]) {
    assert.not(passes(code), code);
  }
});

test.run();
