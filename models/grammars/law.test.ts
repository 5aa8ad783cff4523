/** Laws of the embedded corpora that can be counted by hand, by formulas and loops that know nothing of how the law is found. */
import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { corpusOf, presetOf } from "../presets";
import { corpusSource, type Language } from "./corpus";
import { type Grammar, grammar } from "./grammar";
import { prefixLaw } from "./law";

const test = suite("models/grammars/law");
const nano = corpusOf("nano")!;
const iota = corpusOf("iota")!;

/** Ids of a text whose tokens are parted by blanks ("\n" is written as ¶), behind the start token. */
function idsOf(source: Language, text: string): number[] {
  const tokens = text === "" ? [] : text.split(" ").map((token) => (token === "¶" ? "\n" : token));
  return [source.start, ...tokens].map((token) => source.vocabulary.indexOf(token));
}

/** What may follow a text, by token. */
function following(source: Language, text: string): Record<string, number> {
  const ids = idsOf(source, text);
  // The law is of targets: some token has to stand where the law is asked for.
  const law = prefixLaw(source, [...ids, 0], ids.length + 1);
  const row = law.rows(ids.length - 1, ids.length) as Float64Array;
  const found = Object.fromEntries(
    [...row].map((q, id) => [source.vocabulary[id], q] as const).filter(([, q]) => q > 0),
  );
  if ("\n" in found) {
    found["¶"] = found["\n"] as number;
    delete found["\n"];
  }
  return found;
}

function follows(source: Language, text: string, expected: Record<string, number>): void {
  const found = following(source, text);
  assert.equal(Object.keys(found).sort(), Object.keys(expected).sort(), text);
  for (const [token, q] of Object.entries(expected))
    assert.ok(Math.abs((found[token] as number) - q) < 1e-12, `${text} -> ${token}: ${found[token]}, expected ${q}`);
}

/** Each of `tokens` (parted by blanks) with a like share of `mass`. */
const share = (mass: number, tokens: string) =>
  Object.fromEntries(tokens.split(" ").map((token, _, all) => [token, mass / all.length]));

/** What follows a prefix in a list of words (tokens are characters) as likely as each other. */
function counted(words: readonly string[], prefix: string): Record<string, number> {
  const counts: Record<string, number> = {};
  const fitting = words.filter((word) => word.startsWith(prefix));
  for (const word of fitting) {
    const next = word[prefix.length] as string;
    counts[next] = (counts[next] ?? 0) + 1 / fitting.length;
  }
  return counts;
}

const digits = [..."0123456789"];

test("nano: sums and differences", () => {
  follows(nano, "7 + 8 =", { 1: 1 });
  follows(nano, "7 + 8 = 1", { 5: 1 });
  follows(nano, "3 + 4 = 7", { "¶": 1 });
  // Three in five items add; a pair out of order is turned round before a subtraction: 7 - 3 has two ways, 7 - 7 has one.
  follows(nano, "7 +", share(1, digits.join(" ")));
  follows(nano, "7 -", { ...share(14 / 15, "0 1 2 3 4 5 6"), 7: 1 / 15 });
});

test("nano: english phrases agree, and a verb with the noun that it belongs to", () => {
  const nouns = ["cat dog bird king poet child", "cats dogs birds kings poets children"] as const;
  const adjectives = share(0.35, "old small red kind");
  const either = { ...share(0.25, "the"), ...share(0.375, "a this every"), ...share(0.375, "some these many") };
  follows(nano, "the", { ...adjectives, ...share(0.65, nouns.join(" ")) });
  follows(nano, "every", { ...adjectives, ...share(0.65, nouns[0]) });
  follows(nano, "the red", share(1, nouns.join(" ")));
  const verbs = { ...share(0.5, "sees likes helps knows"), ...share(0.5, "runs sleeps") };
  follows(nano, "the cat", {
    ...share(0.4, "near with of in"),
    that: 0.2,
    ...Object.fromEntries(Object.entries(verbs).map(([verb, q]) => [verb, 0.4 * q])),
  });
  follows(nano, "the cat near the dogs", verbs);
  follows(nano, "the cat that", share(1, "sees likes helps knows"));
  follows(nano, "the cat near", either);
  follows(nano, "the cat sees", either);
  follows(nano, "the cat runs", { ".": 1 });
  follows(nano, "the cat runs .", either);
});

test("nano: code declares each name once, and has one or two lines", () => {
  follows(nano, "def f ( x", { ",": 0.6, ")": 0.4 });
  follows(nano, "def f (", share(1, "a b c d e g h k m n p x y z"));
  follows(nano, "def f ( x ,", share(1, "a b c d e g h k m n p y z"));
  follows(nano, "def f ( x ) : ¶", { print: 1 / 3, let: 2 / 3 });
  follows(nano, "def f ( x ) : ¶ print ( x ) ; ¶", { return: 1 / 2, print: 1 / 6, let: 1 / 3 });
  follows(nano, "def f ( x ) : ¶ let y = x ; ¶ print (", share(1, "x y"));
  follows(nano, "def f ( x ) : ¶ let y = x +", { ...share(0.5, digits.join(" ")), x: 0.5 });
  follows(nano, "def f ( x ) : ¶ print ( x ) ; ¶ print ( x ) ; ¶", { return: 1 });
});

test("nano: progressions", () => {
  follows(nano, "[ 2 ,", share(1, "3 4 5 7 1 0"));
  follows(nano, "[ 2 , 5 ,", { 8: 1 });
  follows(nano, "[ 2 , 5", { ",": 1 });
  // Five to eight terms.
  [1 / 4, 1 / 3, 1 / 2, 1].forEach((end, more) => {
    const terms = [2, 5, 8, 1, 4, 7, 0, 3].slice(0, 5 + more).join(" , ");
    follows(nano, `[ ${terms}`, end === 1 ? { "]": 1 } : { "]": end, ",": 1 - end });
  });
});

test("nano: years, counted over all lives", () => {
  const lives: string[] = [];
  for (let born = 1700; born <= 1939; born++) for (let age = 20; age <= 60; age++) lives.push(`${born}-${born + age})`);
  const prefixes =
    "1,17,170,1815,1815-,1815-1,1815-18,1815-187,1885-1,1885-19,1859-1,1859-19,1859-191,1939-19,1939-199".split(",");
  for (const prefix of prefixes) follows(nano, `anna ( ${[...prefix].join(" ")}`, counted(lives, prefix));
  follows(nano, "anna ( 1 8 1 5 - 1 8 5 2 ) was a poet .", { anna: 0.6, "¶": 0.4 });
  follows(nano, "anna ( 1 8 1 5 - 1 8 5 2 ) was a poet . anna died in 1 8", { 5: 1 });
});

test("nano: maths", () => {
  const symbols = { ...share(0.7, "x y z n k"), ...share(0.3, "\\alpha \\beta \\gamma") };
  follows(nano, "$ \\sqrt {", symbols);
  follows(nano, "$ x", { "^": 0.35, "+": 0.65 * 0.15, "-": 0.65 * 0.15, "=": 0.65 * 0.7 });
  follows(nano, "$ x = y", { "^": 0.35, "+": 0.65 * 0.15, "-": 0.65 * 0.15, $: 0.65 * 0.7 });
  follows(nano, "$ \\frac { x + y }", { "{": 1 });
  follows(nano, "$ \\sqrt { x + y }", { "=": 1 });
});

test("nano: a list's marker goes on, or another list begins", () => {
  const line = (marker: number) => `${marker} . cats ¶`;
  const markers = (next: number, goesOn: number) => ({
    ...share(1 - goesOn, digits.join(" ")),
    [next]: goesOn + (1 - goesOn) / 10,
  });
  follows(nano, "4 . cats", { ",": 0.5, "¶": 0.5 });
  follows(nano, [4, 5].map(line).join(" "), { 6: 1 });
  // Three to six lines: the third is the last of one list in four.
  follows(nano, [4, 5, 6].map(line).join(" "), markers(7, 3 / 4));
  // A fourth line, 7: of the same list (of four, five or six lines), or the first of another that begins with 7 by chance.
  const [same, another] = [3 / 4, 1 / 4 / 10];
  follows(nano, [4, 5, 6, 7].map(line).join(" "), markers(8, ((same * 2) / 3 + another) / (same + another)));
  follows(nano, [4, 5, 6, 1].map(line).join(" "), { 2: 1 });
});

test("nano: a pattern of three to six, all different", () => {
  follows(nano, "k m", share(1, "a b c d e f g h n p x y z"));
  follows(nano, "3 1 4", { "|": 1 / 4, ...share(3 / 4, "0 2 5 6 7 8 9") });
  follows(nano, "3 1 4 5", { "|": 1 / 3, ...share(2 / 3, "0 2 6 7 8 9") });
  follows(nano, "3 1 4 5 9", { "|": 1 / 2, ...share(1 / 2, "0 2 6 7 8") });
  follows(nano, "3 1 4 5 9 2", { "|": 1 });
  follows(nano, "3 1 4 | 3 1", { 4: 1 });
  follows(nano, "3 1 4 | 3 1 4", { "|": 1 });
  follows(nano, "3 1 4 | 3 1 4 | 3 1 4", { "¶": 1 });
  follows(nano, "3 1 4 | 3 1 4 | 3 1 4 ¶", {
    ...share(0.6, "a b c d e f g h k m n p x y z"),
    ...share(0.4, digits.join(" ")),
  });
});

test("nano: the mode is open while the prefix leaves it open", () => {
  // A sum's first operand is any digit; a difference's is the larger of two: 2 d + 1 pairs of 100 have d for it.
  const operand = (d: number) => [0.6 / 10, (0.4 * (2 * d + 1)) / 100] as const;
  const start = following(nano, "");
  for (const d of digits) {
    const [sum, difference] = operand(Number(d));
    const q = (sum + difference + 1 / 10 + 0.4 / 10) / 8;
    assert.ok(Math.abs((start[d] as number) - q) < 1e-12, `${d}: ${start[d]}, expected ${q}`);
  }
  assert.ok(Math.abs((start.a as number) - (0.5 / 4 + 0.6 / 15) / 8) < 1e-12);
  const [sum, difference] = operand(7);
  const all = sum + difference + 1 / 10 + 0.4 / 10;
  follows(nano, "7", {
    "+": sum / all,
    "-": difference / all,
    ".": 0.1 / all,
    ...share(0.04 / all, "0 1 2 3 4 5 6 8 9"),
  });
  // "a" is a determiner and a letter.
  const [word, letter] = [1 / 8, 0.6 / 15].map((q, _, both) => q / (both[0] + both[1]));
  follows(nano, "a", {
    ...share(word * 0.35, "old small red kind"),
    ...share(word * 0.65, "cat dog bird king poet child"),
    ...share(letter, "b c d e f g h k m n p x y z"),
  });
});

test("iota: sorting, lookup, calendar, numerals, brackets", () => {
  follows(iota, "d a k >", { a: 1 });
  follows(iota, "d a k > a d", { k: 1 });
  follows(iota, "d a k", { ">": 1 / 3, ...share(2 / 3, "b c e f g h i j l") });
  follows(iota, "c 4 , a 7", { ",": 2 / 3, "?": 1 / 3 });
  follows(iota, "c 4 , a 7 ? a", { 7: 1 });
  follows(iota, "c 4 , a 7 ? a 7", { "?": 2 / 3, "|": 1 / 3 });
  follows(iota, "c 4 , a 7 ?", share(1, "c a"));
  follows(iota, "tue 3 may", { ",": 1 });
  follows(iota, "tue 3 may , wed 4 may", { ",": 2 / 3, "|": 1 / 3 });
  follows(iota, "sun 3 may ,", { mon: 1 });
  follows(iota, "x x i", { "=": 1 / 5, i: 2 / 5, v: 1 / 5, x: 1 / 5 });
  follows(iota, "5 week =", { 3: 1 });
  // One or two children of a group at depth 0, none to two deeper: after one leaf, another child of two in two groups.
  follows(iota, "( a", { ")": 1 / 2, ...share(1 / 8, "a b c d e f g h i j k l"), ...share(3 / 8, "( [ {") });
});

test("the law of a part is that part of the law, also after what was kept was forgotten", () => {
  const { ids } = nano.generate({ seed: 4, sequences: 200, context: 64 });
  const law = prefixLaw(nano, ids, 65);
  assert.is(law.contexts, 200 * 64);
  assert.is(law.tokens, nano.vocabulary.length);
  const whole = law.rows(0, law.contexts) as Float64Array;
  for (const [from, to] of [
    [0, 1],
    [63, 65],
    [100, 100],
    [199 * 64 + 7, 200 * 64],
  ] as const) {
    const piece = whole.slice(from * law.tokens, to * law.tokens);
    assert.equal(law.rows(from, to), piece);
    assert.equal(presetOf("nano")!.law({ ids, columns: 65 }).rows(from, to), piece);
  }
});

test("1,024 contexts take well under two seconds", (t) => {
  const { ids } = nano.generate({ seed: 5, sequences: 16, context: 64 });
  const cpu = process.cpuUsage();
  prefixLaw(nano, ids, 65).rows(0, 1024);
  const { user, system } = process.cpuUsage(cpu);
  t.note(`${Math.round((user + system) / 1000)} ms of the processor`);
  assert.ok(user + system < 2e6);
});

test("text that the grammars do not write is refused by row, position and token", () => {
  const good = idsOf(nano, "7 + 8 = 1 5");
  const bad = idsOf(nano, "7 + 8 = 1 6");
  const law = prefixLaw(nano, [...good, ...bad, ...good], 7);
  // The last token of a row is a target and never read; one that cannot be has probability 0.
  assert.is((law.rows(11, 12) as Float64Array)[nano.vocabulary.indexOf("6")], 0);
  const read = (text: string) => prefixLaw(nano, [...good, ...idsOf(nano, text)], 7).rows(0, 12);
  refusedAtOnce(() => read("7 + 8 = 2 5"), /nano law: row 1, position 5: "2" \(id \d+\) cannot stand there/, /counts/);
  refusedAtOnce(() => prefixLaw(nano, good.slice(1), 6).rows(0, 1), /row 0, position 0: "7"/);
  refusedAtOnce(
    () => prefixLaw(nano, [good[0] as number, 999, 1], 3).rows(0, 2),
    /row 0, position 1: id 999 is no token/,
  );
  for (const columns of [0, 1, 1.5, 4]) refusedAtOnce(() => prefixLaw(nano, good, columns), /7 ids are not rows/);
  for (const [from, to] of [
    [-1, 2],
    [2, 1],
    [0, 37],
    [0.5, 2],
  ] as const)
    assert.throws(() => law.rows(from, to), /contexts/);
});

test("a grammar of its own: one that only has one item, and one that writes nothing", () => {
  const language = (one: Grammar) =>
    corpusSource({ name: "own", vocabulary: ["<s>", "x", "y"], start: "<s>", grammars: [one] });
  const fixed = language(grammar("fixed", ["all"], (write) => ["x", "y"].forEach((token) => void write(token, "all"))));
  follows(fixed, "", { x: 1 });
  follows(fixed, "x y", { x: 1 });
  // A sample is drawn where it is read, in any order; of a chance that is none there is no choice.
  const backwards = grammar("backwards", ["all"], (write, random) => {
    const pair = random.sample(["x", "y", "y"], 2);
    const last = pair.pop() as string;
    if (random.chance(1) && !random.chance(0)) write(last, "all");
    write(pair[0] as string, "all");
  });
  follows(language(backwards), "", { x: 1 / 3, y: 2 / 3 });
  follows(language(backwards), "y", { x: 1 / 2, y: 1 / 2 });
  follows(language(backwards), "x", { y: 1 });
  // Its last choice writes nothing or one token more.
  const trailing = grammar("trailing", ["all"], (write, random) => {
    write("x", "all");
    if (random.chance(0.25)) write("y", "all");
  });
  follows(language(trailing), "x", { y: 0.25, x: 0.75 });
  follows(language(trailing), "x x", { y: 0.25, x: 0.75 });
  follows(language(trailing), "x y", { x: 1 });
  const silent = language(grammar("silent", ["all"], (write, random) => random.chance(0.5) && write("x", "all")));
  assert.throws(() => following(silent, ""), /an item of silent ends without a token/);
});

test.run();
