/** What a graph's file is, told by its content first and by its name second; forms that are not read are refused by name. */
import { SpectroscopeError } from "../../kernels/errors";
import { type Dialect, Lines } from "./delimited";
import type { EdgeLayout } from "./edge-layout";
import { isGml } from "./gml";
import { isMatrixMarket } from "./matrix-market";
import { fitsMetis } from "./metis";

export type GraphFormat = "edge list" | "GML" | "KONECT" | "Matrix Market" | "METIS";

const networkx = (read: string) =>
  `write an edge list: networkx.write_edgelist(networkx.${read}, "edges.txt", delimiter="\\t", data=["weight"])`;

/** Texts of other forms by how they begin, lower-case; the more special first. */
const OTHER_TEXTS: readonly (readonly [begins: RegExp, name: string, hint: string])[] = [
  [/^(?=<)[\s\S]{0,4000}?<graphml/, "GraphML", networkx("read_graphml(FILE)")],
  [/^(?=<)[\s\S]{0,4000}?<gexf/, "GEXF", networkx("read_gexf(FILE)")],
  [/^<!doctype html|^<html/, "HTML, not a graph", "download the file itself"],
  [/^<\?xml|^<!--|^<!doctype|^<[a-z]+[\s>]/, "XML", "write an edge list: two ids a line"],
  [/^\*(vertices|network|arcs|edges|matrix)\b/, "Pajek", networkx("Graph(networkx.read_pajek(FILE))")],
  [
    /^(\/\*[^*]{0,2000}\*\/\s*|\/\/[^\n]{0,500}\n\s*){0,20}(strict\s+)?(di)?graph(\s+("[^"\n]{0,200}"|[\w.-]{1,200}))?\s*\{/,
    "DOT",
    networkx("Graph(networkx.nx_pydot.read_dot(FILE))"),
  ],
  [/^\{[\s\S]{0,8000}?"elements"\s*:\s*\{\s*"nodes"/, "JSON", networkx("cytoscape_graph(json.load(open(FILE)))")],
  [/^\{\s*("|\})/, "JSON", networkx("node_link_graph(json.load(open(FILE)))")],
  [/^\[\s*(\[|\{)/, "JSON", networkx("from_edgelist(json.load(open(FILE)))")],
  [/^(dl|DL)\s+n\s*=/, "UCINET's DL", "write an edge list: two ids a line"],
  [/^nodedef\s*>/, "GDF", "write an edge list: source,target,weight"],
  [/^>>graph6<</, "graph6", networkx("read_graph6(FILE)")],
  [/^>>sparse6<</, "sparse6", networkx("read_sparse6(FILE)")],
  [
    /^(c[ \t\r][^\n]{0,1000}\n|c\n){0,50}p\s+(edge|edges|col|sp|max|min|asn|aux)\s+/,
    "DIMACS",
    `write its lines of edges: awk '$1=="e" || $1=="a" {print $2, $3}'`,
  ],
];

/** @throws SpectroscopeError for text of a form that is not read, by its name */
function refuseOtherTexts(bytes: Uint8Array, file: string): void {
  const begin = new TextDecoder("latin1")
    .decode(bytes.subarray(bytes[0] === 0xef ? 3 : 0, 8192))
    .replace(/^\s+/, "")
    .toLowerCase();
  const match = OTHER_TEXTS.find(([pattern]) => pattern.test(begin));
  if (match) throw new SpectroscopeError(`${file}: is ${match[1]}, which is not read`, { hint: match[2] });
}

/** Text of two bytes a character without a mark, by its zeros. */
function refuseUnmarkedWide(bytes: Uint8Array, file: string): void {
  const part = bytes.subarray(0, 4096);
  if (!part.includes(0)) return;
  const zeros = [0, 0];
  for (let i = 0; i < part.length; i++) if (part[i] === 0) zeros[i & 1]++;
  const half = part.length / 2;
  for (const [odd, name] of [
    [1, "utf-16le"],
    [0, "utf-16be"],
  ] as const)
    if (zeros[odd] > 0.6 * half && zeros[1 - odd] === 0)
      throw new SpectroscopeError(`${file}: is UTF-16 without a mark, only UTF-8 is read`, {
        hint: `save it as UTF-8 (iconv -f ${name} -t utf-8)`,
      });
  throw new SpectroscopeError(`${file}: is neither text nor .npz`, { hint: "give an edge list or a .npz" });
}

/** The first line of KONECT: symmetric or not, and what its weights are. */
const KONECT =
  /^%\s*(sym|asym|bip)\s+(unweighted|positive|posweighted|signed|multisigned|weighted|multiweighted|dynamic|multiposweighted)\b/i;

/** Ends of names, without what gzip adds. */
const BY_NAME: readonly (readonly [RegExp, GraphFormat])[] = [
  [/\.(graph|metis)$/i, "METIS"],
  [/\.gml$/i, "GML"],
  [/\.mtx$/i, "Matrix Market"],
];

/** @throws SpectroscopeError for a form that is not read */
export function graphFormat(bytes: Uint8Array, file: string): GraphFormat {
  refuseUnmarkedWide(bytes, file);
  if (isMatrixMarket(bytes)) return "Matrix Market";
  refuseOtherTexts(bytes, file);
  if (isGml(bytes)) return "GML";
  const konect = konectKind(bytes);
  if (konect !== undefined) {
    if (konect === "bip")
      throw new SpectroscopeError(`${file}: is a bipartite graph of KONECT: ids of both sides are other nodes`, {
        hint: `name them apart: awk '!/^%/ {print "a" $1, "b" $2}' out.NAME > edges.txt`,
      });
    return "KONECT";
  }
  if (fitsMetis(bytes)) return "METIS";
  const name = file.replace(/\.gz$/i, "");
  return BY_NAME.find(([end]) => end.test(name))?.[1] ?? "edge list";
}

/** What kind of graph the first line of KONECT says; nothing where it is none. */
export function konectKind(bytes: Uint8Array): string | undefined {
  const start = bytes[0] === 0xef ? 3 : 0;
  const line = new TextDecoder("latin1").decode(bytes.subarray(start, start + 200)).split(/[\r\n]/)[0];
  return KONECT.exec(line)?.[1].toLowerCase();
}

/** Columns of KONECT: ends, a weight, a time. */
export function konectLayout(bytes: Uint8Array): EdgeLayout {
  const dialect: Dialect = { separator: 0, quotes: false, percent: true };
  const lines = new Lines(bytes, "", dialect);
  const fields = lines.next() ? Math.min(Math.max(lines.count, 2), 4) : 2;
  const names = ["from", "to", "weight", "time"].slice(0, fields);
  const columns = { ends: [0, 1] as const, ...(fields > 2 ? { weight: 2 } : {}), ignored: fields > 3 ? [3] : [] };
  return { dialect, fields, columns, names, doubtful: false };
}
