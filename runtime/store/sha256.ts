/** SHA-256 in hexadecimal, by the engine's own `crypto.subtle`, which pages have too. */

/** More than this is hashed piece by piece: engines take less than 2 GiB at once, and copy it. */
const PIECE_BYTES = 2 ** 26;

async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  // A view of shared memory is refused.
  const own = bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", own as Uint8Array<ArrayBuffer>));
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Bytes one after the other. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => {
    whole.set(part, at);
    return at + part.length;
  }, 0);
  return whole;
}

/** Of bytes, below 2 GiB. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  return hex(await digest(bytes));
}

/**
 * A hash of hashes, for what is too large to be hashed at once or comes in parts: of every 64 MiB of the whole, one after the
 * other, however it is cut into parts.
 */
export async function sha256OfParts(parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<string> {
  const digests: Uint8Array[] = [];
  const pending: Uint8Array[] = [];
  let size = 0;
  const finish = async () => {
    digests.push(await digest(joinBytes(pending.splice(0))));
    size = 0;
  };
  for await (const part of parts) {
    for (let at = 0; at < part.length; ) {
      // A copy: whoever reads in parts may use one buffer for all.
      const own = new Uint8Array(part.subarray(at, at + PIECE_BYTES - size));
      pending.push(own);
      at += own.length;
      size += own.length;
      if (size === PIECE_BYTES) await finish();
    }
  }
  if (size > 0) await finish();
  return sha256(joinBytes(digests));
}
