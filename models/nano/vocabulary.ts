/**
 * The vocabulary of the nano corpus: one token a line of text would be split into by hand.
 * Most symbols belong to several modes on purpose (a digit is an operand, a year, a list marker...), so that what a
 * token means has to be read from its context. An id is the index in `vocabulary`; the trained weights depend on the
 * order, so the list may only change together with them.
 */

export const START = "<s>";
export const NEWLINE = "\n";

export const DIGITS = [..."0123456789"] as const;
export const LETTERS = [..."abcdefghkmnpxyz"] as const;
const MARKS = [...",.;:()[]{}=+-*^|$"] as const;

/** Determiners by the number of the noun they ask for; "the" goes with both, "a" is also a letter. */
export const DETERMINERS = {
  singular: ["the", "a", "this", "every"],
  plural: ["the", "some", "these", "many"],
} as const;
export const NOUNS = {
  singular: ["cat", "dog", "bird", "king", "poet", "child"],
  plural: ["cats", "dogs", "birds", "kings", "poets", "children"],
} as const;
export const TRANSITIVE = {
  singular: ["sees", "likes", "helps", "knows"],
  plural: ["see", "like", "help", "know"],
} as const;
export const INTRANSITIVE = { singular: ["runs", "sleeps"], plural: ["run", "sleep"] } as const;
export const ADJECTIVES = ["old", "small", "red", "kind"] as const;
export const PREPOSITIONS = ["near", "with", "of", "in"] as const;
export const JOBS = ["king", "poet", "child"] as const;
export const NAMES = ["anna", "omar", "lin", "ivan", "rosa", "emil"] as const;
export const COMMANDS = { one: ["\\sqrt", "\\sin"], two: ["\\frac", "\\binom"] } as const;
export const GREEK = ["\\alpha", "\\beta", "\\gamma"] as const;
const PHRASE_WORDS = ["that", "was", "died"] as const;
const KEYWORDS = ["def", "return", "let", "print", "for", "if"] as const;

/** Every token, in id order. Its length is a multiple of 4, which the kernels' vectors want. */
export const vocabulary: readonly string[] = [
  ...new Set<string>([
    START,
    NEWLINE,
    ...DIGITS,
    ...LETTERS,
    ...MARKS,
    ...DETERMINERS.singular,
    ...DETERMINERS.plural,
    ...NOUNS.singular,
    ...NOUNS.plural,
    ...TRANSITIVE.singular,
    ...TRANSITIVE.plural,
    ...INTRANSITIVE.singular,
    ...INTRANSITIVE.plural,
    ...ADJECTIVES,
    ...PREPOSITIONS,
    ...NAMES,
    ...COMMANDS.one,
    ...COMMANDS.two,
    ...GREEK,
    ...PHRASE_WORDS,
    ...KEYWORDS,
  ]),
];
