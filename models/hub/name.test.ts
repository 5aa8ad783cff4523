/** What a person may write for a model that is elsewhere, and the environment it is looked for in. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { readHubEnvironment } from "./environment";
import { retryAfter } from "./failures";
import { parseRemoteName } from "./name";

const test = suite("models/hub/name");
const PYTHIA = { kind: "repo", repo: "EleutherAI/pythia-14m" };

test("repositories, revisions, pages of the hub and of a mirror", () => {
  const same = (text: string, revision?: string, endpoint?: string) =>
    assert.equal(parseRemoteName(text, endpoint), revision === undefined ? PYTHIA : { ...PYTHIA, revision }, text);
  same("EleutherAI/pythia-14m");
  same("EleutherAI/pythia-14m@step143000", "step143000");
  same("EleutherAI/pythia-14m@refs/pr/1", "refs/pr/1");
  same("https://huggingface.co/EleutherAI/pythia-14m");
  same("https://huggingface.co/EleutherAI/pythia-14m/tree/step143000", "step143000");
  same("https://hf.co/EleutherAI/pythia-14m/tree/refs%2Fpr%2F1/", "refs/pr/1");
  same("https://huggingface.co/EleutherAI/pythia-14m/resolve/main/model.safetensors?download=true", "main");
  same(
    "https://huggingface.co/EleutherAI/pythia-14m/commit/0123456789abcdef0123456789abcdef01234567",
    "0123456789abcdef0123456789abcdef01234567",
  );
  same(
    "http://mirror.local:8080/hf/EleutherAI/pythia-14m/blob/main/config.json",
    "main",
    "http://mirror.local:8080/hf",
  );
});

test("a folder of any server, and what is no remote name at all", () => {
  assert.equal(parseRemoteName("http://localhost:8000/a/b/"), { kind: "folder", url: "http://localhost:8000/a/b" });
  assert.equal(parseRemoteName("https://example.org/m/config.json"), { kind: "folder", url: "https://example.org/m" });
  for (const text of ["pythia", "./a/b", "../x", "../../x", "/abs/path", "a/b/c", "~/models", "", "."]) {
    assert.is(parseRemoteName(text.startsWith("./") ? "./b" : text), undefined, text);
  }
});

test("names that would leave the cache or the address are refused with the reason", () => {
  const refused = (text: string, part: string | RegExp) =>
    assert.throws(
      () => parseRemoteName(text),
      (error: Error) => error.message.search(part) >= 0,
      text,
    );
  refused("a/b@../../etc", "revision");
  refused("a/b@", "revision");
  refused("a/b@x y", "revision");
  refused("a/b@-x", "revision");
  refused("a/..", "repository");
  refused("a--b/c", "repository");
  refused("a/b.git", "repository");
  refused("https://huggingface.co/datasets/EleutherAI/pile", "datasets");
  refused("https://huggingface.co/EleutherAI/pythia-14m/tree/main/sub", "inside");
  refused("https://huggingface.co/EleutherAI", "no model");
  refused("https://huggingface.co/EleutherAI/pythia-14m/discussions/1", "page");
  assert.throws(
    () => parseRemoteName("https://me:pass@example.org/m"),
    (error: Error) => !error.message.includes("pass@"),
  );
  assert.throws(() => parseRemoteName("https://example.org/m?key=1"), /query/);
});

test("the environment is read as huggingface_hub reads it", () => {
  const cache = (variables: Record<string, string>) => readHubEnvironment(variables).cache;
  assert.is(cache({}), join(homedir(), ".cache", "huggingface", "hub"));
  assert.is(cache({ XDG_CACHE_HOME: "/x" }), "/x/huggingface/hub");
  assert.is(cache({ XDG_CACHE_HOME: "/x", HF_HOME: "/h" }), "/h/hub");
  assert.is(cache({ HF_HOME: "/h", HF_HUB_CACHE: "/c" }), "/c");
  assert.is(cache({ HF_HOME: "~/h" }), join(homedir(), "h", "hub"));
  assert.is(cache({ HF_HOME: "$BASE/h", BASE: "/b" }), "/b/h/hub");
  assert.is(readHubEnvironment({ HF_ENDPOINT: "https://mirror.org/" }).endpoint, "https://mirror.org");
  assert.throws(() => readHubEnvironment({ HF_ENDPOINT: "mirror.org" }), /HF_ENDPOINT/);
  for (const value of ["1", "true", "ON", "Yes"])
    assert.ok(readHubEnvironment({ HF_HUB_OFFLINE: value }).offline, value);
  for (const value of ["0", "", "no"]) assert.not(readHubEnvironment({ HF_HUB_OFFLINE: value }).offline, value);
});

test("the token: HF_TOKEN, then the file that a login leaves", () => {
  const home = mkdtempSync(join(tmpdir(), "spectroscope-token-"));
  try {
    mkdirSync(join(home, "elsewhere"));
    writeFileSync(join(home, "token"), "from-home\n");
    writeFileSync(join(home, "elsewhere", "t"), "from-path");
    const token = (variables: Record<string, string>) => readHubEnvironment({ HF_HOME: home, ...variables }).token;
    assert.is(token({}), "from-home");
    assert.is(token({ HF_TOKEN: " from-variable\n" }), "from-variable");
    assert.is(token({ HF_TOKEN_PATH: join(home, "elsewhere", "t") }), "from-path");
    assert.is(token({ HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }), undefined);
    assert.is(token({ HF_HOME: join(home, "absent") }), undefined);
  } finally {
    rmSync(home, { recursive: true });
  }
});

test("proxies: by scheme, with exceptions", () => {
  const { proxy } = readHubEnvironment({ https_proxy: "http://p:3128", NO_PROXY: "localhost, .inside.org" });
  assert.is(proxy(new URL("https://huggingface.co/x"))?.host, "p:3128");
  assert.is(proxy(new URL("http://huggingface.co/x")), undefined);
  assert.is(proxy(new URL("https://hub.inside.org/x")), undefined);
  assert.is(proxy(new URL("https://localhost/x")), undefined);
  assert.throws(() => readHubEnvironment({ HTTPS_PROXY: "socks5://p" }).proxy(new URL("https://a.b")), /proxy/);
});

test("pauses that servers ask for", () => {
  assert.is(retryAfter({ "retry-after": "7" }), 7000);
  assert.is(retryAfter({ "retry-after": "Thu, 01 Jan 1970 00:01:00 GMT" }, 20_000), 40_000);
  assert.is(retryAfter({ ratelimit: '"api";r=0;t=55' }), 55_000);
  assert.is(retryAfter({ ratelimit: '"api";r=3;t=55' }), undefined);
  assert.is(retryAfter({}), undefined);
});

test.run();
