/** The locks' protocol in made-up worlds: one writer at a time in each, and somebody in the end. */
import * as assert from "uvu/assert";
import type { Protocol } from "../../harness/test/lock-process";
import { runWorld, type Settings } from "../../harness/test/lock-world";
import { suite } from "../../harness/test/suite";
import { type Holders, type LockFiles, LockProtocol, type LockTimes, type Replaced, type Seen } from "./lock-protocol";

const test = suite("runtime/node/lock-protocol");
const WORLDS = 10_000;

/** Runs worlds until one has a fault, of those that are asked for. */
async function explore(protocol: Protocol, wanted = /./, settings: Settings = {}) {
  const sums = { takes: 0, writes: 0, late: 0, operations: 0 };
  for (let seed = 0; seed < WORLDS; seed++) {
    const { faults, ...counts } = await runWorld(seed, protocol, settings);
    for (const key of ["takes", "writes", "late", "operations"] as const) sums[key] += counts[key];
    const fault = faults.find((text) => wanted.test(text));
    if (fault) return { ...sums, fault: `world ${seed}: ${fault}` };
  }
  return sums;
}

test("10,000 worlds of processes that are killed, stopped and late: one writer at a time, and one in the end", async (t) => {
  const found = await explore(LockProtocol);
  t.note(JSON.stringify(found));
  assert.not("fault" in found, JSON.stringify(found));
});

/** Files of which some operations are others. */
const but = (files: LockFiles, changes: Partial<LockFiles>): LockFiles => ({
  write: (path, text) => files.write(path, text),
  link: (from, to) => files.link(from, to),
  create: (path) => files.create(path),
  read: (path) => files.read(path),
  rename: (from, to) => files.rename(from, to),
  remove: (path) => files.remove(path),
  beginning: (path) => files.beginning(path),
  clock: () => files.clock(),
  wait: (ms) => files.wait(ms),
  ...changes,
});

/** What goes wrong as soon as one thing is left out, or is done as it was before. */
const FAULTY: Readonly<Record<string, Protocol>> = {
  "a lock is not read again under its claim": class extends LockProtocol {
    protected override async isStill() {
      return true;
    }
  },
  "a lock that is left over is renamed away, and back if it was another": class extends LockProtocol {
    protected override async replace(path: string, seen: Seen, _text: string): Promise<Replaced> {
      const away = `${path}.${Math.random()}.tmp`;
      await this.files.rename(path, away).catch(() => {});
      const got = await this.files.read(away);
      if (got && got.text !== seen.text) await this.files.link(away, path);
      await this.files.remove(away);
      return { done: false };
    }
  },
  "a lock that is left over is removed, then made": class extends LockProtocol {
    protected override async replace(path: string): Promise<Replaced> {
      await this.files.remove(path);
      return { done: false };
    }
  },
  "a lock is given up without its claim": class extends LockProtocol {
    protected override withdraw(path: string, text: string) {
      return this.remove(path, text);
    }
  },
  "a lock is given up whoever has it": class extends LockProtocol {
    protected override withdraw(path: string) {
      return this.files.remove(path);
    }
  },
  "a holder on this machine counts by its age": class extends LockProtocol {
    constructor(files: LockFiles, holders: Holders, times: LockTimes) {
      super(
        files,
        {
          sign: () => holders.sign(),
          forget: (text) => holders.forget(text),
          lives: () => undefined,
        },
        times,
      );
    }
  },
  "the disk's clock is believed at once": class extends LockProtocol {
    constructor(files: LockFiles, holders: Holders, times: LockTimes) {
      super(but(files, { wait: async () => {} }), holders, times);
    }
  },
  "a lock that is made slowly counts": class extends LockProtocol {
    constructor(files: LockFiles, holders: Holders, times: LockTimes) {
      super(but(files, { clock: () => 0 }), holders, times);
    }
  },
};

/** Where what is rare is seen sooner. */
const WHERE: Readonly<Record<string, Settings>> = {
  "the disk's clock is believed at once": { hosts: 2, jumps: 0.02 },
  "a lock that is made slowly counts": { hosts: 1, links: false, kills: 0, stops: 0.1 },
};

for (const [what, protocol] of Object.entries(FAULTY)) {
  test(`the worlds find it where ${what}`, async (t) => {
    const found = await explore(protocol, /takes what|writes without|removes \d \d/, WHERE[what]);
    t.note(JSON.stringify(found));
    assert.ok("fault" in found);
  });
}

test.run();
