import type { Device } from "../plan/device";
import type { ChainSpec } from "../sampler/chain-plans";
import type { ChainWork } from "../sampler/chain-work";
import type { Laboratory } from "../sampler/laboratory";
import { lockstepKey } from "../sampler/lockstep-plans";
import type { Run } from "../store/run";
import { drawsSaved } from "./unit-sampler";
import type { UnitPlan } from "./units";

/** A unit, how its chains run, and what that takes. */
export interface PlannedUnit {
  readonly unit: UnitPlan;
  readonly spec: ChainSpec;
  readonly work: ChainWork;
}

/** How many units run at once, and bytes of their own memory. */
interface Limit {
  readonly units: number;
  readonly bytes: number;
}

/** As many components as the device has room for beside each other, or as a person says. */
export function limitOf(device: Device, componentsAtOnce: number): Limit {
  if (componentsAtOnce > 0) return { units: componentsAtOnce, bytes: Number.POSITIVE_INFINITY };
  if (device.roomBeside === 0) return { units: 1, bytes: Number.POSITIVE_INFINITY };
  return { units: Number.POSITIVE_INFINITY, bytes: device.roomBeside };
}

/**
 * Puts units together that can run in lockstep and stand at the same draw, each beside the first that has room; all others
 * stay alone. The first units of the groups are in the order given.
 */
export async function grouped(
  lab: Laboratory,
  planned: readonly PlannedUnit[],
  run: Run,
  componentsAtOnce: number,
): Promise<PlannedUnit[][]> {
  const limit = limitOf(lab.device, componentsAtOnce);
  if (limit.units === 1) return planned.map((one) => [one]);
  const groups: { readonly key?: string; readonly members: PlannedUnit[]; bytes: number }[] = [];
  for (const one of planned) {
    const like = lockstepKey(lab, one.spec);
    // What is matched to other units stays behind them.
    const key = like && JSON.stringify([like, one.unit.match !== undefined, await drawsSaved({ unit: one.unit, run })]);
    const bytes = one.work.bytes;
    const room = groups.find(
      (group) =>
        key !== undefined &&
        group.key === key &&
        group.members.length < limit.units &&
        group.bytes + bytes <= limit.bytes,
    );
    if (room) {
      room.members.push(one);
      room.bytes += bytes;
    } else groups.push({ key, members: [one], bytes });
  }
  return groups.map(({ members }) => members);
}

/** `l1h0`, or `l1h0 and 7 others`. */
export function nameOf([{ unit }, ...others]: readonly { readonly unit: Pick<UnitPlan, "name"> }[]): string {
  if (others.length === 0) return unit.name;
  return `${unit.name} and ${others.length} other${others.length > 1 ? "s" : ""}`;
}
