/** Documents of a text file: plain text is one document, JSON lines are one a line. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import { parseJson } from "../../runtime/formats/json";
import { firstInvalidUtf8 } from "../../runtime/formats/utf8";

/** One text, and where it stands: the file, or file and line. */
export interface Document {
  readonly text: string;
  readonly where: string;
}

const LINES = `expected one object a line: {"text": "..."}`;
/** Endings of files that hold no text, or hold it in a way that would be measured as text by mistake. */
const READY_IDS = [".json", ".npy", ".safetensors"];
const NEWLINE = 0x0a;

function fail(where: string, message: string, hint?: string): never {
  throw new SpectroscopeError(`${where}: ${message}`, { code: "bad-input", hint });
}

/** `.txt` of a path, in small letters; "" where its name has no ending. */
function endingOf(file: string): string {
  return /[^/\\](\.[^./\\]*)$/.exec(file)?.[1].toLowerCase() ?? "";
}

/** Text of bytes that begin at byte `start` of the file. @throws SpectroscopeError with the offset of the first bad byte */
function decode(bytes: Uint8Array, start: number, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const bad = firstInvalidUtf8(bytes);
    if (bad === bytes.length) fail(where, `${bytes.length} bytes are too many for one document`, "split it");
    const byte = `0x${bytes[bad].toString(16).padStart(2, "0")}`;
    fail(where, `not UTF-8 at byte ${start + bad} (${byte})`, "convert it to UTF-8");
  }
}

function documentOfLine(line: string, where: string): Document {
  const json = parseJson(line, where);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    fail(where, `${quoted(json, 40)} is not an object`, LINES);
  }
  const { text } = json as { text?: unknown };
  if (text === undefined) fail(where, `no key "text"`, LINES);
  if (typeof text !== "string") fail(where, `"text" is ${quoted(text, 40)}, not a string`, LINES);
  const lone = text.search(/\p{Surrogate}/u);
  if (lone >= 0) {
    const unit = text.charCodeAt(lone).toString(16);
    fail(where, `"text" holds half a surrogate pair, \\u${unit}, at its UTF-16 unit ${lone}`, "it is no Unicode text");
  }
  return { text, where };
}

function* linesOf(bytes: Uint8Array, start: number): Generator<{ bytes: Uint8Array; start: number }> {
  for (let begin = start; begin < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, begin);
    const end = newline < 0 ? bytes.length : newline;
    yield { bytes: bytes.subarray(begin, end), start: begin };
    begin = end + 1;
  }
}

/**
 * Documents of a file's bytes, in order. `.jsonl` and `.ndjson`: the key `text` of an object a line, other keys ignored, blank
 * lines skipped, lines counted from 1. Anything else: the whole file. UTF-8 only; a byte order mark at the start is dropped;
 * everything else, line ends and NUL included, is text as it stands.
 * @throws SpectroscopeError naming file, line or byte
 */
export function parseDocuments(bytes: Uint8Array, file: string): Document[] {
  const ending = endingOf(file);
  if (READY_IDS.includes(ending))
    fail(file, `a ${ending} file is no text`, "give ready ids with --tokens, or probe_tokens and pool_tokens");
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  if (ending !== ".jsonl" && ending !== ".ndjson") {
    return [{ text: decode(bytes.subarray(start), start, file), where: file }];
  }
  const documents: Document[] = [];
  let number = 0;
  for (const line of linesOf(bytes, start)) {
    const where = `${file}, line ${++number}`;
    const text = decode(line.bytes, line.start, where);
    if (text.trim() !== "") documents.push(documentOfLine(text, where));
  }
  return documents;
}
