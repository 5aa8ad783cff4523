/**
 * What `torch.save` writes since PyTorch 1.6: a zip archive with a pickle (`NAME/data.pkl`) and the bytes of each storage
 * (`NAME/data/KEY`). Only tensors are read; nothing in it is run. Source: `torch/serialization.py`.
 */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted, unquoted } from "../../kernels/quoted";
import { isZip } from "../../runtime/formats/npz";
import { shownList } from "../../runtime/formats/text";
import { ZipArchive } from "../../runtime/formats/zip";
import { decodeElements, elementBits, type SafetensorsData } from "../formats/safetensors-elements";
import type { PickledTensor } from "./pickle-values";
import { parseStateDict } from "./state-dict";

/** Tensors of an archive by name; values are read when they are wanted. */
export interface TorchArchive {
  readonly tensors: ReadonlyMap<string, PickledTensor>;
  /** Elements in row-major order, whatever the strides; NaN and infinities as they are. @throws SpectroscopeError */
  read(name: string): Promise<SafetensorsData>;
}

/** Bytes of the longest pickle: that of a state dict has about a hundred a tensor. */
const PICKLE_BYTES = 2 ** 24;
/** How much members may become together: torch.save packs nothing. A small archive may have been packed by another program. */
const TIMES = 4;
const ALWAYS = 2 ** 20;
/** How a `.pt` of before PyTorch 1.6 begins: a pickle of its magic number. */
const LEGACY = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const AGAIN = "save it again: torch.save(torch.load(FILE, map_location='cpu', weights_only=True), FILE)";

/** Opens an archive held in memory; `file` names it in errors. @throws SpectroscopeError */
export async function openTorchArchive(bytes: Uint8Array, file: string): Promise<TorchArchive> {
  const fail = (what: string, hint: string): never => {
    throw new SpectroscopeError(`${file}: ${what}`, { code: "bad-input", hint });
  };
  if (LEGACY.every((byte, i) => bytes[i] === byte)) fail("is a .pt of before PyTorch 1.6, which is not read", AGAIN);
  if (!isZip(bytes)) fail("is no archive of torch.save (no zip)", "copy or download it again");
  const zip = new ZipArchive(bytes, file, AGAIN);
  const unpacked = zip.names.reduce((sum, name) => sum + zip.size(name), 0);
  if (unpacked > Math.max(ALWAYS, TIMES * bytes.length))
    fail(`its members have ${unpacked} bytes and the archive ${bytes.length}, which torch.save does not write`, AGAIN);
  const pickles = zip.names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length !== 1) {
    const holds = shownList(zip.names) || "nothing";
    fail(`is no archive of torch.save: ${pickles.length} members NAME/data.pkl; it holds ${holds}`, AGAIN);
  }
  const shown = `${file}, ${unquoted(pickles[0])}`;
  const root = pickles[0].slice(0, -"data.pkl".length);
  if (zip.names.some((name) => name.startsWith(`${root}code/`)))
    fail("is a TorchScript program, which is not read", "torch.save(model.state_dict(), FILE)");
  if (zip.has(`${root}byteorder`)) {
    const order = String.fromCharCode(...(await zip.read(`${root}byteorder`)).subarray(0, 20));
    if (order !== "little") fail(`has the byte order ${quoted(order)}, only "little" is read`, AGAIN);
  }
  const size = zip.size(pickles[0]);
  if (size > PICKLE_BYTES) fail(`${quoted(pickles[0])} has ${size} bytes, at most ${PICKLE_BYTES} are read`, AGAIN);
  const tensors = parseStateDict(await zip.read(pickles[0]), shown);
  for (const [name, { storage }] of tensors) {
    const member = `${root}data/${storage.key}`;
    if (!zip.has(member)) fail(`tensor ${quoted(name)} lies in ${quoted(member)}, which is missing`, AGAIN);
    const needed = (storage.length * elementBits(storage.type)!) / 8;
    if (zip.size(member) !== needed) {
      const has = `${quoted(member)} has ${zip.size(member)}`;
      fail(`tensor ${quoted(name)} needs ${needed} bytes of storage, ${has}`, "copy or download it again");
    }
  }
  const storages = new Map<string, Promise<Uint8Array>>();
  return {
    tensors,
    async read(name) {
      const tensor = tensors.get(name) as PickledTensor;
      const { key } = tensor.storage;
      // Read once: the archive counts what it unpacks.
      const raw = storages.get(key) ?? zip.read(`${root}data/${key}`);
      storages.set(key, raw);
      return elementsOf(tensor, await raw, `${file}, ${unquoted(name)}`);
    },
  };
}

/** Elements of a tensor out of the bytes of its storage. */
function elementsOf({ storage, offset, shape, strides, count }: PickledTensor, raw: Uint8Array, file: string) {
  const width = elementBits(storage.type)! / 8;
  const last = count === 0 ? offset - 1 : shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis], offset);
  const entry = { name: storage.key, dtype: storage.type, shape: [last + 1 - offset], begin: 0, end: 0 };
  const part = raw.subarray(offset * width, (last + 1) * width);
  const data = decodeElements(entry, part, file, { allowNonFinite: true });
  if (isContiguous(shape, strides)) return data;
  const out = new (data.constructor as new (length: number) => SafetensorsData)(count);
  const index = shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < count; i++) {
    out[i] = data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** Whether elements lie in row-major order without holes; strides of axes of one element say nothing. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis];
  }
  return true;
}
