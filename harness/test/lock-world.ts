/**
 * Processes that take one lock through the code that real ones run, over files in memory: whoever is next does one operation. They
 * are killed and stopped at any of them, the disk's clock jumps, and locks of the dead stand there at the start.
 */
import { type Inode, LOCK, LockProcess, type Protocol, type Surroundings, TIMES } from "./lock-process";
import { seededRandom } from "./random";

const ROUNDS = 3;
const FINAL_TRIES = 60;

/** What a world is like; drawn from its seed where nothing is said. */
export interface Settings {
  readonly hosts?: number;
  /** Whether files can have two names. */
  readonly links?: boolean;
  /** How likely a process is killed or stopped, or the disk's clock set, at an operation. */
  readonly kills?: number;
  readonly stops?: number;
  readonly jumps?: number;
}

/** What became of a world. */
export interface Outcome {
  /** What must not be; none as a rule. */
  readonly faults: readonly string[];
  readonly takes: number;
  readonly writes: number;
  /** Writes that came after another had taken the lock, of a process stopped for long in a world of several hosts. */
  readonly late: number;
  readonly operations: number;
}

class World implements Surroundings {
  readonly random;
  readonly inodes = new Map<string, Inode>();
  readonly processes: LockProcess[] = [];
  readonly faults: string[] = [];
  readonly hosts: number;
  readonly links: boolean;
  private readonly kills: number;
  private readonly stops: number;
  private readonly jumps: number;
  /** Milliseconds of a clock that nobody sets, and how far the disk's is from it. */
  now = 1e6;
  offset = 0;
  takes = 0;
  writes = 0;
  late = 0;
  operations = 0;
  shaken = false;

  constructor(
    seed: number,
    readonly protocol: Protocol,
    settings: Settings,
  ) {
    this.random = seededRandom(seed);
    const { uniform, integer } = this.random;
    const often = (most: number) => (uniform() < 0.3 ? 0 : most * uniform());
    this.hosts = settings.hosts ?? (uniform() < 0.6 ? 1 : 2 + integer(2));
    this.links = settings.links ?? uniform() < 0.7;
    this.kills = settings.kills ?? often(0.02);
    this.stops = settings.stops ?? often(0.1);
    this.jumps = settings.jumps ?? (uniform() < 0.5 ? 0 : often(0.02));
    for (let id = 2 + integer(4); id > 0; id--) this.start();
    if (uniform() < 0.7) this.leave();
  }

  start(): LockProcess {
    const process = new LockProcess(this, this.processes.length, this.random.integer(this.hosts));
    this.processes.push(process);
    return process;
  }

  /** A lock of nobody, or of one that died here or elsewhere, long ago or just now. */
  private leave(): void {
    const { integer } = this.random;
    const text = integer(5) === 0 ? "" : `${integer(this.hosts)} dead old`;
    this.inodes.set(LOCK, { text, at: this.time - integer(120_000) });
  }

  get time(): number {
    return this.now + this.offset;
  }

  /** Time goes on; holders that run touch their locks, whatever else they do. */
  pass(ms: number): void {
    this.now += ms;
    for (const process of this.processes) {
      const inode = this.inodes.get(LOCK);
      if (inode && process.runs && inode.text === process.holding) inode.at = process.touched(inode.at, this.offset);
    }
  }

  async run(): Promise<Outcome> {
    const { uniform, integer } = this.random;
    const ready: Promise<void>[] = this.processes.map((process) => process.begin(ROUNDS));
    await Promise.all(ready);
    for (;;) {
      const all = this.processes.filter((process) => process.alive && process.pending);
      if (all.length === 0) break;
      const able = all.filter((process) => process.wakes <= this.now);
      if (able.length === 0) {
        this.pass(Math.min(...all.map((process) => process.wakes)) - this.now + 1);
        continue;
      }
      const process = able[integer(able.length)];
      await process.step();
      this.pass(uniform() * 50);
      const chosen = uniform() < 0.5 ? process : all[integer(all.length)];
      if (uniform() < this.kills) chosen.kill();
      else if (uniform() < this.stops * (chosen.looked ? 3 : 1))
        chosen.stop(uniform() < 0.2 ? 300 * uniform() : 10 ** (4 + 2 * uniform()));
      if (uniform() < this.jumps) this.offset += (uniform() - 0.3) * 400_000;
    }
    await this.finish();
    const { faults, takes, writes, late, operations } = this;
    return { faults, takes, writes, late, operations };
  }

  /** All are dead or done: whoever comes now gets the lock, and leaves nothing. */
  private async finish(): Promise<void> {
    const last = this.start();
    const before = this.takes;
    await last.begin(FINAL_TRIES, true);
    while (last.pending && this.takes === before) {
      this.pass(Math.max(0, last.wakes - this.now) + 10);
      await last.step();
    }
    if (this.takes === before) this.faults.push("nobody gets the lock, though all others are dead");
    while (last.pending) {
      this.pass(Math.max(0, last.wakes - this.now) + 10);
      await last.step();
    }
    // What the dead of another host left beside the lock, or half-written, nobody can judge at once.
    const left = [...this.inodes.keys()].filter((path) => path === LOCK || (this.hosts === 1 && this.links));
    if (left.length > 0) this.faults.push(`left over: ${left.join(" ")}`);
  }

  patience(stale: number): number {
    return this.jumps > 0 ? TIMES.touch : stale - TIMES.touch;
  }

  lives(id: number): boolean {
    return this.processes[id]?.alive ?? false;
  }

  took(process: LockProcess): void {
    this.takes++;
    const rival = this.processes.find((other) => other !== process && other.alive && other.holding !== undefined);
    if (rival && this.hosts === 1) this.faults.push(`${process.id} takes what ${rival.id} holds`);
  }

  /** A commit, which comes after its check. */
  wrote(process: LockProcess): void {
    this.writes++;
    if (this.inodes.get(LOCK)?.text === process.holding) return;
    this.late++;
    const excused = this.hosts > 1 && (this.shaken || process.idle >= this.patience(TIMES.stale));
    if (!excused) this.faults.push(`${process.id} writes without the lock`);
  }
}

/** One world from its seed. */
export function runWorld(seed: number, protocol: Protocol, settings: Settings = {}): Promise<Outcome> {
  return new World(seed, protocol, settings).run();
}
