import type { Arena, Region } from "./arena";
import type { Team } from "./team";

/** Milliseconds after which whoever waits for results lets the event loop turn: kernels run on the thread that it turns on. */
const TURN_MS = 200;

/** What calls and memories on the processor share: threads, one WebAssembly memory, and every thread's working memory in it. */
export class Machine {
  private readonly scratches: Region[] = [];
  private turned = performance.now();

  constructor(
    readonly team: Team,
    readonly arena: Arena,
  ) {}

  /** Lets timers and signals be heard. */
  async turn(): Promise<void> {
    await new Promise((done) => setTimeout(done, 0));
    this.turned = performance.now();
  }

  /** The same, if it is some time ago that they were. */
  async turnIfDue(): Promise<void> {
    if (performance.now() - this.turned > TURN_MS) await this.turn();
  }

  /** Makes every thread's working memory at least this large. */
  reserve(bytes: number): void {
    const { team, arena, scratches } = this;
    for (let thread = 0; thread < team.threads; thread++) {
      const own = scratches[thread];
      if (own && own.size >= bytes) continue;
      if (own) arena.give(own);
      scratches[thread] = arena.take(Math.max(bytes, 4096), "working memory");
      team.setScratch(thread, scratches[thread].at);
    }
  }
}
