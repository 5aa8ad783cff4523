/** Commands that go on with an analyzed run: its model and texts opened, a device, Ctrl-C, and everything closed again. */
import type { Attention } from "../../runtime/measure/events";
import type { Subject } from "../../runtime/measure/request";
import { analyzedConfig } from "../../runtime/measure/run-files";
import { refuseShard } from "../../runtime/measure/units";
import { openTuned } from "../../runtime/node/open-tuned";
import type { Device } from "../../runtime/plan/device";
import type { Run } from "../../runtime/store/run";
import { attentionOf } from "./attention";
import { onInterrupt } from "./interrupt";
import { Progress } from "./progress";
import { openRun } from "./stores";
import { openSubject } from "./subject";

export interface AnalyzedRun {
  readonly run: Run;
  /** With the config that it was begun and clustered with. */
  readonly subject: Subject;
  readonly attention: Attention;
  readonly progress: Progress;
  /** Opens what `--adapter` names, does a job on it, and closes it. */
  onDevice<T>(job: (device: Device) => Promise<T>): Promise<T>;
}

/** @throws SpectroscopeError for what is no run, is a shard or not analyzed, and for a model or text that cannot be had */
export async function withAnalyzedRun<T>(
  path: string,
  { adapter, json }: { readonly adapter?: string; readonly json: boolean },
  job: (opened: AnalyzedRun) => Promise<T>,
): Promise<T> {
  const run = await openRun(path);
  refuseShard(run);
  const config = await analyzedConfig(run);
  const progress = new Progress(json);
  const say = (line: string) => progress.say(line);
  const interrupt = onInterrupt(say);
  try {
    const subject = await openSubject(config, progress, interrupt.signal);
    const attention = attentionOf(progress, interrupt.signal);
    const onDevice: AnalyzedRun["onDevice"] = async (work) => {
      const device = await openTuned({ adapter }, say);
      try {
        say(device.banner ?? `adapter: ${device.facts.name}`);
        return await work(device);
      } finally {
        device.close();
      }
    };
    return await job({ run, subject, attention, progress, onDevice });
  } finally {
    interrupt.done();
  }
}
