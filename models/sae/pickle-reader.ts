/** The bytes of a pickle one after the other: numbers, texts, and the errors that say where. */
import { SpectroscopeError } from "../../kernels/errors";
import { firstInvalidUtf8 } from "../../runtime/formats/utf8";
import { opcodeName } from "./opcodes";

/** Bytes of a name or a text. */
const LONGEST = 2 ** 16;

/** Reads on from byte `at`; `opcode` is what is being done, for errors. */
export class PickleReader {
  protected at = 0;
  protected opcode = 0;
  protected readonly view: DataView;

  constructor(
    protected readonly bytes: Uint8Array,
    private readonly file: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  protected fail(what: string, hint = "the file is damaged: copy or download it again"): never {
    throw new SpectroscopeError(`${this.file}: ${what}`, { code: "bad-input", hint });
  }

  protected refuse(what: string): never {
    return this.fail(
      `${what}, which is not read and not run`,
      "only a state dict of tensors is read: torch.save(model.state_dict(), FILE)",
    );
  }

  protected damaged(what: string): never {
    return this.fail(`damaged pickle: ${opcodeName(this.opcode)} before byte ${this.at} ${what}`);
  }

  /** Place of so many bytes, passed over. */
  protected take(count: number): number {
    if (count > this.bytes.length - this.at)
      this.fail(`the pickle ends at byte ${this.bytes.length}, in the middle of ${opcodeName(this.opcode)}`);
    this.at += count;
    return this.at - count;
  }

  protected byte(): number {
    if (this.at >= this.bytes.length) this.fail(`the pickle ends at byte ${this.at} without STOP`);
    return this.bytes[this.at++];
  }

  protected text(length: number): string {
    if (length > LONGEST) this.damaged(`has a text of ${length} bytes`);
    const at = this.take(length);
    const part = this.bytes.subarray(at, this.at);
    if (firstInvalidUtf8(part) < part.length) this.damaged("has a text that is not UTF-8");
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(part);
  }

  protected line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) this.fail("the pickle ends in the name of a global");
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }

  /** A little-endian whole number in two's complement. */
  protected long(length: number): number {
    const at = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[at + i]);
    const number = Number(BigInt.asIntN(8 * length, value));
    if (!Number.isSafeInteger(number)) this.damaged("has a number beyond 2^53 - 1");
    return number;
  }

  protected frame(): void {
    const length = this.view.getBigUint64(this.take(8), true);
    if (length > BigInt(this.bytes.length - this.at)) this.damaged(`says ${length} bytes, there are fewer`);
  }
}
