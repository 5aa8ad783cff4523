/**
 * The vocabulary of the iota corpus. As in nano's, most symbols belong to several modes: a digit is a day, a value, a rank or
 * part of a product, a letter is sorted, asked for or a numeral. An id is the index in `vocabulary`; the trained weights depend on
 * the order, so the list may only change together with them.
 */

export const START = "<s>";
/** Ends an item of every mode but the language, which has its full stop. */
export const END = "|";

export const DIGITS = [..."0123456789"] as const;
export const LETTERS = [..."abcdefghijkl"] as const;
/** Of Roman numerals; those that are letters of the alphabet too are the same tokens. */
const NUMERALS = [..."ivxl"] as const;
export const BRACKETS = ["()", "[]", "{}"] as const;
const MARKS = [...",=?>."] as const;

/** In the order in which they follow each other. */
export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug"] as const;

/** Words of the little language by gender and number: masculine and feminine, singular and plural. */
export const ARTICLES = { ms: "il", mp: "i", fs: "la", fp: "le" } as const;
/** An article of the singular that does not tell the gender. */
export const EVERY = "ogni";
export const NOUNS = {
  ms: ["gatto", "libro", "ramo"],
  mp: ["gatti", "libri", "rami"],
  fs: ["casa", "luna", "rosa"],
  fp: ["case", "lune", "rose"],
} as const;
export const ADJECTIVES = {
  ms: ["nero", "alto"],
  mp: ["neri", "alti"],
  fs: ["nera", "alta"],
  fp: ["nere", "alte"],
} as const;
export const TRANSITIVE = { s: ["vede", "ama", "porta"], p: ["vedono", "amano", "portano"] } as const;
export const INTRANSITIVE = { s: ["dorme", "cade"], p: ["dormono", "cadono"] } as const;

export const PIECES = ["rook", "tower"] as const;
/** A unit, the smaller one that it is told in, and how many of those it is. */
export const UNITS = [
  { unit: "week", smaller: "day", factor: 7 },
  { unit: "yard", smaller: "foot", factor: 3 },
  { unit: "foot", smaller: "inch", factor: 12 },
  { unit: "pair", smaller: "piece", factor: 2 },
  { unit: "score", smaller: "piece", factor: 20 },
] as const;

/** Every token, in id order. Its length is a multiple of 4, which the kernels' vectors want. */
export const vocabulary: readonly string[] = [
  ...new Set<string>([
    START,
    END,
    ...DIGITS,
    ...LETTERS,
    ...NUMERALS,
    ...BRACKETS.join(""),
    ...MARKS,
    ...WEEKDAYS,
    ...MONTHS,
    ...Object.values(ARTICLES),
    EVERY,
    ...Object.values(NOUNS).flat(),
    ...Object.values(ADJECTIVES).flat(),
    ...Object.values(TRANSITIVE).flat(),
    ...Object.values(INTRANSITIVE).flat(),
    ...PIECES,
    ...UNITS.flatMap(({ unit, smaller }) => [unit, smaller]),
  ]),
];
