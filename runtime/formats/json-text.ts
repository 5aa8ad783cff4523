/** What JSON.parse lets pass: keys that are given twice, depth that no stack holds, numbers that no double holds. */
import { SpectroscopeError } from "../../kernels/errors";
import { shown } from "./text";

/** Lists and objects inside each other; what reads them calls itself for each. Python's json stops near 1000. */
export const MAX_DEPTH = 200;

const QUOTE = 34;
const COLON = 58;
const BACKSLASH = 92;

const isDigit = (code: number) => code >= 48 && code <= 57;
const isExponent = (code: number) => code === 69 || code === 101;

/** Past the closing quote of the text that begins at `at`. */
function textEnd(text: string, at: number): number {
  let end = at + 1;
  for (let code = text.charCodeAt(end); code !== QUOTE && end < text.length; code = text.charCodeAt(++end))
    if (code === BACKSLASH) end++;
  return end + 1;
}

/**
 * Looks through text that may be JSON before it is parsed. What is no JSON is left to the parser, which says so better.
 * @throws SpectroscopeError naming the key, the number or the depth
 */
export function checkJsonText(text: string, where: string): void {
  const fail = (what: string, hint: string): never => {
    throw new SpectroscopeError(`${where}: ${what}`, { code: "bad-input", hint });
  };
  // Of each level that is open its keys; a list has none.
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 123 || code === 91) {
      if (open.length === MAX_DEPTH) fail(`lists and objects lie ${MAX_DEPTH} deep and more`, "is it the right file?");
      open.push(code === 123 ? new Set() : undefined);
    } else if (code === 125 || code === 93) open.pop();
    else if (code === QUOTE) {
      const end = textEnd(text, at);
      const keys = open.at(-1);
      if (keys && isKey(text, end)) {
        const key = text.slice(at + 1, end - 1);
        const name = key.includes("\\") ? unescaped(key) : key;
        if (keys.has(name)) fail(`gives the key "${shown(name)}" twice`, "keep one of them");
        keys.add(name);
      }
      at = end - 1;
    } else if (isDigit(code)) {
      let end = at + 1;
      let exponent = false;
      for (let next = text.charCodeAt(end); isNumber(next); next = text.charCodeAt(++end))
        exponent ||= isExponent(next);
      // Others are below 1e300.
      if ((exponent || end - at > 300) && Number(text.slice(at, end)) === Number.POSITIVE_INFINITY)
        fail(`holds the number ${shown(text.slice(at, end), 24)}`, "it is beyond what a double holds, 1.8e308");
      at = end - 1;
    }
  }
}

const isNumber = (code: number) => isDigit(code) || isExponent(code) || code === 43 || code === 45 || code === 46;

function isKey(text: string, end: number): boolean {
  let at = end;
  while (text.charCodeAt(at) <= 32) at++;
  return text.charCodeAt(at) === COLON;
}

function unescaped(key: string): string {
  try {
    return String(JSON.parse(`"${key}"`));
  } catch {
    return key;
  }
}
