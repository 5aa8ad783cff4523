/** What a pickle of tensors may hold. */

/** Storages that are read, and what an element of each is called in safetensors. */
export const STORAGES = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
} as const;
export type StorageType = (typeof STORAGES)[keyof typeof STORAGES];

/** Bytes that lie elsewhere, by the name that the pickle gives them. */
export class PickledStorage {
  constructor(
    readonly key: string,
    readonly type: StorageType,
    /** Elements. */
    readonly length: number,
  ) {}
}

/** A tensor over a storage: offset and strides in elements, all of them held to lie in it. */
export class PickledTensor {
  constructor(
    readonly storage: PickledStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}

  /** Elements. */
  get count(): number {
    return this.shape.reduce((product, size) => product * size, 1);
  }
}

/** A global by its name: known, and never called as such. */
export class Global {
  constructor(readonly name: string) {}
}

/** A dict, or an OrderedDict with what BUILD gave it passed over. */
export class PickledDict {
  readonly entries = new Map<PickleValue, PickleValue>();
  constructor(readonly ordered = false) {}
}

/** What a pickle may hold. Tuples and lists are both arrays: `tuple` in `PickledList` says which. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickledList
  | PickledDict
  | PickledTensor
  | PickledStorage
  | Global;

export class PickledList {
  constructor(
    readonly items: PickleValue[],
    readonly tuple: boolean,
  ) {}
}
