/**
 * HTML by tagged template: whatever is interpolated is escaped unless it is Markup itself. Texts of a report come from
 * tokenizers and configs, so they may hold tags, quotes, control characters or half a surrogate pair.
 */

/** Text that is HTML already. Only `html` and `raw` make it. */
export class Markup {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

export type Value = string | number | Markup | undefined | null | false | readonly Value[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Characters that show nothing, reorder their neighbors or may end a document: controls, formats, half a surrogate pair. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Something to see for one of `UNSEEN`. */
function shown(character: string): string {
  const code = character.codePointAt(0) as number;
  // Unicode has pictures for the controls of ASCII.
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  if (code >= 0xd800 && code < 0xe000) return "\ufffd";
  return `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`;
}

/** Text for an element or a quoted attribute. Line feeds and tabs stay as they are. */
export function escapeHtml(text: string): string {
  return text.replace(UNSEEN, (c) => (c === "\n" || c === "\t" ? c : shown(c))).replace(/[&<>"']/g, (c) => ENTITIES[c]);
}

/** A token as one visible line: line feeds are ⏎, tabs ⇥, spaces alone ␣, an empty token ∅. Not escaped. */
export function visible(token: string): string {
  if (token === "") return "∅";
  if (/^ +$/.test(token)) return "␣".repeat(token.length);
  return token.replace(UNSEEN, (c) => (c === "\n" ? "⏎" : c === "\t" ? "⇥" : shown(c)));
}

/** A token by itself, where a space at its ends would not be seen. Not escaped. */
export function named(token: string): string {
  return visible(token).replace(/^ +| +$/g, (spaces) => "␣".repeat(spaces.length));
}

function render(value: Value): string {
  if (value === undefined || value === null || value === false) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(render).join("");
  return escapeHtml(String(value));
}

/** The template tag. Lists are joined without a separator; undefined, null and false are nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  let text = parts[0];
  values.forEach((value, i) => {
    text += render(value) + parts[i + 1];
  });
  return new Markup(text);
}

/** Text that the caller vouches for: style sheets, scripts, numbers of a path. */
export function raw(text: string): Markup {
  return new Markup(text);
}

/** JSON for a script element: no character in it can end the element or break a line of a script. */
export function scriptJson(value: unknown): Markup {
  return new Markup(
    JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}
