/**
 * The eight template grammars of the nano corpus. A grammar writes one item (a sentence, a line, a function) at a time;
 * a document is items of one mode until the context is full. The role of a token is the slot of the grammar that wrote
 * it, fixed here and nowhere else.
 */
import { type Grammar, grammar } from "../grammars/grammar";
import type { Stream } from "../grammars/random";
import {
  ADJECTIVES,
  COMMANDS,
  DETERMINERS,
  DIGITS,
  GREEK,
  INTRANSITIVE,
  JOBS,
  LETTERS,
  NAMES,
  NEWLINE,
  NOUNS,
  PREPOSITIONS,
  TRANSITIVE,
} from "./vocabulary";

type Plurality = "singular" | "plural";
const either = (random: Stream): Plurality => (random.chance(0.5) ? "singular" : "plural");

/** the old cat near these dogs sees a bird . */
const english = grammar(
  "english",
  ["determiner", "adjective", "noun", "verb", "far_verb", "linker", "stop"],
  (write, random) => {
    const phrase = (number: Plurality) => {
      write(random.pick(DETERMINERS[number]), "determiner");
      if (random.chance(0.35)) write(random.pick(ADJECTIVES), "adjective");
      write(random.pick(NOUNS[number]), "noun");
    };
    const subject = either(random);
    phrase(subject);
    const aside = random.below(5);
    if (aside === 0 || aside === 1) {
      write(random.pick(PREPOSITIONS), "linker");
      phrase(either(random));
    } else if (aside === 2) {
      write("that", "linker");
      write(random.pick(TRANSITIVE[subject]), "verb");
      phrase(either(random));
    }
    // A verb after an aside agrees with a noun that is no longer the nearest.
    const role = aside <= 2 ? "far_verb" : "verb";
    if (random.chance(0.5)) {
      write(random.pick(TRANSITIVE[subject]), role);
      phrase(either(random));
    } else {
      write(random.pick(INTRANSITIVE[subject]), role);
    }
    write(".", "stop");
  },
);

/** def f ( x , y ) : \n let z = x + 3 ; \n return z ; \n */
const code = grammar(
  "code",
  ["keyword", "new_name", "known_name", "open", "close", "separator", "operator", "number", "newline"],
  (write, random) => {
    const names = random.sample(LETTERS, 5);
    const scope: string[] = [];
    const declare = () => {
      const name = names.pop() as string;
      scope.push(name);
      write(name, "new_name");
    };
    const end = () => {
      write(";", "separator");
      write(NEWLINE, "newline");
    };
    const expression = () => {
      write(random.pick(scope), "known_name");
      if (random.chance(0.6)) {
        write(random.pick(["+", "*"]), "operator");
        if (random.chance(0.5)) write(random.pick(DIGITS), "number");
        else write(random.pick(scope), "known_name");
      }
    };
    write("def", "keyword");
    write(names.pop() as string, "new_name");
    write("(", "open");
    declare();
    if (random.chance(0.6)) {
      write(",", "separator");
      declare();
    }
    write(")", "close");
    write(":", "separator");
    write(NEWLINE, "newline");
    for (let lines = random.between(1, 2); lines > 0; lines--) {
      const line = random.below(3);
      if (line === 0) {
        write("print", "keyword");
        write("(", "open");
        expression();
        write(")", "close");
      } else if (names.length > 0) {
        write("let", "keyword");
        const name = names.pop() as string;
        write(name, "new_name");
        write("=", "operator");
        expression();
        scope.push(name);
      }
      end();
    }
    write("return", "keyword");
    expression();
    end();
  },
);

/** 7 + 8 = 1 5 \n */
const arithmetic = grammar("arithmetic", ["operand", "operator", "equals", "result", "newline"], (write, random) => {
  let left = random.below(10);
  let right = random.below(10);
  const minus = random.chance(0.4);
  if (minus && left < right) [left, right] = [right, left];
  write(`${left}`, "operand");
  write(minus ? "-" : "+", "operator");
  write(`${right}`, "operand");
  write("=", "equals");
  for (const digit of `${minus ? left - right : left + right}`) write(digit, "result");
  write(NEWLINE, "newline");
});

/** [ 2 , 5 , 8 , 1 , 4 ] \n : a progression modulo 10. Two terms are free, the rest follow. */
const progression = grammar("progression", ["open", "free", "next", "comma", "close", "newline"], (write, random) => {
  const step = random.pick([1, 2, 3, 5, 9, 8]);
  const length = random.between(5, 8);
  let term = random.below(10);
  write("[", "open");
  for (let i = 0; i < length; i++) {
    if (i > 0) write(",", "comma");
    write(`${term}`, i < 2 ? "free" : "next");
    term = (term + step) % 10;
  }
  write("]", "close");
  write(NEWLINE, "newline");
});

/** $ \frac { x + 1 } { y ^ 2 } = \alpha $ \n */
const maths = grammar(
  "maths",
  ["dollar", "command", "open", "close", "symbol", "operator", "exponent", "newline"],
  (write, random) => {
    const symbol = () => write(random.pick(random.chance(0.3) ? GREEK : ["x", "y", "z", "n", "k"]), "symbol");
    const sum = () => {
      symbol();
      if (random.chance(0.35)) {
        write("^", "operator");
        write(random.pick(["2", "3"]), "exponent");
      }
      if (random.chance(0.3)) {
        write(random.pick(["+", "-"]), "operator");
        symbol();
      }
    };
    const group = () => {
      write("{", "open");
      sum();
      write("}", "close");
    };
    const term = () => {
      const kind = random.below(3);
      if (kind === 0) return sum();
      write(random.pick(kind === 1 ? COMMANDS.one : COMMANDS.two), "command");
      group();
      if (kind === 2) group();
    };
    write("$", "dollar");
    term();
    write("=", "operator");
    term();
    write("$", "dollar");
    write(NEWLINE, "newline");
  },
);

/** anna ( 1 8 1 5 - 1 8 5 2 ) was a poet . anna died in 1 8 5 2 . \n */
const biography = grammar(
  "biography",
  ["name", "bracket", "century", "year", "phrase", "job", "recalled", "stop", "newline"],
  (write, random) => {
    // Each is drawn as late as it can be: the law of what follows then has few cases to hold apart.
    const date = (year: number) => {
      const [a, b, c, d] = `${year}` as unknown as [string, string, string, string];
      write(a, "century");
      write(b, "century");
      write(c, "year");
      write(d, "year");
    };
    const name = random.pick(NAMES);
    write(name, "name");
    write("(", "bracket");
    const born = random.between(1700, 1939);
    date(born);
    write("-", "bracket");
    const died = born + random.between(20, 60);
    date(died);
    write(")", "bracket");
    write("was", "phrase");
    write("a", "phrase");
    write(random.pick(JOBS), "job");
    write(".", "stop");
    if (random.chance(0.6)) {
      write(name, "recalled");
      write("died", "phrase");
      write("in", "phrase");
      for (const digit of `${died}`) write(digit, "recalled");
      write(".", "stop");
    }
    write(NEWLINE, "newline");
  },
);

/** 4 . cats , birds \n 5 . poets \n : markers count up, modulo 10. */
const list = grammar("list", ["marker", "dot", "item", "comma", "newline"], (write, random) => {
  let marker = random.below(10);
  for (let lines = random.between(3, 6); lines > 0; lines--) {
    write(`${marker}`, "marker");
    write(".", "dot");
    for (let items = random.between(1, 2); items > 0; items--) {
      write(random.pick(NOUNS.plural), "item");
      if (items > 1) write(",", "comma");
    }
    write(NEWLINE, "newline");
    marker = (marker + 1) % 10;
  }
});

/** k a m | k a m | k a m \n : letters or digits; after the first bar everything is a copy. */
const repeat = grammar("repeat", ["fresh", "copy", "bar", "newline"], (write, random) => {
  const pattern = random.sample(random.chance(0.6) ? LETTERS : DIGITS, random.between(3, 6));
  for (let round = 0; round < 3; round++) {
    if (round > 0) write("|", "bar");
    for (const token of pattern) write(token, round === 0 ? "fresh" : "copy");
  }
  write(NEWLINE, "newline");
});

/** Every mode, in the order of `modeNames`. */
export const grammars: readonly Grammar[] = [english, code, arithmetic, progression, maths, biography, list, repeat];
