/** The page of a clustering tells what was given, lets no text of it become markup, loads nothing and runs without a complaint. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { graphFromEdges } from "../../../kernels/graph/csr";
import { layOut } from "../../../runtime/cluster/layout/layout";
import { suite } from "../../test/suite";
import type { ClusteringData, ReportCluster } from "./data";
import type { ClusteringPage } from "./page-data";
import { renderClustering } from "./render";

const test = suite("report/clustering");

const HOSTILE = [
  "</script><script>alert(1)</script>",
  "<img src=x onerror=alert(2)>",
  "\"'><b>&amp;",
  "\u202ertl",
  "a\u2028b",
  "--><!--",
  `\${page}\`\\`,
  "\ud800",
  "",
  "  ",
  "__proto__",
  "x".repeat(500),
];

const cliqueEnds = (from: number, size: number) => {
  const ends: number[] = [];
  for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) ends.push(from + a, from + b);
  return ends;
};

/** Two cliques of 12 and 20 and a bridge, five nodes in the body, of which one has no edge. */
function sample(more: Partial<ClusteringData> = {}): ClusteringData {
  const n = 37;
  const graph = graphFromEdges(n, [
    ...cliqueEnds(0, 12),
    ...cliqueEnds(12, 20),
    11,
    12,
    32,
    33,
    33,
    34,
    34,
    35,
    35,
    31,
  ]);
  const cluster = (id: number, from: number, size: number): ReportCluster => ({
    ...{ id, size, conductance: 1 / (size * (size - 1) + 1), seed: from, excess: 0.9, recurrence: 0.5 },
    ...{ members: Array.from({ length: size }, (_, i) => from + i), sweep: [1, 0.8, 0.5, 0.2, 0.01, 0.4] },
  });
  return {
    ...{ version: "1.2.3", title: "Clusters of <a&b>.tsv", unit: ["node", "nodes"], fromPoints: false, n, graph },
    ...{ facts: [["File", "<a&b>.tsv"]], clusters: [cluster(0, 12, 20), cluster(1, 0, 12)] },
    ...{ names: Array.from({ length: n }, (_, v) => HOSTILE[v % HOSTILE.length]), positions: layOut(graph) },
    labels: {
      numbers: Int32Array.from({ length: n }, (_, v) => (v < 12 ? 0 : v < 30 ? 1 : v < 33 ? 2 : -1)),
      names: HOSTILE.slice(0, 3),
    },
    ...{ scores: [["ARI", 0.8125]], minCount: 2, config: { seed: 1, "<k>": "<v>" } },
    ...{ advice: ["look <here>"], leftOut: ["self-loops: 3"] },
    ...more,
  };
}

const pageOf = (text: string): ClusteringPage =>
  JSON.parse(/<script type="application\/json" id="page-data">(.*?)<\/script>/s.exec(text)![1]);
const sectionsOf = (text: string) => [...text.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id);

function decoded(text: string, size: 2 | 4): number[] {
  const bytes = Buffer.from(text, "base64");
  return Array.from({ length: bytes.length / size }, (_, i) => bytes.readUIntLE(size * i, size));
}

test("sections, counts, members from the strongest to the weakest, labels with their shares", () => {
  const text = renderClustering(sample());
  assert.equal(sectionsOf(text), ["found", "map", "labels", "clusters", "how"]);
  assert.match(text, /32 nodes, 86\.5\u2009%/);
  assert.match(text, /12 to 20, median 20/);
  const [first, second] = [...text.matchAll(/<article class="card"[\s\S]*?<\/article>/g)].map(String);
  assert.match(first, /<b>20 nodes<\/b>, 54\.1\u2009%/);
  // 20 members: groups of five; of 12 all are told. Two of the twenty have an edge that leaves: 19 of 20 edges stay.
  assert.equal(
    [...first.matchAll(/<th scope="colgroup"[^>]*>([^<]*)</g)].map(([, title]) => title),
    ["strongest", "about the median", "weakest"],
  );
  const shares = (card: string) =>
    [.../<table class="members">([\s\S]*?)<\/table>/.exec(card)![1].matchAll(/class="number">(\d+)/g)].map(
      ([, x]) => +x,
    );
  assert.equal(shares(first), [...new Array(13).fill(100), 95, 95]);
  assert.equal(shares(second), [...new Array(11).fill(100), 92]);
  // 18 of its 20 members have label 1, and all that have it; 2 of 3 of label 2.
  assert.match(first, />18<\/td><td class="number">90\u2009%<\/td><td class="number">100\u2009%/);
  assert.match(first, />2<\/td><td class="number">10\u2009%<\/td><td class="number">67\u2009%/);
  assert.match(text, /<dt>ARI<\/dt><dd>0\.813<\/dd>/);
  // F1 of label 1 and the first cluster: 2 * 18 / (18 + 20).
  assert.match(text, /<td class="number">18<\/td><td class="number">0\.95<\/td>/);
  for (const said of ["look &lt;here&gt;", "self-loops: 3", "&lt;k&gt;", "&lt;v&gt;"])
    assert.ok(text.includes(said), said);
});

test("the map holds every point with its cluster and label, and small graphs their edges", () => {
  const data = sample();
  const { map, clusters, names } = pageOf(renderClustering(data));
  assert.is(map!.n, 37);
  const groups = decoded(map!.group, 2);
  assert.equal(groups, [...new Array(12).fill(2), ...new Array(20).fill(1), 0, 0, 0, 0, 0]);
  assert.equal(
    decoded(map!.label!, 2),
    Array.from(data.labels!.numbers, (label) => label + 1),
  );
  assert.is(decoded(map!.edges!, 4).length, data.graph!.neighbors.length);
  assert.is(names!.length, 37);
  assert.equal(
    clusters.map(({ id, size }) => [id, size]),
    [
      [0, 20],
      [1, 12],
    ],
  );
  // Quantized places keep distances: one factor for both axes.
  const steps = decoded(map!.xy, 2);
  const at = data.positions!;
  const along = (v: number, u: number, axis: number) => [
    steps[2 * v + axis] - steps[2 * u + axis],
    at[2 * v + axis] - at[2 * u + axis],
  ];
  const [dx, dy] = [along(0, 20, 0), along(0, 20, 1)];
  assert.ok(Math.abs(dx[0] / dx[1] / (dy[0] / dy[1]) - 1) < 1e-3);
  assert.is(Math.max(...steps), 65535);
});

test("hostile names, labels and titles stay text", () => {
  const text = renderClustering(sample());
  const body = text.replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, "");
  assert.not.match(body, /<img|<b>&amp;amp|alert\(1\)<\/script/);
  // Tags without the quoted values of their attributes: no attribute came with a text.
  for (const [tag] of body.matchAll(/<[a-zA-Z](?:"[^"]*"|[^">])*>/g))
    assert.not.match(tag.replace(/"[^"]*"/g, ""), /\son|\ssrc|alert/);
  assert.is([...text.matchAll(/<script/g)].length, 2);
  assert.is([...text.matchAll(/<\/script/g)].length, 2);
  assert.not.match(text, /[\u202e\u2028\ud800](?![\udc00-\udfff])/);
  assert.match(text, /<title>Clusters of &lt;a&amp;b&gt;\.tsv<\/title>/);
  assert.is(pageOf(text).names![0], HOSTILE[0]);
  assert.ok(pageOf(text).names!.every((name) => name.length <= 80));
});

test("it loads nothing, and its policy allows its own style and script and nothing else", () => {
  const text = renderClustering(sample({ names: undefined, labels: undefined }));
  assert.not.match(text, /https?:\/\/|\ssrc=|@import|url\(|<iframe|<object|<embed|eval\(|new Function|\sstyle="/);
  for (const [, address] of text.matchAll(/\shref="([^"]*)"/g)) assert.match(address, /^(#|data:,$)/);
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(text)![1];
  const hash = (part: string) => `'sha256-${createHash("sha256").update(part).digest("base64")}'`;
  assert.ok(policy.includes(`style-src ${hash(/<style>([\s\S]*?)<\/style>/.exec(text)![1])};`));
  assert.ok(policy.includes(`script-src ${hash(/<script>([\s\S]*?)<\/script>/.exec(text)![1])};`));
  assert.match(policy, /default-src 'none'/);
  assert.not.match(policy, /unsafe/);
});

test("without clusters, a graph, names or labels there is a page that says so; the same data give the same text", () => {
  const none = sample({
    clusters: [],
    graph: undefined,
    positions: undefined,
    noMap: "No map <because>.",
    names: undefined,
  });
  const text = renderClustering({ ...none, labels: undefined, scores: undefined, fromPoints: true });
  assert.match(text, /No cluster was found/);
  assert.match(text, /No map &lt;because&gt;/);
  assert.equal(sectionsOf(text), ["found", "map", "clusters", "how"]);
  assert.is(renderClustering(sample()), renderClustering(sample()));
  assert.throws(() => renderClustering(sample({ names: ["a"] })), /1 names, expected 37/);
});

test("profiles of many columns are cut to the largest, with a word; many clusters have cards for the largest", () => {
  const profile = Float64Array.from({ length: 300 }, (_, c) => (c === 123 ? 9 : c / 1000));
  const [first] = sample().clusters;
  const text = renderClustering(sample({ clusters: [{ ...first, profile, profileError: profile.map(() => 0.1) }] }));
  assert.match(text, /<title>123: 9\.00 ± 0\.10<\/title>/);
  assert.not.match(text, /<title>0: /);
  assert.match(text, /the 60 largest of 300 columns/);
  const n = 400;
  const clusters = Array.from({ length: 200 }, (_, id) => ({
    ...first,
    id,
    seed: 2 * id,
    size: 2,
    members: [2 * id, 2 * id + 1],
  }));
  const graph = graphFromEdges(
    n,
    Array.from({ length: n }, (_, v) => v),
  );
  const many = renderClustering(
    sample({ n, clusters, graph, positions: layOut(graph), names: undefined, labels: undefined }),
  );
  assert.is([...many.matchAll(/<article/g)].length, 150);
  assert.match(many, /Cards are of the 150 largest of 200 clusters/);
  assert.is(pageOf(many).clusters.length, 200);
});

test("a map of 100,000 points with names is below 3 MB", (t) => {
  const n = 100_000;
  const positions = Float64Array.from({ length: 2 * n }, (_, i) => (i * 7919) % 100_003);
  const names = Array.from({ length: n }, (_, v) => `node-${v}`);
  const labels = {
    numbers: new Int32Array(n).map((_, v) => v % 50),
    names: Array.from({ length: 50 }, (_, i) => `label ${i}`),
  };
  const [first] = sample().clusters;
  const clusters = Array.from({ length: 1000 }, (_, id) => {
    const members = Array.from({ length: 60 }, (_, i) => 60 * id + i);
    return { ...first, id, seed: members[0], size: 60, members };
  });
  const text = renderClustering(sample({ n, positions, names, labels, clusters, graph: undefined }));
  t.note(`${(text.length / 1e6).toFixed(2)} MB, names told: ${pageOf(text).names !== undefined}`);
  assert.ok(Buffer.byteLength(text) < 3e6);
  const long = names.map((name) => name.padEnd(60, "x"));
  const cut = renderClustering(sample({ n, positions, names: long, labels, clusters, graph: undefined }));
  assert.is(pageOf(cut).names, undefined);
  assert.match(cut, /The map tells numbers in place of names/);
  assert.ok(Buffer.byteLength(cut) < 3e6);
});

/** A Chromium of this machine, if any. */
function browser(): string | undefined {
  return ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].find(
    (name) => spawnSync(name, ["--version"]).status === 0,
  );
}

test("Chromium runs the page without a complaint, and draws", (t) => {
  const name = browser() ?? t.skip("no Chromium on this machine");
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-page-"));
  try {
    const file = join(folder, "page.html");
    // The canvas is read back and told in the page's title, where the dump shows it: pixels of a color, as dots of clusters have.
    const probe = `addEventListener("load",()=>setTimeout(()=>{const c=document.querySelector(".plane canvas");const d=c.getContext("2d").getImageData(0,0,c.width,c.height).data;let n=0;for(let i=0;i<d.length;i+=4){const p=d.slice(i,i+3);if(d[i+3]>200&&Math.max(...p)-Math.min(...p)>60)n++}document.title="colored "+n},200))`;
    const text = renderClustering(sample());
    const hash = `'sha256-${createHash("sha256").update(probe).digest("base64")}'`;
    writeFileSync(
      file,
      text.replace("script-src ", `script-src ${hash} `).replace("</body>", `<script>${probe}</script></body>`),
    );
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${join(folder, "profile")}`];
    const dump = ["--enable-logging=stderr", "--virtual-time-budget=4000", "--dump-dom", `file://${file}`];
    const run = spawnSync(name, [...flags, ...dump], { encoding: "utf8", timeout: 60_000, maxBuffer: 2 ** 26 });
    assert.is(run.status, 0, run.stderr);
    assert.equal(
      run.stderr.split("\n").filter((line) => line.includes("CONSOLE")),
      [],
    );
    const colored = Number(/<title>colored (\d+)/.exec(run.stdout)?.[1]);
    t.note(`${colored} colored pixels on the canvas`);
    assert.ok(colored > 400);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
