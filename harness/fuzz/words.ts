/** Text for inputs: plain words, and text that programs stumble over. */
import type { Random } from "./random";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Text that is sound and unusual. */
export const UNUSUAL = [
  "\ufeff",
  "\u0000",
  "\u001b[31m",
  "\u202e",
  "\u00e4",
  "a\u0308",
  "\u{1f600}",
  "\u00a0",
  "\u2028",
  "\r",
  "__proto__",
  "constructor",
  "toString",
  "../x",
  "/etc/passwd",
  "%zz",
  "\\",
  '"',
  "NaN",
  "null",
  "-0",
  "1e999",
  "0x10",
  "\u0130",
  "\ud7ff\ue000",
];

export function word(random: Random, most = 8): string {
  return random.list(random.from(1, most), () => random.pick([...LETTERS])).join("");
}

/** A text without control characters that end lines or fields. */
export function name(random: Random): string {
  if (random.chance(0.7)) return word(random);
  return random.pick(["\u00e4", "\u03a9", "a\u0308", "\u{1f600}", "\ufeff", "x-1", "7", "\u00a0y"]) + word(random, 4);
}

/** Any text. */
export function text(random: Random): string {
  const parts = random.list(random.from(0, 4), () => (random.chance(0.7) ? word(random) : random.pick(UNUSUAL)));
  return parts.join(random.pick(["", " ", "\n", "\t"]));
}
