/**
 * Tensors out of pickles of PyTorch's, without running anything: a machine that knows the opcodes of plain containers
 * (`opcodes.ts`) and four globals, and refuses every other by name. Source: Python's pickletools for the opcodes,
 * `torch/_utils.py` for what the arguments of a tensor mean.
 */
import { quoted, unquoted } from "../../kernels/quoted";
import { opcodeName, READ } from "./opcodes";
import { PickleReader } from "./pickle-reader";
import {
  Global,
  PickledDict,
  PickledList,
  PickledStorage,
  PickledTensor,
  type PickleValue,
  STORAGES,
} from "./pickle-values";

const ORDERED = "collections.OrderedDict";
const TENSOR = "torch._utils._rebuild_tensor_v2";
const PARAMETER = "torch._utils._rebuild_parameter";
const KNOWN = new Set([ORDERED, TENSOR, PARAMETER, ...Object.keys(STORAGES).map((name) => `torch.${name}`)]);

/** Values on the stack, and remembered: a state dict of ten thousand tensors has less. */
const DEEPEST = 2 ** 17;
/** Values in all: some 25 a tensor, and some hundred bytes of memory each, while a byte of a pickle can make one. */
const MOST = 2 ** 18;
const AXES = 16;

/** One run over one pickle. */
class Machine extends PickleReader {
  private stack: PickleValue[] = [];
  /** Stacks below the marks. */
  private readonly below: PickleValue[][] = [];
  private depth = 0;
  private made = 0;
  private readonly memo = new Map<number, PickleValue>();

  run(): PickleValue {
    for (;;) {
      this.opcode = this.byte();
      if (READ[this.opcode] === undefined) this.refuse(`the opcode ${opcodeName(this.opcode)} at byte ${this.at - 1}`);
      if (READ[this.opcode] === "STOP") {
        const value = this.pop();
        if (this.stack.length > 0 || this.below.length > 0) this.damaged("leaves values behind");
        if (this.at !== this.bytes.length) this.damaged(`is followed by ${this.bytes.length - this.at} bytes`);
        return value;
      }
      this.step(READ[this.opcode]);
    }
  }

  private step(name: string): void {
    switch (name) {
      case "PROTO": {
        const protocol = this.byte();
        if (protocol < 2 || protocol > 5) this.fail(`a pickle of protocol ${protocol}`, "protocols 2 to 5 are read");
        break;
      }
      case "FRAME":
        this.frame();
        break;
      case "MARK":
        this.below.push(this.stack);
        this.stack = [];
        if (++this.depth > DEEPEST) this.damaged("nests too deep");
        break;
      case "NONE":
        this.push(null);
        break;
      case "NEWTRUE":
        this.push(true);
        break;
      case "NEWFALSE":
        this.push(false);
        break;
      case "BININT":
        this.push(this.view.getInt32(this.take(4), true));
        break;
      case "BININT1":
        this.push(this.byte());
        break;
      case "BININT2":
        this.push(this.view.getUint16(this.take(2), true));
        break;
      case "LONG1":
        this.push(this.long(this.byte()));
        break;
      case "BINFLOAT":
        this.push(this.view.getFloat64(this.take(8)));
        break;
      case "BINUNICODE":
        this.push(this.text(this.view.getUint32(this.take(4), true)));
        break;
      case "SHORT_BINUNICODE":
        this.push(this.text(this.byte()));
        break;
      case "EMPTY_TUPLE":
        this.push(new PickledList([], true));
        break;
      case "TUPLE":
        this.push(new PickledList(this.marked(), true));
        break;
      case "TUPLE1":
        this.push(new PickledList(this.last(1), true));
        break;
      case "TUPLE2":
        this.push(new PickledList(this.last(2), true));
        break;
      case "TUPLE3":
        this.push(new PickledList(this.last(3), true));
        break;
      case "EMPTY_LIST":
        this.push(new PickledList([], false));
        break;
      case "APPEND":
        this.append(this.last(1));
        break;
      case "APPENDS":
        this.append(this.marked());
        break;
      case "EMPTY_DICT":
        this.push(new PickledDict());
        break;
      case "SETITEM":
        this.set(this.last(2));
        break;
      case "SETITEMS":
        this.set(this.marked());
        break;
      case "BINPUT":
        this.remember(this.byte());
        break;
      case "LONG_BINPUT":
        this.remember(this.view.getUint32(this.take(4), true));
        break;
      case "MEMOIZE":
        this.remember(this.memo.size);
        break;
      case "BINGET":
        this.recall(this.byte());
        break;
      case "LONG_BINGET":
        this.recall(this.view.getUint32(this.take(4), true));
        break;
      case "GLOBAL":
        this.global(this.line(), this.line());
        break;
      case "STACK_GLOBAL": {
        const [module, own] = this.last(2);
        if (typeof module !== "string" || typeof own !== "string") this.damaged("names no text");
        this.global(module as string, own as string);
        break;
      }
      case "BINPERSID":
        this.push(this.persistent(this.pop()));
        break;
      case "REDUCE": {
        const [callable, given] = this.last(2);
        this.push(this.reduce(callable, given));
        break;
      }
      case "BUILD":
        this.build(this.pop());
        break;
      default:
        this.damaged("is not known");
    }
  }

  private push(value: PickleValue): void {
    if (this.stack.length >= DEEPEST) this.damaged("piles up too many values");
    if (++this.made > MOST)
      this.fail(`the pickle holds more than ${MOST} values`, "keep the state dict of one autoencoder in a file");
    this.stack.push(value);
  }

  private pop(): PickleValue {
    if (this.stack.length === 0) this.damaged("finds no value");
    return this.stack.pop() as PickleValue;
  }

  private top(): PickleValue {
    if (this.stack.length === 0) this.damaged("finds no value");
    return this.stack[this.stack.length - 1];
  }

  private last(count: number): PickleValue[] {
    if (this.stack.length < count) this.damaged(`needs ${count} values and finds ${this.stack.length}`);
    return this.stack.splice(this.stack.length - count);
  }

  private marked(): PickleValue[] {
    const below = this.below.pop();
    if (below === undefined) return this.damaged("finds no mark");
    const items = this.stack;
    this.stack = below;
    this.depth--;
    return items;
  }

  private remember(index: number): void {
    if (this.memo.size >= DEEPEST) this.damaged("remembers too many values");
    this.memo.set(index, this.top());
  }

  private recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) this.damaged(`recalls value ${index}, which was not remembered`);
    this.push(value as PickleValue);
  }

  private append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!(list instanceof PickledList) || list.tuple) this.damaged("finds no list");
    else for (const item of items) list.items.push(item);
  }

  private set(items: readonly PickleValue[]): void {
    const found = this.top();
    const dict = found instanceof PickledDict ? found : this.damaged("finds no dict");
    if (items.length % 2 !== 0) this.damaged("finds a key without a value");
    for (let i = 0; i < items.length; i += 2) {
      if (typeof items[i] !== "string" && typeof items[i] !== "number") this.damaged("has a key that is no text");
      if (dict.entries.has(items[i])) this.damaged(`gives the key ${quoted(items[i])} twice`);
      dict.entries.set(items[i], items[i + 1]);
    }
  }

  private global(module: string, own: string): void {
    const name = `${module}.${own}`;
    if (!KNOWN.has(name)) this.refuse(`${opcodeName(this.opcode)} of ${unquoted(name)}`);
    this.push(new Global(name));
  }

  private persistent(id: PickleValue): PickledStorage {
    const items = id instanceof PickledList && id.tuple ? id.items : [];
    const [kind, type, key, place, length] = items;
    if (items.length !== 5 || kind !== "storage" || !(type instanceof Global)) return this.damaged("names no storage");
    const own = type.name.replace(/^torch\./, "");
    if (!Object.hasOwn(STORAGES, own) || typeof key !== "string" || typeof place !== "string")
      return this.damaged("names no storage");
    if (!isSize(length)) return this.damaged("tells a storage no length");
    return new PickledStorage(key, STORAGES[own as keyof typeof STORAGES], length);
  }

  /** The only calls there are: an empty OrderedDict or one of pairs, a tensor, a parameter. */
  private reduce(callable: PickleValue, given: PickleValue): PickleValue {
    if (!(callable instanceof Global)) return this.damaged("calls what is no global");
    if (!(given instanceof PickledList) || !given.tuple) return this.damaged(`calls ${callable.name} without a tuple`);
    const { items } = given;
    if (callable.name === ORDERED) {
      const dict = new PickledDict(true);
      if (items.length > 0) this.refuse(`REDUCE of ${ORDERED} with arguments`);
      return dict;
    }
    if (callable.name === TENSOR) return this.tensor(items);
    if (callable.name === PARAMETER && items.length === 3 && items[0] instanceof PickledTensor) return items[0];
    return this.refuse(`REDUCE of ${callable.name}`);
  }

  private tensor(items: readonly PickleValue[]): PickledTensor {
    const [storage, offset, shape, strides, grad, hooks, metadata] = items;
    if (items.length < 6 || items.length > 7 || !(storage instanceof PickledStorage))
      return this.damaged("makes a tensor of no storage");
    if (typeof grad !== "boolean" || !isEmpty(hooks)) this.refuse("a tensor with hooks");
    // It may say that the elements are the negative, or the conjugate, of what is stored.
    if (metadata !== undefined && metadata !== null && !isEmpty(metadata)) this.refuse("a tensor with metadata");
    const list = (value: PickleValue) =>
      value instanceof PickledList && value.tuple && value.items.every(isSize) ? (value.items as number[]) : undefined;
    const [sizes, steps] = [list(shape), list(strides)];
    if (!isSize(offset) || !sizes || !steps || sizes.length !== steps.length || sizes.length > AXES)
      return this.damaged("makes a tensor without offset, shape and strides");
    const tensor = new PickledTensor(storage, offset, sizes, steps);
    const last = sizes.reduce((sum, size, axis) => sum + (size - 1) * steps[axis], offset);
    const empty = sizes.includes(0);
    if (!empty && !(last < storage.length))
      this.damaged(`makes a tensor that ends at element ${last} of a storage of ${storage.length}`);
    if (!empty && tensor.count > storage.length)
      this.fail(
        `a tensor of ${tensor.count} elements lies in a storage of ${storage.length}`,
        "an expanded tensor is not read: save its clone()",
      );
    return tensor;
  }

  /** Attributes of an OrderedDict (the versions of a state dict's modules) are passed over; nothing else has any. */
  private build(state: PickleValue): void {
    const object = this.top();
    if (!(object instanceof PickledDict && object.ordered && state instanceof PickledDict))
      this.refuse("BUILD (__setstate__) of another object than an OrderedDict");
  }
}

const isSize = (value: PickleValue): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const isEmpty = (value: PickleValue) => value instanceof PickledDict && value.entries.size === 0;

/** The value of a pickle; `file` names it in errors. @throws SpectroscopeError for any other opcode or global, and for damage */
export function parsePickle(bytes: Uint8Array, file: string): PickleValue {
  return new Machine(bytes, file).run();
}
