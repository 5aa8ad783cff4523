/** Gzip, told by content. Node only. */
import { gunzipSync } from "node:zlib";
import { SpectroscopeError } from "../../kernels/errors";
import { readBytes } from "./files";

/** Bytes of a file, unpacked when they begin as gzip's do, whatever the file's name. @throws SpectroscopeError naming the path */
export async function readUnpacked(path: string): Promise<Uint8Array> {
  const bytes = await readBytes(path);
  if (!(bytes.length > 2 && bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new SpectroscopeError(`${path}: damaged gzip data: ${(cause as Error).message}`, {
      hint: "copy or pack it again",
      cause,
    });
  }
}
