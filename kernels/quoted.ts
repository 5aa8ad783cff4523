/** What a file or a person says, as it may stand in a message: escaped where it cannot be seen, cut where it is long. */

/** Characters of a quoted text or value that a message shows. */
const LONGEST = 80;
/** Sizes of a shape that a message shows. */
const MOST_SIZES = 8;
/** Levels of a value that a message shows. */
const DEEPEST = 4;

/** Characters that steer a terminal, turn the order of what follows, or have no width; and halves of surrogate pairs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
/** As JSON escapes: by UTF-16 units. */
const escapeUnseen = (text: string) =>
  text.replace(UNSEEN, (character) => character.split("").map(escapeUnit).join(""));

/** The first characters, without half a surrogate pair at the end. */
const start = (text: string, most: number) => text.slice(0, most).replace(/[\ud800-\udbff]$/, "");

/** A text without quotes: what cannot be seen is escaped, and no more than `most` characters of it are shown. */
export function unquoted(text: string, most = LONGEST): string {
  return text.length <= most ? escapeUnseen(text) : `${escapeUnseen(start(text, most))}...`;
}

function quotedText(text: string, most: number): string {
  const whole = text.length <= most;
  return (
    escapeUnseen(JSON.stringify(whole ? text : start(text, most))) + (whole ? "" : `... (${text.length} characters)`)
  );
}

/** Keys and items one by one: a list of all entries would be larger than the value. */
function* entriesOf(value: object): Generator<[key: string | undefined, item: unknown]> {
  if (Array.isArray(value)) for (const item of value) yield [undefined, item];
  else for (const key in value) yield [key, (value as Readonly<Record<string, unknown>>)[key]];
}

/** JSON of a value up to somewhat over `room` characters, without a walk through the rest of it. */
function beginning(value: unknown, room: number, depth: number): string {
  if (typeof value === "string") return quotedText(value, Math.max(8, room));
  if (typeof value !== "object" || value === null) return String(value);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (depth === DEEPEST) return `${open}...${close}`;
  let text = open;
  for (const [key, item] of entriesOf(value)) {
    if (text.length > room) return `${text}, ...`;
    if (text !== open) text += ",";
    if (key !== undefined) text += `${quotedText(key, Math.max(8, room))}:`;
    text += beginning(item, room - text.length, depth + 1);
  }
  return text + close;
}

/** A value as JSON writes it, text in quotes: shortened where it is long, with what cannot be seen escaped. */
export function quoted(value: unknown, most = LONGEST): string {
  if (typeof value === "string") return quotedText(value, most);
  const text = beginning(value, most, 0);
  return text.length <= 2 * most ? text : `${start(text, most)}...`;
}

/** `[2, 3]` of a shape; of one with many sizes the first, and how many there are. */
export function sizes(shape: readonly unknown[]): string {
  const first = shape.slice(0, MOST_SIZES).map((size) => quoted(size, 20));
  return `[${first.join(", ")}${shape.length > MOST_SIZES ? `, ... (${shape.length} sizes)` : ""}]`;
}
