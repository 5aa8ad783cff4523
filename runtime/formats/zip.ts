/**
 * Zip archives, as `numpy.savez` and `scipy.sparse.save_npz` write them: stored or deflated members, read by the central
 * directory. Source: PKWARE's APPNOTE, sections 4.3 and 4.4. No zip64, no encryption.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { shown, shownList } from "./text";
import { unpackedLimit } from "./unpacked";
import { firstInvalidUtf8 } from "./utf8";

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const STORED = 0;
const DEFLATED = 8;
/** A size or offset that is told in zip64's own record. */
const ELSEWHERE = 0xffffffff;

/** Unpacks every member of an archive that is asked for, by name; `file` names it in errors. */
export class ZipArchive {
  private readonly entries = new Map<
    string,
    { method: number; crc: number; packed: number; size: number; at: number }
  >();
  private readonly view: DataView;
  /** Bytes that were unpacked so far: members may lie over each other. */
  private unpacked = 0;

  /** @throws SpectroscopeError when it is no zip archive that is read here */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly file: string,
    /** What writes such an archive anew, for errors; absent: of `scipy.sparse.save_npz`. */
    private readonly remedy?: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = this.findEnd();
    const count = this.view.getUint16(end + 10, true);
    const size = this.view.getUint32(end + 12, true);
    const start = this.view.getUint32(end + 16, true);
    let at = start;
    if (at === ELSEWHERE || count === 0xffff) this.refuseZip64();
    for (let i = 0; i < count; i++) {
      if (at + 46 > bytes.length || this.view.getUint32(at, true) !== ENTRY)
        this.damaged(`no entry ${i} at byte ${at}`);
      const u16 = (offset: number) => this.view.getUint16(at + offset, true);
      const u32 = (offset: number) => this.view.getUint32(at + offset, true);
      const named = bytes.subarray(at + 46, at + 46 + u16(28));
      if (firstInvalidUtf8(named) < named.length) this.damaged(`the name of entry ${i} is not UTF-8`);
      const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(named);
      const entry = { method: u16(10), crc: u32(16), packed: u32(20), size: u32(24), at: u32(42) };
      if ([entry.packed, entry.size, entry.at].includes(ELSEWHERE)) this.refuseZip64();
      if (u16(8) & 1)
        throw new SpectroscopeError(`${file}: ${shown(name)} is encrypted`, { hint: "pack it without a password" });
      if (this.entries.has(name)) this.damaged(`it holds ${shown(name)} twice`);
      this.entries.set(name, entry);
      at += 46 + u16(28) + u16(30) + u16(32);
    }
    // Who counts by its bytes would find other entries.
    if (at - start !== size) this.damaged(`its directory of ${count} entries has ${at - start} bytes, not ${size}`);
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** Bytes of a member as the directory tells them; 0 where there is none. */
  size(name: string): number {
    return this.entries.get(name)?.size ?? 0;
  }

  /** Bytes of a member, held against their checksum. @throws SpectroscopeError */
  async read(name: string): Promise<Uint8Array> {
    const entry = this.entries.get(name);
    if (!entry)
      throw new SpectroscopeError(`${this.file}: has no ${shown(name)}`, {
        hint: `it holds ${shownList(this.names) || "nothing"}`,
      });
    const { method, crc, packed, size, at } = entry;
    if (at + 30 > this.bytes.length || this.view.getUint32(at, true) !== LOCAL)
      this.damaged(`${shown(name)} is not at byte ${at}`);
    const start = at + 30 + this.view.getUint16(at + 26, true) + this.view.getUint16(at + 28, true);
    if (start + packed > this.bytes.length) this.damaged(`${shown(name)} is cut off`);
    const local = this.bytes.subarray(at + 30, at + 30 + this.view.getUint16(at + 26, true));
    const wanted = new TextEncoder().encode(name);
    if (local.length !== wanted.length || local.some((byte, i) => byte !== wanted[i]))
      this.damaged(`${shown(name)} is named otherwise at byte ${at}`);
    if (method === STORED && size !== packed) this.damaged(`${shown(name)} has ${packed} bytes and says ${size}`);
    this.unpacked += size;
    const limit = unpackedLimit(this.bytes.length);
    if (this.unpacked > limit)
      throw new SpectroscopeError(
        `${this.file}: ${shown(name)} says that it has ${size} bytes, ${limit} are unpacked of an archive of ${this.bytes.length}`,
        { hint: this.remedy ?? "save it unpacked: scipy.sparse.save_npz(file, A, compressed=False)" },
      );
    const raw = this.bytes.subarray(start, start + packed);
    const whole = method === STORED ? raw : method === DEFLATED ? await this.inflate(name, raw, size, crc) : undefined;
    if (!whole)
      throw new SpectroscopeError(`${this.file}: ${shown(name)} is packed by method ${method}`, {
        hint: this.remedy ?? "save it stored or deflated",
      });
    if (whole.length !== size || crc32(whole) !== crc) this.damaged(`${shown(name)} is not what its checksum says`);
    return whole;
  }

  /**
   * Gzip has the same data between a header and the checksum and size that the archive tells, and every engine that has a
   * DecompressionStream unpacks it; bare deflate came later.
   */
  private async inflate(name: string, raw: Uint8Array, size: number, crc: number): Promise<Uint8Array> {
    const trailer = new DataView(new ArrayBuffer(8));
    trailer.setUint32(0, crc, true);
    trailer.setUint32(4, size, true);
    const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
    const parts = [header, raw, new Uint8Array(trailer.buffer)] as Uint8Array<ArrayBuffer>[];
    const out = new Uint8Array(size);
    let at = 0;
    try {
      const unpacked = new Blob(parts).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
      for (;;) {
        const { done, value } = await unpacked.read();
        if (done) break;
        if (at + value.length > size) throw new Error(`more than the ${size} bytes that it says`);
        out.set(value, at);
        at += value.length;
      }
    } catch (cause) {
      this.damaged(`${shown(name)}: ${(cause as Error).message}`);
    }
    return out.subarray(0, at);
  }

  /** The end record is the last thing in the file but for a comment. */
  private findEnd(): number {
    const { length } = this.bytes;
    for (let at = length - END_BYTES; at >= Math.max(0, length - END_BYTES - 0xffff); at--)
      if (this.view.getUint32(at, true) === END) return at;
    throw new SpectroscopeError(`${this.file}: not a whole zip archive (no end record)`, {
      hint: `${this.remedy ?? "write it with scipy.sparse.save_npz"}, or copy it again`,
    });
  }

  private refuseZip64(): never {
    throw new SpectroscopeError(`${this.file}: is a zip64 archive, which is not read`, {
      hint: this.remedy ?? "keep arrays below 4 GiB: int32 indices, float32 data",
    });
  }

  private damaged(what: string): never {
    throw new SpectroscopeError(`${this.file}: damaged zip archive: ${what}`, { hint: "copy or write it again" });
  }
}

let table: Uint32Array | undefined;

/** CRC-32 of zip and PNG: polynomial 0xedb88320, reflected. */
export function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]) & 255];
  return (crc ^ 0xffffffff) >>> 0;
}
