/**
 * The eight template grammars of the iota corpus. None of them is one of nano's: what is to be learned is nesting, calendars,
 * sorting, lookup, agreement of gender and of a verb at the end, numerals, squares of a board and tables of multiplication.
 */
import { type Grammar, grammar } from "../grammars/grammar";
import type { Stream } from "../grammars/random";
import {
  ADJECTIVES,
  ARTICLES,
  BRACKETS,
  DIGITS,
  END,
  EVERY,
  INTRANSITIVE,
  LETTERS,
  MONTHS,
  NOUNS,
  PIECES,
  TRANSITIVE,
  UNITS,
  WEEKDAYS,
} from "./vocabulary";

/** ( [ a ] { } ) | : brackets of three kinds, three deep. */
const brackets = grammar(
  "brackets",
  ["outer_open", "inner_open", "leaf", "inner_close", "outer_close", "end"],
  (write, random) => {
    const group = (depth: number) => {
      const [open, close] = random.pick(BRACKETS) as unknown as [string, string];
      write(open, depth === 0 ? "outer_open" : "inner_open");
      for (let children = depth === 0 ? random.between(1, 2) : random.below(3); children > 0; children--) {
        if (depth === 2 || random.chance(0.25)) write(random.pick(LETTERS), "leaf");
        else group(depth + 1);
      }
      write(close, depth === 0 ? "outer_close" : "inner_close");
    };
    group(0);
    write(END, "end");
  },
);

/** tue 3 may , wed 4 may , thu 5 may | */
const calendar = grammar(
  "calendar",
  ["weekday", "next_weekday", "day", "next_day", "month", "same_month", "comma", "end"],
  (write, random) => {
    const weekday = random.below(7);
    const day = random.between(1, 6);
    const month = random.pick(MONTHS);
    const dates = random.between(2, 4);
    for (let i = 0; i < dates; i++) {
      if (i > 0) write(",", "comma");
      write(WEEKDAYS[(weekday + i) % 7] as string, i === 0 ? "weekday" : "next_weekday");
      write(`${day + i}`, i === 0 ? "day" : "next_day");
      write(month, i === 0 ? "month" : "same_month");
    }
    write(END, "end");
  },
);

/** d a k > a d k | */
const sorting = grammar("sorting", ["unsorted", "arrow", "least", "greater", "end"], (write, random) => {
  const letters = random.sample(LETTERS, random.between(3, 5));
  for (const letter of letters) write(letter, "unsorted");
  write(">", "arrow");
  letters.sort().forEach((letter, i) => {
    write(letter, i === 0 ? "least" : "greater");
  });
  write(END, "end");
});

/** c 4 , a 7 , k 2 ? a 7 ? c 4 | */
const lookup = grammar("lookup", ["key", "value", "comma", "ask", "asked", "answer", "end"], (write, random) => {
  const keys = random.sample(LETTERS, random.between(2, 4));
  const values: string[] = [];
  keys.forEach((key, i) => {
    if (i > 0) write(",", "comma");
    write(key, "key");
    values.push(random.pick(DIGITS));
    write(values[i] as string, "value");
  });
  for (let questions = random.between(1, 3); questions > 0; questions--) {
    const which = random.below(keys.length);
    write("?", "ask");
    write(keys[which] as string, "asked");
    write(values[which] as string, "answer");
  }
  write(END, "end");
});

type Form = keyof typeof ARTICLES;
const FORMS = Object.keys(ARTICLES) as Form[];
const numberOf = (form: Form) => form[1] as "s" | "p";

/** il gatto nero le case vede . : adjectives follow and agree, the verb comes last and agrees with the first noun. */
const romance = grammar(
  "romance",
  ["article", "noun", "adjective", "object_article", "object_noun", "object_adjective", "verb", "stop"],
  (write, random) => {
    const phrase = (form: Form, part: "" | "object_") => {
      const article = numberOf(form) === "s" && random.chance(0.4) ? EVERY : ARTICLES[form];
      write(article, `${part}article`);
      write(random.pick(NOUNS[form]), `${part}noun`);
      if (random.chance(0.6)) write(random.pick(ADJECTIVES[form]), `${part}adjective`);
    };
    const subject = random.pick(FORMS);
    phrase(subject, "");
    const transitive = random.chance(0.7);
    if (transitive) phrase(random.pick(FORMS), "object_");
    write(random.pick((transitive ? TRANSITIVE : INTRANSITIVE)[numberOf(subject)]), "verb");
    write(".", "stop");
  },
);

const UNIT_NUMERALS = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
const TEN_NUMERALS = ["", "x", "xx", "xxx", "xl", "l", "lx", "lxx", "lxxx"];

/** x x i v = 2 4 | */
const roman = grammar("roman", ["ten_numeral", "unit_numeral", "equals", "tens", "units", "end"], (write, random) => {
  const number = random.between(1, 89);
  const [tens, units] = [Math.floor(number / 10), number % 10];
  for (const numeral of TEN_NUMERALS[tens] as string) write(numeral, "ten_numeral");
  for (const numeral of UNIT_NUMERALS[units] as string) write(numeral, "unit_numeral");
  write("=", "equals");
  if (tens > 0) write(`${tens}`, "tens");
  write(`${units}`, "units");
  write(END, "end");
});

const another = (random: Stream, than: number, among: number) => (than + random.between(1, among - 1)) % among;

/** rook c 4 c 7 f 7 f 2 | : file and rank are kept in turn; a rook keeps its file first, a tower its rank. */
const board = grammar(
  "board",
  ["piece", "file", "rank", "kept_file", "kept_rank", "new_file", "new_rank", "end"],
  (write, random) => {
    const piece = random.pick(PIECES);
    let [file, rank] = [random.below(8), random.below(8)];
    const square = (ofFile: "file" | "kept_file" | "new_file", ofRank: "rank" | "kept_rank" | "new_rank") => {
      write(LETTERS[file] as string, ofFile);
      write(`${rank + 1}`, ofRank);
    };
    write(piece, "piece");
    square("file", "rank");
    const first = piece === "rook" ? 0 : 1;
    for (let move = 0, moves = random.between(2, 4); move < moves; move++) {
      if ((first + move) % 2 === 0) {
        rank = another(random, rank, 8);
        square("kept_file", "new_rank");
      } else {
        file = another(random, file, 8);
        square("new_file", "kept_rank");
      }
    }
    write(END, "end");
  },
);

/** 5 week = 3 5 day | */
const conversion = grammar(
  "conversion",
  ["amount", "unit", "equals", "first_digit", "more_digits", "smaller_unit", "end"],
  (write, random) => {
    const amount = random.between(1, 9);
    const { unit, smaller, factor } = random.pick(UNITS);
    write(`${amount}`, "amount");
    write(unit, "unit");
    write("=", "equals");
    [...`${amount * factor}`].forEach((digit, i) => {
      write(digit, i === 0 ? "first_digit" : "more_digits");
    });
    write(smaller, "smaller_unit");
    write(END, "end");
  },
);

/** Every mode, in the order of `modeNames`. */
export const grammars: readonly Grammar[] = [brackets, calendar, sorting, lookup, romance, roman, board, conversion];
