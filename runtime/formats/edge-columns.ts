/** Which columns of an edge list are the ends and the weight, by the names of its header. */
import { isNumber } from "./decimal";
import { shownList } from "./text";

/** What each column is taken for; columns count from 0. */
export interface EdgeColumns {
  readonly ends: readonly [number, number];
  readonly weight?: number;
  /** Columns that are not read. */
  readonly ignored: readonly number[];
}

/** Why columns cannot be told, and the way on. */
export interface InDoubt {
  readonly doubt: string;
  readonly hint: string;
}

/** Names of two ends that go together, letters and digits only; what comes first is looked for first. */
const PAIRS: readonly (readonly [string, string])[] = (
  "source target,sourceid targetid,sourcenode targetnode,from to,fromid toid,fromnode tonode,fromnodeid tonodeid,src dst,src dest,srcid dstid," +
  "source destination,source dest,source sink,origin destination,orig dest,start end,startid endid,startnode endnode,begin end,tail head,u v,i j," +
  "row col,row column,sender receiver,sender recipient,follower followee,citing cited,parent child,subject object," +
  "left right,ego alter,user friend,caller callee,actor partner,one two,first second,p q,s t,x y"
)
  .split(",")
  .map((pair) => pair.split(" ") as [string, string]);

const WEIGHTS = new Set(
  (
    "weight weights w wt value val count counts cnt frequency freq strength score similarity sim edgeweight weightvalue " +
    "multiplicity combinedscore numedges correlation corr"
  ).split(" "),
);

/** Names of columns that count the lines. */
const INDEX = new Set(
  "index idx id ids eid edge edgeid linkid rowid rowname rownames rownumber number no nr unnamed0".split(" "),
);

/** Names of columns that say something else of an edge than how strong it is. */
const OTHERS = new Set(
  "type kind label labels name time timestamp date datetime year month day directed relation color key comment note interaction".split(
    " ",
  ),
);

const plain = (name: string) => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
const isIndex = (name: string) => name.trim() === "" || INDEX.has(plain(name));
const isWeight = (name: string) => WEIGHTS.has(plain(name));

/** Where the first pair of names that go together stands. */
function pairAt(words: readonly string[]): [number, number] | undefined {
  for (const [a, b] of PAIRS) {
    const i = words.indexOf(a);
    const j = words.indexOf(b);
    if (i >= 0 && j >= 0) return i < j ? [i, j] : [j, i];
  }
  return undefined;
}

/** The first pair of names that go together; of one beginning with 1 and 2, or a and b, too: node1 and node2. */
function namedEnds(names: readonly string[]): [number, number] | undefined {
  const words = names.map(plain);
  const pair = pairAt(words);
  if (pair) return pair;
  for (const [one, two] of ["12", "ab", "xy", "01"]) {
    for (let i = 0; i < words.length; i++) {
      for (const other of counterparts(words[i], one, two)) {
        const j = words.indexOf(other);
        if (j >= 0 && !WEIGHTS.has(words[i].replace(one, ""))) return i < j ? [i, j] : [j, i];
      }
    }
  }
  return undefined;
}

/** `node1id` of 1 and 2: `node2id`. */
function* counterparts(word: string, one: string, two: string): Generator<string> {
  if (word.endsWith(one)) yield word.slice(0, -1) + two;
  for (const last of ["id", "name"]) if (word.endsWith(one + last)) yield word.slice(0, -1 - last.length) + two + last;
}

/** Whether a line of words names ends. */
export const namesEnds = (names: readonly string[]): boolean => namedEnds(names) !== undefined;

/** Whether words are a header where nodes have names too: a pair that goes together, of more than the letters that nodes are named by. */
export function namesPair(names: readonly string[]): boolean {
  const words = names.map(plain);
  const pair = pairAt(words);
  return pair?.every((at) => words[at].length > 1) ?? false;
}

/** Whether a header names a column that counts lines first: pandas leaves it without a name. */
export const beginsWithIndex = (names: readonly string[]): boolean =>
  (names[0] ?? "").trim() === "" || plain(names[0]) === "unnamed0";

const listed = (names: readonly string[]) => shownList(names.map((name) => (name === "" ? '""' : name)));

/**
 * Columns by their names. A row number is never taken for an end, and a column is a weight only when it is named as one, or where
 * it is the third of three.
 * @param names of every column
 * @param values some rows of fields, to tell words from numbers
 */
export function edgeColumns(names: readonly string[], values: readonly (readonly string[])[]): EdgeColumns | InDoubt {
  const hint = "name the ends source and target and the weight weight, and leave out other columns";
  const all = names.map((_, column) => column);
  const doubt = (what: string): InDoubt => ({ doubt: `columns are ${listed(names)}: ${what}`, hint });
  const ends = namedEnds(names) ?? unnamedEnds(names);
  if (!ends) return doubt("which two are the ends is not said");
  const rest = all.filter((column) => !ends.includes(column));
  const weights = rest.filter((column) => isWeight(names[column]));
  const exact = weights.filter((column) => ["weight", "weights"].includes(plain(names[column])));
  const weight = exact.length === 1 ? exact[0] : weights[0];
  if (exact.length !== 1 && weights.length > 1) return doubt("more than one may be the weight");
  const ignored = rest.filter((column) => column !== weight);
  if (weight === undefined) {
    const known = (column: number) => isIndex(names[column]) || OTHERS.has(plain(names[column]));
    const numbers = ignored.filter((column) => !known(column) && values.some((row) => isNumber(row[column] ?? "")));
    if (numbers.length > 0)
      return doubt(`whether ${listed(numbers.map((column) => names[column]))} is a weight is not said`);
  }
  return { ends, ...(weight === undefined ? {} : { weight }), ignored };
}

/** Of two columns both, of more the two that are left beside a weight and an index. */
function unnamedEnds(names: readonly string[]): [number, number] | undefined {
  const left = names.map((_, column) => column).filter((column) => !isWeight(names[column]));
  const ends = left.filter(
    (column) => !(beginsWithIndex([names[column]]) || (names.length > 2 && isIndex(names[column]))),
  );
  if (ends.length !== 2) return undefined;
  return [ends[0], ends[1]];
}
