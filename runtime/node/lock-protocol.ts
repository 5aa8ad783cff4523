/**
 * One holder at a time of a lock that is a file, over the few operations that a file system does at once. Tests drive the same code
 * over files in memory, with processes that are killed, stopped and delayed at every operation (`lock-protocol.test.ts`).
 *
 * - A lock is made whole, by a link to a file that is written already: who reads it reads all of it.
 * - Who finds a lock left over takes a second lock first, its *claim*, whose name follows from what stands in the lock. Only who
 *   holds the claim may put another lock in the place of that very one, or remove it: its own holder needs it too. What stands
 *   there is read once more under the claim. So nobody ever removes a lock that came after the one it saw.
 * - A claim is a lock like any other: that of a process which died is taken by a claim of the claim.
 *
 * What it rests on: a holder on this machine keeps its lock as long as it lives, stopped or not, so here there is never a second
 * one. Of a holder elsewhere nobody can tell, so its lock is left over once it was not touched for `stale`, and its claim after
 * ten times that. A process that is stopped for longer may, when it wakes, finish the one operation that it was about to do: write
 * what it had just checked that it may write, or, with a claim, replace or remove a lock. It does no second one: every check after
 * that tells it, or whom it replaced, that the lock is lost.
 */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { systemCode } from "./files";

/** What stands in a lock, and when it was last touched by the clock of its disk, milliseconds. */
export interface Seen {
  readonly text: string;
  readonly at: number;
}

/** Each is done at once, or not at all if the process dies. */
export interface LockFiles {
  /** Makes a file that is nobody's yet. */
  write(path: string, text: string): Promise<void>;
  /** A second name of a file: whether it was free. Undefined where the file system has none. */
  link(from: string, to: string): Promise<boolean | undefined>;
  /** Makes an empty file and gives what writes into it, whatever stands under its name by then; nothing where one is there. */
  create(path: string): Promise<((text: string) => Promise<void>) | undefined>;
  read(path: string): Promise<Seen | undefined>;
  rename(from: string, to: string): Promise<void>;
  /** Does nothing where nothing is. */
  remove(path: string): Promise<void>;
  /** Paths of files that begin like this one. */
  beginning(path: string): Promise<readonly string[]>;
  /** Milliseconds of a clock that nobody sets. */
  clock(): number;
  wait(ms: number): Promise<void>;
}

/** Who takes locks, and what can be told of others. */
export interface Holders {
  /** A text that no lock has had before, and that names this process; it counts as held until it is forgotten. */
  sign(): string;
  forget(text: string): void;
  /** Whether the holder of a lock lives; undefined where nobody here can tell. */
  lives(text: string): boolean | undefined;
}

/** How often a holder touches its lock, and when one that is not touched is left over, milliseconds. */
export interface LockTimes {
  readonly touch: number;
  readonly stale: number;
}

/** What stands in the lock: our own text, or that of whoever is in the way. */
export interface Taken {
  readonly held: boolean;
  readonly text: string;
}

/** Whether a lock was put in another's place; what stands in the claim, where another has it. */
export interface Replaced {
  readonly done: boolean;
  readonly claimed?: string;
}

/** How often in a row a path may be taken and have nothing in it, as a dangling link has. */
const MOST_GONE = 100;

/** A claim is held for some operations and touched by nobody, so more time is given to it, in `stale`. */
const CLAIM_STALE = 10;

/** How often a holder tries to remove its own lock while another has its claim. */
const WITHDRAWALS = 10;

const digest = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** The beginning of the names that belong to a lock: short, however long its own is, and the same for claims of claims. */
function prefixOf(path: string): string {
  const name = basename(path);
  const own = /^\.lock-[0-9a-f]{16}-/.exec(name);
  return join(dirname(path), own ? own[0] : `.lock-${digest(name)}-`);
}
const TEMPORARY = ".tmp";
const temporaryOf = (path: string, text: string) => `${prefixOf(path)}${digest(`${path}\n${text}`)}${TEMPORARY}`;
const claimOf = (path: string, text: string) => `${prefixOf(path)}${digest(`${basename(path)}\n${text}`)}.lock`;

const same = (one: Seen | undefined, other: Seen) => one?.text === other.text && one.at === other.at;

export class LockProtocol {
  constructor(
    protected readonly files: LockFiles,
    protected readonly holders: Holders,
    protected readonly times: LockTimes,
  ) {}

  /** Takes the lock at `path`, also from a holder that is no more. @throws what the files throw */
  acquire(path: string): Promise<Taken> {
    return this.take(path, this.times.stale);
  }

  private async take(path: string, stale: number): Promise<Taken> {
    const text = this.holders.sign();
    const other = await this.enter(path, text, stale).catch((error) => {
      this.holders.forget(text);
      throw error;
    });
    if (other === undefined) return { held: true, text };
    this.holders.forget(text);
    return { held: false, text: other };
  }

  async isHeld(path: string, text: string): Promise<boolean> {
    return (await this.files.read(path))?.text === text;
  }

  /** Gives a lock up. Whatever came in its place stays; and where another holds its claim, that one sees to it. */
  async release(path: string, text: string): Promise<void> {
    try {
      // A full disk takes no claim. Without one the lock is given up as claims are.
      await this.withdraw(path, text).catch(() => this.remove(path, text));
    } finally {
      this.holders.forget(text);
    }
  }

  /** Removes what processes left beside a lock when they were killed, as far as that can be told. The lock must be held. */
  async sweep(path: string): Promise<void> {
    const now = (await this.files.read(path))?.at ?? 0;
    for (const file of await this.files.beginning(prefixOf(path))) {
      const seen = await this.files.read(file);
      if (!seen) continue;
      const lives = this.holders.lives(seen.text);
      if (file.endsWith(TEMPORARY)) {
        if (!(lives ?? now - seen.at <= this.times.stale)) await this.files.remove(file);
      } else if (lives === false) {
        const claim = await this.claim(file);
        if (claim.held) await this.drop(file, claim.text);
      }
    }
  }

  /** Puts `text` at `path`; what is there, if that has a holder. */
  private async enter(path: string, text: string, stale: number): Promise<string | undefined> {
    for (let gone = 0; gone < MOST_GONE; ) {
      if (await this.create(path, text)) return undefined;
      const seen = await this.files.read(path);
      if (seen === undefined) {
        gone++;
        continue;
      }
      gone = 0;
      // A file server may say that a link failed which it has made.
      if (seen.text === text) return undefined;
      const left = await this.isLeft(path, seen, stale);
      if (left === false) return seen.text;
      if (left === undefined) continue;
      const other = await this.replace(path, seen, text);
      if (other.done) return undefined;
      if (other.claimed !== undefined) return other.claimed;
    }
    throw Object.assign(new Error("a lock is there that cannot be read"), { code: "EEXIST" });
  }

  /** Makes the file if none is there. */
  private async create(path: string, text: string): Promise<boolean> {
    const temporary = temporaryOf(path, text);
    try {
      await this.files.write(temporary, text);
      const linked = await this.files.link(temporary, path);
      if (linked !== undefined) return linked;
    } finally {
      await this.files.remove(temporary);
    }
    // Without links it is empty at first, and an empty one counts by its age: whoever took it for one that was left over has
    // watched it for two touches. Who was not quicker than that does not rely on it.
    const begun = this.files.clock();
    const fill = await this.files.create(path);
    if (!fill) return false;
    await fill(text);
    const mine = await this.isHeld(path, text);
    if (this.files.clock() - begun < this.times.touch) return mine;
    await this.withdraw(path, text);
    return false;
  }

  /** Whether nobody holds a lock any more; undefined where it has changed meanwhile. */
  protected async isLeft(path: string, seen: Seen, stale: number): Promise<boolean | undefined> {
    const lives = this.holders.lives(seen.text);
    if (lives !== undefined) return !lives;
    // By the disk's own clock. It may have been set, or all of this machine asleep: so it is watched for a while, too.
    const now = await this.diskTime(path);
    if (now === undefined) return undefined;
    if (Math.abs(now - seen.at) <= stale) return false;
    await this.files.wait(2 * this.times.touch);
    return (await this.isStill(path, seen)) || undefined;
  }

  private async diskTime(path: string): Promise<number | undefined> {
    const text = this.holders.sign();
    const probe = temporaryOf(path, text);
    try {
      await this.files.write(probe, text);
      return (await this.files.read(probe))?.at;
    } finally {
      await this.files.remove(probe);
      this.holders.forget(text);
    }
  }

  /** Puts `text` in the place of a lock that is left over; who else is about to, if anyone. */
  protected async replace(path: string, seen: Seen, text: string): Promise<Replaced> {
    const name = claimOf(path, seen.text);
    const claim = await this.claim(name);
    if (!claim.held) return { done: false, claimed: claim.text };
    const temporary = temporaryOf(path, text);
    try {
      await this.files.write(temporary, text);
      const done = await this.isStill(path, seen);
      if (done) await this.files.rename(temporary, path);
      else await this.files.remove(temporary);
      return { done };
    } catch (error) {
      await this.files.remove(temporary);
      // Whoever has the lock by now took what we had written for left over.
      if (systemCode(error) === "ENOENT") return { done: false };
      throw error;
    } finally {
      await this.drop(name, claim.text);
    }
  }

  private claim(name: string): Promise<Taken> {
    return this.take(name, CLAIM_STALE * this.times.stale);
  }

  protected async isStill(path: string, seen: Seen): Promise<boolean> {
    return same(await this.files.read(path), seen);
  }

  /** Removes our lock at `path` under its claim, if it still is there. */
  protected async withdraw(path: string, text: string): Promise<void> {
    const name = claimOf(path, text);
    for (let tries = 0; tries < WITHDRAWALS && (await this.isHeld(path, text)); tries++) {
      const claim = await this.claim(name);
      if (claim.held) {
        try {
          return await this.remove(path, text);
        } finally {
          await this.drop(name, claim.text);
        }
      }
      // Another takes us for one that is no more, and either takes the lock or finds that it erred.
      await this.files.wait(this.times.touch / 50);
    }
  }

  protected async remove(path: string, text: string): Promise<void> {
    if (await this.isHeld(path, text)) await this.files.remove(path);
  }

  /** Gives up a claim. Nobody here takes it from a process that lives; elsewhere one may that waits for `stale`. */
  private async drop(name: string, text: string): Promise<void> {
    await this.remove(name, text);
    this.holders.forget(text);
  }
}
