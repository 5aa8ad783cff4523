/** Names of a run's units as parts of keys. */
import { SpectroscopeError } from "../../kernels/errors";

/**
 * A unit's name as part of a file's name, devinterp's where that is a file name everywhere: every byte of its UTF-8 outside a-z,
 * 0-9, space and `-_.=[]+` becomes "~" and two hex digits, capitals too, so that different names stay different where case does
 * not count. @throws SpectroscopeError for an empty name or one too long for a file system
 */
export function escapedName(unit: string): string {
  let name = "";
  for (const byte of new TextEncoder().encode(unit)) {
    const char = String.fromCharCode(byte);
    name += /[a-z0-9 \-_.=[\]+]/.test(char) ? char : `~${byte.toString(16).padStart(2, "0")}`;
  }
  if (name.length === 0 || name.length > 200) {
    throw new SpectroscopeError(`unit ${JSON.stringify(unit)} cannot name a store: ${name.length} bytes`, {
      code: "bad-input",
      hint: "use 1 to 200 plain characters",
    });
  }
  return name;
}

/** Key of a unit's store in its run. */
export const samplesName = (unit: string) => `samples_${escapedName(unit)}.zarr`;

/** Key of what its chains stand at while it is sampled. */
export const checkpointName = (unit: string) => `checkpoints/${escapedName(unit)}.checkpoint`;
