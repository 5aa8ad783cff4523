/**
 * Lines of fields, in place: between tabs, commas and spaces however many, or between single separators as CSV has them, with
 * quotes (RFC 4180). A field that begins with `#` begins a comment; `%` at a line's begin, followed by a space or another `%`, does too.
 * No object a line, so that hundreds of megabytes are read in seconds.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { notUtf8 } from "./text";

const TAB = 9;
const LINE = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
const PERCENT = 37;
const COMMA = 44;

export interface Dialect {
  /** Byte between two fields, which may be empty; 0: any number of tabs, commas and spaces. */
  readonly separator: number;
  /** Fields may be quoted. */
  readonly quotes: boolean;
  /** Every line that begins with `%` is a comment. */
  readonly percent?: boolean;
}

/** As most edge lists are. */
export const LOOSE: Dialect = { separator: 0, quotes: false };

/** Most fields of a line whose places are kept; those beyond are counted. */
export const MOST_FIELDS = 64;

const isBreak = (byte: number) => byte === TAB || byte === SPACE || byte === COMMA || byte === RETURN || byte === LINE;
const isBlank = (byte: number) => byte === TAB || byte === SPACE || byte === RETURN;

/** Whether a comment of `%` begins at a line's first byte. */
function isPercentComment(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== PERCENT) return false;
  const next = bytes[at + 1];
  return next === undefined || next === PERCENT || isBlank(next) || next === LINE;
}

/** Bytes with line ends of old Macs, which have no other, as they stand elsewhere. */
export function withLineEnds(bytes: Uint8Array): Uint8Array {
  if (bytes.includes(LINE) || !bytes.includes(RETURN)) return bytes;
  return bytes.map((byte) => (byte === RETURN ? LINE : byte));
}

/** Splits lines: field `i` of the current line is `bytes[from[i] .. to[i])`. */
export class Lines {
  /** Number of the current line, from 1. */
  line = 0;
  count = 0;
  readonly from = new Float64Array(MOST_FIELDS);
  readonly to = new Float64Array(MOST_FIELDS);
  /** Fields with a quote twice in them. */
  private readonly doubled = new Uint8Array(MOST_FIELDS);
  private at = 0;
  /** Strict, and a mark that is no file's first is part of a name: otherwise two nodes might be one. */
  private readonly decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  private readonly plain: boolean;

  constructor(
    readonly bytes: Uint8Array,
    private readonly file: string,
    private readonly dialect: Dialect = LOOSE,
  ) {
    this.plain = dialect.separator === 0 && !dialect.quotes;
    // A byte order mark.
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.at = 3;
  }

  /** Offset of the line after the current one. */
  get offset(): number {
    return this.at;
  }

  /** Goes to the next line that holds something; false at the end. @throws SpectroscopeError for a quote that is not closed */
  next(): boolean {
    return this.plain ? this.nextPlain() : this.nextQuoted();
  }

  private nextPlain(): boolean {
    const { bytes, from, to } = this;
    const end = bytes.length;
    while (this.at < end) {
      this.line++;
      this.count = 0;
      let at = this.at;
      const comment = bytes[at] === PERCENT && (this.dialect.percent === true || isPercentComment(bytes, at));
      while (!comment && at < end && bytes[at] !== LINE && bytes[at] !== HASH) {
        const byte = bytes[at];
        if (byte === TAB || byte === SPACE || byte === COMMA || byte === RETURN) {
          at++;
          continue;
        }
        const start = at;
        while (at < end && !(bytes[at] <= COMMA && isBreak(bytes[at]))) at++;
        if (this.count < MOST_FIELDS) {
          from[this.count] = start;
          to[this.count] = at;
        }
        this.count++;
      }
      while (at < end && bytes[at] !== LINE) at++;
      this.at = at + 1;
      if (this.count === 3) this.dropBraces();
      if (this.count > 0) return true;
    }
    return false;
  }

  /** networkx ends an edge without attributes by {}. */
  private dropBraces(): void {
    const { bytes, from, to } = this;
    if (to[2] - from[2] === 2 && bytes[from[2]] === 0x7b && bytes[from[2] + 1] === 0x7d) this.count = 2;
  }

  private nextQuoted(): boolean {
    const { bytes } = this;
    const end = bytes.length;
    while (this.at < end) {
      this.line++;
      this.count = 0;
      let at = this.at;
      if (!isPercentComment(bytes, at)) at = this.fields(at);
      while (at < end && bytes[at] !== LINE) at++;
      this.at = at + 1;
      if (this.count === 3) this.dropBraces();
      if (this.count > 0) return true;
    }
    return false;
  }

  /** Fields of the line that begins at `at`; where they end. */
  private fields(at: number): number {
    const { bytes, dialect } = this;
    const { separator, quotes } = dialect;
    const isGap = (byte: number) => byte !== separator && (isBlank(byte) || (separator === 0 && byte === COMMA));
    const isEnd = (byte: number | undefined) =>
      byte === undefined || byte === LINE || (separator === 0 ? isBreak(byte) : byte === separator);
    for (;;) {
      while (at < bytes.length && isGap(bytes[at])) at++;
      const byte = bytes[at];
      if (at >= bytes.length || byte === LINE || byte === HASH) return at;
      if (quotes && byte === QUOTE) at = this.quoted(at);
      else {
        const start = at;
        // Within a field of CSV a comment begins behind a blank.
        while (!isEnd(bytes[at]) && !(bytes[at] === HASH && at > start && isBlank(bytes[at - 1]))) at++;
        let to = at;
        while (to > start && isBlank(bytes[to - 1])) to--;
        this.keep(start, to, false);
      }
      while (at < bytes.length && isGap(bytes[at])) at++;
      if (separator !== 0 && bytes[at] === separator) at++;
    }
  }

  /** A quoted field; the offset behind its closing quote. */
  private quoted(open: number): number {
    const { bytes, dialect } = this;
    let doubled = false;
    for (let at = open + 1; at < bytes.length && bytes[at] !== LINE; at++) {
      if (bytes[at] !== QUOTE) continue;
      if (bytes[at + 1] === QUOTE) {
        doubled = true;
        at++;
        continue;
      }
      this.keep(open + 1, at, doubled);
      const next = bytes[at + 1];
      if (next === undefined || isBreak(next) || next === dialect.separator) return at + 1;
      throw this.fault("goes on behind a closing quote", 'write a quote inside quotes twice: ""');
    }
    throw this.fault("has a quote that is not closed", "close it in its line, or write no quotes");
  }

  private keep(from: number, to: number, doubled: boolean): void {
    if (this.count < MOST_FIELDS) {
      this.from[this.count] = from;
      this.to[this.count] = to;
      this.doubled[this.count] = doubled ? 1 : 0;
    }
    this.count++;
  }

  /** An error that names the file and the current line. */
  fault(what: string, hint: string): SpectroscopeError {
    return new SpectroscopeError(`${this.file}: line ${this.line} ${what}`, { hint });
  }

  /** @throws SpectroscopeError for a field that is not UTF-8 */
  text(field: number): string {
    let text: string;
    try {
      text = this.decoder.decode(this.bytes.subarray(this.from[field], this.to[field]));
    } catch {
      throw notUtf8(this.bytes, this.file, this.from[field]);
    }
    return this.doubled[field] === 1 ? text.replaceAll('""', '"') : text;
  }

  /** The whole number of a field as 0, 1, ... are written; -1 for anything else. Beyond 2^53 it is not exact. */
  number(field: number): number {
    const { bytes } = this;
    const start = this.from[field];
    const end = this.to[field];
    if (start === end) return -1;
    if (bytes[start] === 48) return end === start + 1 ? 0 : -1;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = bytes[at] - 48;
      if (digit < 0 || digit > 9) return -1;
      value = 10 * value + digit;
    }
    return value;
  }
}
