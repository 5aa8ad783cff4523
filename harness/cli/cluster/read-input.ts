/** Bytes that `cluster` reads. */
import { readUnpacked, unpacked } from "../../../runtime/node/gzip";

/** What a path of `-` stands for, in errors. */
const STDIN = "stdin";

/** Bytes of a file, or of stdin where the path is `-`; unpacked when they begin as gzip's do. @throws SpectroscopeError naming the path */
export async function readInput(path: string): Promise<Uint8Array> {
  if (path !== "-") return readUnpacked(path);
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return unpacked(Buffer.concat(parts), STDIN);
}
