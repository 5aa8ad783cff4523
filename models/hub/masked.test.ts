/** No message holds a password or a token, wherever it was written. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { checkedToken, readHubEnvironment } from "./environment";
import { failureOf } from "./failures";
import { masked, maskedName, maskedSetting, shownUrl } from "./masked";
import { parseRemoteName } from "./name";

const test = suite("models/hub/masked");

function line(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    return String((error as { line?: string }).line ?? (error as Error).stack);
  }
  return "no error";
}

test("settings that should be addresses, and are anything", () => {
  const cases: [setting: string, shown: string][] = [
    ["socks5://user:SECRET@127.0.0.1:1", "socks5://***@127.0.0.1:1"],
    ["http://SECRET@host:3128/", "http://***@host:3128/"],
    ["user:SECRET@host:3128", "***@host:3128"],
    ["http://u:SECRET@with/slash@host", "http://***@host"],
    ["HTTPS://u:p?SECRET@host", "HTTPS://***@host"],
    ["https://host/x?token=SECRET", "https://host/x?…"],
    ["https://host/a/b", "https://host/a/b"],
    ["https://host/#SECRET", "https://host/#…"],
    ["host", "host"],
  ];
  for (const [setting, shown] of cases) assert.is(maskedSetting(setting), shown);
});

test("names of models that are wrong", () => {
  const cases: [name: string, shown: string][] = [
    ["ftp://u:SECRET@host/x", "ftp://***@host/x"],
    ["https:/u:SECRET@hf.co/a", "***@hf.co/a"],
    ["http//u:SECRET@host/x", "***@host/x"],
    ["hf://u:SECRET@a/b", "hf://***@a/b"],
    ["owner/name@step1000", "owner/name@step1000"],
    ["https://host/owner/name@rev", "https://host/owner/name@rev"],
    ["owner/name/@", "owner/name/@"],
  ];
  for (const [name, shown] of cases) assert.is(maskedName(name), shown);
});

test("text of others, with addresses in it", () => {
  assert.is(masked("GET https://u:SECRET@h.org/a?sig=SECRET failed"), "GET https://***@h.org/a?… failed");
  assert.is(masked("a/b@main and https://h.org/o/n@rev"), "a/b@main and https://h.org/o/n@rev");
  assert.is(masked("hf_abcdefGHIJ and Bearer SECRET"), "hf_*** and Bearer ***");
  assert.is(shownUrl("https://u:SECRET@h.org:81/a/b?X-Signature=SECRET#c"), "https://h.org:81/a/b?…");
});

test("endpoints, proxies, URLs of models and tokens that are wrong", () => {
  const proxied = (https_proxy: string) => readHubEnvironment({ https_proxy }).proxy(new URL("https://a.b/"));
  const lines = [
    line(() => proxied("socks5://user:SECRET@p:1")),
    line(() => proxied("user:SECRET@p:1")),
    line(() => proxied("http://user:SECRET@p:notaport")),
    line(() => readHubEnvironment({ HF_ENDPOINT: "ftp://me:SECRET@h" })),
    line(() => readHubEnvironment({ HF_ENDPOINT: "https://me:SECRET@h:notaport" })),
    line(() => readHubEnvironment({ HF_ENDPOINT: "https://h/?token=SECRET" })),
    line(() => parseRemoteName("https://me:SECRET@h/m")),
    line(() => parseRemoteName("https://me:SECRET@h:notaport/m")),
    line(() => parseRemoteName("https://h/m?token=SECRET")),
    line(() => parseRemoteName("https:/me:SECRET@h")),
    line(() => parseRemoteName("https://hf.co/datasets/x?token=SECRET")),
    line(() => checkedToken(readHubEnvironment({ HF_TOKEN: "hf_SECRET…" }))),
    failureOf(new Error("connect https://me:SECRET@h/?q=SECRET"), new URL("https://me:SECRET@h/")).message,
  ];
  for (const text of lines) {
    assert.not.match(text, "SECRET");
    assert.not.match(text, /^no error|\n/);
  }
  assert.match(lines[11], /token in HF_TOKEN has the character U\+2026 at place 10/);
});

test("a name and a password of the endpoint are its server's, and stand nowhere else", () => {
  const { endpoint, login } = readHubEnvironment({ HF_ENDPOINT: "https://me:p%40ss@mirror.org/hf/" });
  assert.is(endpoint, "https://mirror.org/hf");
  assert.is(login, `Basic ${Buffer.from("me:p@ss").toString("base64")}`);
});

test("a % that begins no letter is no address", () => {
  for (const text of ["https://hf.co/%zz/b", "https://huggingface.co/a/b/tree/%E0%A4%A", "http://h.org/%/x"]) {
    assert.match(
      line(() => parseRemoteName(text)),
      /is no address: a % in it/,
    );
  }
});

test("a user without a home has caches where variables name them", () => {
  const { HOME } = process.env;
  process.env.HOME = "";
  try {
    const named = readHubEnvironment({ HF_HUB_CACHE: "/c" });
    assert.equal([named.cache, named.assets, named.token], ["/c", undefined, undefined]);
    assert.is(readHubEnvironment({ XDG_CACHE_HOME: "/x" }).cache, "/x/huggingface/hub");
    assert.is(readHubEnvironment({}).cache, undefined);
    assert.match(
      line(() => readHubEnvironment({ HF_HOME: "~/h" })),
      /no home for the "~" in "~\/h"/,
    );
  } finally {
    process.env.HOME = HOME;
    if (HOME === undefined) delete process.env.HOME;
  }
});

test("long texts without anything to mask take no time", () => {
  for (const part of [":", "a.", "a://", "a:b", "@:", "http://", "hf_", "?#"]) {
    const text = part.repeat(200_000 / part.length);
    const start = process.cpuUsage();
    maskedName(text);
    masked(text);
    maskedSetting(text);
    const { user } = process.cpuUsage(start);
    assert.ok(user < 1e6, `${part}: ${user / 1e6} s`);
  }
});

test.run();
