/** The head of a Zstandard frame (RFC 8878): how much it says it holds, which is asked before a decoder makes room for it. */

const MAGIC = 0xfd2fb528;
/** No frame holds more for each of its bytes: a block of 4 bytes repeats one byte 128 KiB long. */
export const ZSTD_RATIO = 2 ** 15;

/** Bytes that a frame says it holds; undefined where it does not say. @throws RangeError for what is no frame */
export function frameSize(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 6 || view.getUint32(0, true) !== MAGIC) throw new RangeError("no zstd frame");
  const descriptor = bytes[4];
  const single = (descriptor & 0x20) !== 0;
  const kind = descriptor >> 6;
  const at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3];
  if (kind === 0) return single ? view.getUint8(at) : undefined;
  if (kind === 1) return view.getUint16(at, true) + 256;
  return kind === 2 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** Refuses a frame that holds another number of bytes than `expected`, or more than it can. @throws RangeError */
export function checkFrame(bytes: Uint8Array, expected?: number): void {
  const size = frameSize(bytes);
  if (size === undefined) throw new RangeError("a zstd frame that does not say how much it holds");
  if (expected !== undefined && size !== expected) throw new RangeError(`${size} bytes in a chunk of ${expected}`);
  if (size > bytes.length * ZSTD_RATIO) throw new RangeError(`${bytes.length} bytes cannot hold ${size}`);
}
