/** Where text stops being UTF-8: the platform's decoder only says that it does. */

/** For a first byte of two, three or four: how many follow, and the range of the first of them. */
function sequence(first: number): [follow: number, low: number, high: number] | undefined {
  if (first >= 0xc2 && first <= 0xdf) return [1, 0x80, 0xbf];
  if (first === 0xe0) return [2, 0xa0, 0xbf];
  if (first === 0xed) return [2, 0x80, 0x9f];
  if (first >= 0xe1 && first <= 0xef) return [2, 0x80, 0xbf];
  if (first === 0xf0) return [3, 0x90, 0xbf];
  if (first >= 0xf1 && first <= 0xf3) return [3, 0x80, 0xbf];
  if (first === 0xf4) return [3, 0x80, 0x8f];
  return undefined;
}

/**
 * Offset of the first byte that begins no whole character; the length when all is well.
 * Source: the Unicode Standard, table 3-7, "Well-Formed UTF-8 Byte Sequences".
 */
export function firstInvalidUtf8(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length) {
    if (bytes[i] < 0x80) {
      i++;
      continue;
    }
    const expected = sequence(bytes[i]);
    if (!expected) return i;
    const [follow, low, high] = expected;
    if (!(bytes[i + 1] >= low && bytes[i + 1] <= high)) return i;
    for (let k = 2; k <= follow; k++) if (!(bytes[i + k] >= 0x80 && bytes[i + k] <= 0xbf)) return i;
    i += follow + 1;
  }
  return i;
}
