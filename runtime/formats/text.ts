/** Text out of bytes, and text in messages. Two names that differ in the file differ here, and none is printed as it stands. */
import { SpectroscopeError } from "../../kernels/errors";
import { escapeControls } from "../../kernels/escape";
import { firstInvalidUtf8 } from "./utf8";

const LINE = 10;

/** Marks at the start of text in other encodings. */
const MARKS: readonly { readonly bytes: readonly number[]; readonly name: string }[] = [
  { bytes: [0xff, 0xfe, 0, 0], name: "UTF-32" },
  { bytes: [0, 0, 0xfe, 0xff], name: "UTF-32" },
  { bytes: [0xff, 0xfe], name: "UTF-16" },
  { bytes: [0xfe, 0xff], name: "UTF-16" },
];

/** Text of a file as it may stand in a message: control characters escaped, and not longer than `most` characters. */
export function shown(text: string, most = 60): string {
  const cut = text.length > most ? text.slice(0, most - 3) : text;
  return escapeControls(cut) + (cut === text ? "" : "...");
}

/** A list in a message: the first few, and how many there are. */
export function shownList(items: ArrayLike<string | number>, separator = ", ", most = 8): string {
  const first = Array.from({ length: Math.min(items.length, most) }, (_, i) => shown(String(items[i])));
  return first.join(separator) + (items.length > most ? `${separator}... (${items.length})` : "");
}

/** @throws SpectroscopeError where bytes begin as text of another encoding does */
export function refuseOtherEncodings(bytes: Uint8Array, where: string): void {
  const mark = MARKS.find((candidate) => candidate.bytes.every((byte, i) => bytes[i] === byte));
  if (mark)
    throw new SpectroscopeError(`${where}: is ${mark.name}, only UTF-8 is read`, {
      hint: `save it as UTF-8 (iconv -f ${mark.name.toLowerCase()} -t utf-8)`,
    });
}

/** The error for bytes that are not UTF-8, with the first bad byte of `bytes` from `start` on and its line. */
export function notUtf8(bytes: Uint8Array, where: string, start = 0): SpectroscopeError {
  const bad = start + firstInvalidUtf8(bytes.subarray(start));
  let line = 1;
  for (let at = 0; at < bad && at < bytes.length; at++) if (bytes[at] === LINE) line++;
  const byte = `0x${(bytes[bad] ?? 0).toString(16).padStart(2, "0")}`;
  return new SpectroscopeError(`${where}: not UTF-8: byte ${byte} in line ${line}`, {
    hint: "save it as UTF-8 (iconv -f latin1 -t utf-8)",
  });
}

/** Text of bytes, strict UTF-8; one byte order mark at the start is dropped. `where` names them in errors. @throws SpectroscopeError */
export function decodeText(bytes: Uint8Array, where: string): string {
  refuseOtherEncodings(bytes, where);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    if (firstInvalidUtf8(bytes) < bytes.length) throw notUtf8(bytes, where);
    throw new SpectroscopeError(`${where}: ${bytes.length} bytes are too many for one text`, {
      hint: "split it",
      cause,
    });
  }
}
