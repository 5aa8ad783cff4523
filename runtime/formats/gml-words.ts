/** Words of GML, in place. Source: Himsolt, "GML: A portable Graph File Format", University of Passau, 1997. */
import { SpectroscopeError } from "../../kernels/errors";
import { notUtf8, shown } from "./text";

const LINE = 10;
const QUOTE = 34;
const HASH = 35;
const OPEN = 91;
const CLOSE = 93;

export type GmlKind = "word" | "text" | "open" | "close" | "end";

const NAMED: Readonly<Record<string, string>> = { quot: '"', amp: "&", lt: "<", gt: ">", apos: "'", nbsp: "\u00a0" };

/** Characters that GML writes as entities; unknown ones stay. */
function unescaped(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(#\d{1,7}|#x[\da-f]{1,6}|[a-z]{2,8});/gi, (whole, name: string) => {
    if (name[0] !== "#") return NAMED[name] ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : whole;
  });
}

/** Goes from word to word; brackets are words, a line that begins with `#` is a comment. */
export class GmlWords {
  kind: GmlKind = "end";
  /** Line of the current word, from 1. */
  line = 1;
  private from = 0;
  private to = 0;
  private at: number;
  private lineStart: number;
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
  ) {
    this.at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    this.lineStart = this.at;
  }

  next(): GmlKind {
    const { bytes } = this;
    const end = bytes.length;
    let at = this.at;
    let blankLine = at === this.lineStart;
    for (; at < end; at++) {
      const byte = bytes[at];
      if (byte === LINE) {
        this.line++;
        this.lineStart = at + 1;
        blankLine = true;
      } else if (byte === HASH && blankLine) {
        while (at + 1 < end && bytes[at + 1] !== LINE) at++;
      } else if (byte > 32) break;
    }
    this.from = at;
    if (at >= end) this.kind = "end";
    else if (bytes[at] === OPEN || bytes[at] === CLOSE) {
      this.kind = bytes[at++] === OPEN ? "open" : "close";
    } else if (bytes[at] === QUOTE) {
      this.kind = "text";
      const line = this.line;
      this.from = ++at;
      while (at < end && bytes[at] !== QUOTE) if (bytes[at++] === LINE) this.line++;
      if (at >= end) {
        this.line = line;
        throw this.fault("has a quote that is not closed", "copy or write the file again");
      }
      this.to = at++;
      this.at = at;
      return this.kind;
    } else {
      this.kind = "word";
      while (at < end && bytes[at] > 32 && bytes[at] !== OPEN && bytes[at] !== CLOSE && bytes[at] !== QUOTE) at++;
    }
    this.to = at;
    this.at = at;
    return this.kind;
  }

  /** The current word, or what stands between its quotes. @throws SpectroscopeError when it is not UTF-8 */
  text(): string {
    try {
      const text = this.decoder.decode(this.bytes.subarray(this.from, this.to));
      return this.kind === "text" ? unescaped(text) : text;
    } catch {
      throw notUtf8(this.bytes, this.file, this.from);
    }
  }

  /** Whether the current word is this one, whatever its capitals. */
  is(word: string): boolean {
    const { bytes, from, to } = this;
    if (to - from !== word.length) return false;
    for (let i = 0; i < word.length; i++) if ((bytes[from + i] | 32) !== word.charCodeAt(i)) return false;
    return true;
  }

  /** Passes over the value of a key: a word, or a list with all that is in it. */
  skip(): void {
    for (let depth = 0; ; this.next()) {
      if (this.kind === "open") depth++;
      else if (this.kind === "close") depth--;
      if (this.kind === "end" || depth < 0) throw this.fault("ends within a list", "it was cut: copy it again");
      if (depth === 0) return;
    }
  }

  fault(what: string, hint: string): SpectroscopeError {
    return new SpectroscopeError(`${this.file}: line ${this.line} ${what}`, { hint });
  }

  /** The current word for a message. */
  shown(): string {
    return this.kind === "end" ? "the end" : shown(this.text(), 40);
  }
}
