/**
 * uvu, with the holes closed that would let a broken run look green: a `before` hook that throws fails every test of its
 * suite, a test that never ends fails, and skips are counted with their reason. Of all cases those run that the runner asks for
 * (`SPECTROSCOPE_TEST_GREP`, a pattern of selection.ts); to list them (`SPECTROSCOPE_TEST_LIST`) none does. With
 * `SPECTROSCOPE_TEST_BAIL` the file ends at its first failure.
 */
import { writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { suite as uvuSuite } from "uvu";
import { useNodeThreads } from "../../runtime/node/threads";
import { caseName, selector } from "./selection";

useNodeThreads();

/** What became of one test. */
export interface TestRecord {
  suite: string;
  test: string;
  gpu: boolean;
  status: "passed" | "failed" | "skipped" | "started" | "listed";
  ms: number;
  /** Reason of a skip or text of a failure. */
  detail?: string;
  /** Lines the test wanted seen: max error, share of tolerance. */
  notes: string[];
}

/** Handed to every test. */
export interface TestContext {
  /** Ends the test as a counted skip. */
  skip(reason: string): never;
  /** Prints a line under the test's name. */
  note(line: string): void;
}

/** A suite: call it to add a test, then `run()`. */
export interface Suite {
  (name: string, body: (t: TestContext) => unknown): void;
  before(hook: () => unknown): void;
  after(hook: () => unknown): void;
  run(): void;
}

class Skip extends Error {}

const { SPECTROSCOPE_TEST_GREP: pattern, SPECTROSCOPE_TEST_LIST: listing, SPECTROSCOPE_TEST_BAIL: bail } = process.env;
const wanted = pattern ? selector(pattern) : () => true;

const records: TestRecord[] = [];
/** Failures outside any test: hooks, unhandled errors. */
const stray: string[] = [];

process.on("exit", () => {
  for (const record of records) {
    if (record.status !== "started") continue;
    record.status = "failed";
    record.detail = "the test was registered but never ended (the event loop ran dry or a hook stopped it)";
  }
  // A file of which no case was asked for is as it should be.
  const empty = records.length === 0 && !pattern;
  const failed = records.some((record) => record.status === "failed") || stray.length > 0 || empty;
  const file = process.env.SPECTROSCOPE_TEST_RESULTS;
  if (file) writeFileSync(file, JSON.stringify({ records, stray }));
  if (failed) process.exitCode = 1;
});

/** Makes a suite. `gpu: true` says that its tests run kernels on an adapter, so that a run without any can be red. */
export function suite(name: string, options: { gpu?: boolean } = {}): Suite {
  const inner = uvuSuite(name);
  const befores: (() => unknown)[] = [];
  let hookFailure: unknown;
  let cases = 0;
  inner.before(async () => {
    if (cases === 0) return;
    try {
      for (const hook of befores) await hook();
    } catch (error) {
      hookFailure = error;
    }
  });
  const add = (test: string, body: (t: TestContext) => unknown) => {
    if (!wanted(caseName(name, test))) return;
    const status = listing ? "listed" : "started";
    const record: TestRecord = { suite: name, test, gpu: options.gpu ?? false, status, ms: 0, notes: [] };
    records.push(record);
    if (listing) return;
    cases++;
    inner(test, async () => {
      const start = performance.now();
      // Dawn's promises do not hold the event loop.
      const hold = setInterval(() => {}, 1000);
      try {
        if (hookFailure) throw hookFailure;
        await body({
          skip: (reason) => {
            throw new Skip(reason);
          },
          note: (line) => record.notes.push(line),
        });
        record.status = "passed";
      } catch (error) {
        if (error instanceof Skip) {
          record.status = "skipped";
          record.detail = error.message;
          return;
        }
        record.status = "failed";
        record.detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
        if (bail) process.exit(1);
        throw error;
      } finally {
        clearInterval(hold);
        record.ms = performance.now() - start;
      }
    });
  };
  return Object.assign(add, {
    before: (hook: () => unknown) => befores.push(hook),
    after: (hook: () => unknown) =>
      inner.after(async () => {
        try {
          await hook();
        } catch (error) {
          // With no case run the hook clears away what the file made as it was loaded; what no `before` made it misses.
          if (cases > 0) stray.push(`${name}, after: ${(error as Error).message}`);
        }
      }),
    run: () => inner.run(),
  }) as Suite;
}
