/** Bytes of what `cluster` reads: a file, or what is piped in. */
import { usage } from "../../../runtime/config/schema";
import { fileError, readBytes } from "../../../runtime/node/files";
import { unpacked } from "../../../runtime/node/gzip";

/** The name of a file that is standard input. */
const STDIN = "-";

/** What a file is called in messages. */
export const inputName = (path: string): string => (path === STDIN ? "stdin" : path);

/** Bytes of a file, or of stdin for `-`, unpacked when they begin as gzip's do. @throws SpectroscopeError naming it */
export async function readInput(path: string): Promise<Uint8Array> {
  return unpacked(path === STDIN ? await readStdin() : await readBytes(path), inputName(path));
}

async function readStdin(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of process.stdin) parts.push(part as Uint8Array);
  } catch (error) {
    throw fileError("read", "stdin", error);
  }
  return Buffer.concat(parts);
}

/** @throws SpectroscopeError of usage when more than one input is stdin, which is there once */
export function checkInputs(inputs: Readonly<Record<string, string | undefined>>): void {
  const names = Object.keys(inputs).filter((name) => inputs[name] === STDIN);
  if (names.length > 1)
    throw usage(`--${names.join(" and --")} are both stdin (-)`, "what is piped in is one file: name the others");
}
