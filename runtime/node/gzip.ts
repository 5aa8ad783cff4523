/** Gzip, told by content. Node only. */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { SpectroscopeError } from "../../kernels/errors";
import { unpackedLimit } from "../formats/unpacked";
import { readBytes } from "./files";

/** Pieces that packed bytes are handed over in, so that little is unpacked beyond the limit. */
const PIECE = 65536;

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

/**
 * Bytes as they stand, or unpacked when they begin as gzip's do; `path` names them in errors.
 * @throws SpectroscopeError for damaged data, and for data that become more than `unpackedLimit` says
 */
export async function unpacked(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  if (!(bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes;
  const limit = unpackedLimit(bytes.length);
  const parts: Uint8Array[] = [];
  let length = 0;
  const stream = Readable.from(piecesOf(bytes)).pipe(createGunzip({ chunkSize: PIECE }));
  try {
    for await (const part of stream) {
      length += part.length;
      if (length > limit)
        throw new SpectroscopeError(`${path}: ${bytes.length} bytes of gzip become more than ${limit}`, {
          hint: "if that is as it should be, unpack it first: gunzip",
        });
      parts.push(part);
    }
  } catch (cause) {
    if (cause instanceof SpectroscopeError) throw cause;
    throw new SpectroscopeError(`${path}: damaged gzip data: ${(cause as Error).message}`, {
      hint: "copy or pack it again",
      cause,
    });
  } finally {
    stream.destroy();
  }
  // Zeros fill up tapes; anything else may have been a member, and zlib is silent about it.
  const rest = bytes.subarray(stream.bytesWritten);
  if (rest.some((byte) => byte !== 0))
    throw new SpectroscopeError(`${path}: damaged gzip data: ${rest.length} bytes after its end are none`, {
      hint: "copy or pack it again",
    });
  return parts.length === 1 ? parts[0] : Buffer.concat(parts, length);
}

/** Bytes of a file, unpacked when they begin as gzip's do, whatever the file's name. @throws SpectroscopeError naming the path */
export async function readUnpacked(path: string): Promise<Uint8Array> {
  return unpacked(await readBytes(path), path);
}
