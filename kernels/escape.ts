/**
 * Characters that drive a terminal or turn the order of text: C0 and C1 controls, DEL, line and paragraph separators, marks and
 * overrides of direction, a byte order mark.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Text of one line, as of a name, with control characters shown: `\n`, `\u001b`. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (character) => SHORT[character] ?? escaped(character));
}

/** Text of several lines: breaks and tabs stay, other control characters are shown. JSON keeps its value. */
export function escapeLines(text: string): string {
  return text.replace(CONTROLS, (character) =>
    character === "\n" || character === "\t" ? character : escaped(character),
  );
}
