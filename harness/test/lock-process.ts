/** A process of a made-up world (`lock-world.ts`): what it does with a lock, an operation at a time. */
import type { Holders, LockFiles, LockProtocol, LockTimes, Seen } from "../../runtime/node/lock-protocol";
import type { seededRandom } from "./random";

export const TIMES: LockTimes = { touch: 5_000, stale: 60_000 };
export const LOCK = "runs/x.lock";

export type Protocol = new (files: LockFiles, holders: Holders, times: LockTimes) => LockProtocol;

export interface Inode {
  text: string;
  at: number;
}

/** What a process has around it. */
export interface Surroundings {
  readonly random: ReturnType<typeof seededRandom>;
  readonly protocol: Protocol;
  readonly inodes: Map<string, Inode>;
  /** Whether files can have two names. */
  readonly links: boolean;
  readonly faults: string[];
  /** By a clock that nobody sets, and by the disk's, milliseconds. */
  readonly now: number;
  readonly time: number;
  operations: number;
  /** A file of the lock was changed by a process that had been stopped for long since it looked: see the protocol's docstring. */
  shaken: boolean;
  /** For how long a process must not be stopped between a look at a file and what it does then, so that others see to it. */
  patience(stale: number): number;
  lives(id: number): boolean;
  took(process: LockProcess): void;
  wrote(process: LockProcess): void;
}

export class LockProcess implements LockFiles, Holders {
  alive = true;
  holding?: string;
  /** When it goes on, if it is stopped or waits. */
  wakes = 0;
  /** How long ago it did its operation before this one. */
  idle = 0;
  pending?: () => void;
  /** It is about to do something about what it just saw: the worst time to be stopped. */
  looked = false;
  private stopped = 0;
  private touches = 0;
  private last = 0;
  private count = 0;
  private readonly own = new Set<string>();
  private rest?: () => void;

  constructor(
    private readonly world: Surroundings,
    readonly id: number,
    readonly host: number,
  ) {}

  /** When its lock was touched last, if until now it was at `at`. */
  touched(at: number, offset: number): number {
    const { now } = this.world;
    if (now < this.touches) return at;
    const late = (now - this.touches) % TIMES.touch;
    this.touches = now - late + TIMES.touch;
    return Math.max(now - late, this.stopped) + offset;
  }

  get runs(): boolean {
    return this.alive && this.stopped <= this.world.now;
  }

  kill(): void {
    this.alive = false;
    this.pending = undefined;
  }

  stop(ms: number): void {
    this.stopped = this.world.now + ms;
    this.wakes = Math.max(this.wakes, this.stopped);
  }

  /** Its life, until its first operation: so many tries, or until it had the lock `once`. */
  begin(rounds: number, once = false): Promise<void> {
    const resting = this.resting();
    void this.live(rounds, once).finally(() => {
      this.pending = undefined;
      this.rest?.();
    });
    return resting;
  }

  step(): Promise<void> {
    const { pending, world } = this;
    const resting = this.resting();
    this.pending = undefined;
    world.operations++;
    this.idle = world.now - this.last;
    this.last = world.now;
    this.looked = false;
    pending?.();
    return resting;
  }

  private resting(): Promise<void> {
    return new Promise((done) => {
      this.rest = done;
    });
  }

  private next<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.pending = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      this.rest?.();
    });
  }

  private async live(rounds: number, once: boolean): Promise<void> {
    const protocol = new this.world.protocol(this, this, TIMES);
    const { uniform, integer } = this.world.random;
    try {
      for (let round = 0; round < rounds; round++) {
        const found = await protocol.acquire(LOCK);
        if (!found.held) {
          await this.wait(once ? 100_000 : uniform() * (uniform() < 0.5 ? 500 : 100_000));
          continue;
        }
        this.holding = found.text;
        this.touches = this.world.now + TIMES.touch;
        this.world.took(this);
        await protocol.sweep(LOCK);
        for (let commits = integer(4); commits > 0; commits--) {
          if (!(await protocol.isHeld(LOCK, found.text))) break;
          await this.next(() => this.world.wrote(this));
          // It computes.
          if (uniform() < 0.3) await this.wait(100_000 * uniform());
        }
        this.holding = undefined;
        await protocol.release(LOCK, found.text);
        if (once) return;
      }
    } catch (error) {
      this.world.faults.push(`${this.id}: ${error instanceof Error ? error.stack : error}`);
    }
  }

  // What a process can do at once.

  /** Changes files that others see too. */
  private change(path: string): void {
    if (!path.endsWith(".tmp") && this.idle >= this.world.patience(10 * TIMES.stale)) this.world.shaken = true;
  }

  private make(path: string, text: string): Inode {
    const { inodes, time } = this.world;
    if (inodes.has(path)) throw Object.assign(new Error(path), { code: "EEXIST" });
    const inode = { text, at: time };
    inodes.set(path, inode);
    return inode;
  }

  write(path: string, text: string): Promise<void> {
    return this.next(() => void this.make(path, text));
  }

  link(from: string, to: string): Promise<boolean | undefined> {
    return this.next(() => {
      const { inodes, links } = this.world;
      const inode = inodes.get(from);
      if (!links || !inode) return undefined;
      if (inodes.has(to)) return false;
      inodes.set(to, inode);
      return true;
    });
  }

  create(path: string): Promise<((text: string) => Promise<void>) | undefined> {
    return this.next(() => {
      if (this.world.inodes.has(path)) return undefined;
      const inode = this.make(path, "");
      this.looked = true;
      return (text: string) =>
        this.next(() => {
          Object.assign(inode, { text, at: this.world.time });
        });
    });
  }

  read(path: string): Promise<Seen | undefined> {
    return this.next(() => {
      const inode = this.world.inodes.get(path);
      this.looked = inode !== undefined;
      return inode && { ...inode };
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.next(() => {
      const { inodes } = this.world;
      const inode = inodes.get(from);
      if (!inode) throw Object.assign(new Error(from), { code: "ENOENT" });
      this.change(to);
      inodes.delete(from);
      inodes.set(to, inode);
    });
  }

  remove(path: string): Promise<void> {
    return this.next(() => {
      const { inodes, faults } = this.world;
      this.change(path);
      const text = path === LOCK ? inodes.get(path)?.text : undefined;
      if (text !== undefined && !this.own.has(text) && !this.world.shaken) faults.push(`${this.id} removes ${text}`);
      inodes.delete(path);
    });
  }

  beginning(path: string): Promise<readonly string[]> {
    return this.next(() => [...this.world.inodes.keys()].filter((name) => name.startsWith(path)));
  }

  clock(): number {
    return this.world.now;
  }

  wait(ms: number): Promise<void> {
    this.wakes = Math.max(this.wakes, this.world.now + ms);
    return this.next(() => {});
  }

  // Who it is, and what it sees of others.

  sign(): string {
    const text = `${this.host} ${this.id} ${this.count++}`;
    this.own.add(text);
    return text;
  }

  forget(text: string): void {
    this.own.delete(text);
  }

  lives(text: string): boolean | undefined {
    const [host, id] = text.split(" ");
    if (text === "" || Number(host) !== this.host) return undefined;
    if (Number(id) === this.id) return this.own.has(text);
    return this.world.lives(Number(id));
  }
}
