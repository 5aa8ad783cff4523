/** File names for things with free names. */
import { SpectroscopeError } from "../../kernels/errors";

/**
 * A name that is safe as one path component on every system, and different for different names: lower-case letters, digits
 * and "-" stay, a space becomes "_", every other byte of its UTF-8 becomes "~" and two hex digits. `l0 attn` -> `l0_attn`.
 * @throws SpectroscopeError for an empty name or one too long for a file system
 */
export function safeName(name: string): string {
  let safe = "";
  for (const byte of new TextEncoder().encode(name)) {
    const char = String.fromCharCode(byte);
    if (/[a-z0-9-]/.test(char)) safe += char;
    else if (char === " ") safe += "_";
    else safe += `~${byte.toString(16).padStart(2, "0")}`;
  }
  // Windows keeps these for devices.
  if (/^(con|prn|aux|nul|com\d|lpt\d)$/.test(safe)) safe = `~${name.charCodeAt(0).toString(16)}${safe.slice(1)}`;
  if (safe.length === 0 || safe.length > 200) {
    throw new SpectroscopeError(`${JSON.stringify(name)} cannot name a file: ${safe.length} characters`, {
      code: "bad-input",
      hint: "use 1 to 200 plain characters",
    });
  }
  return safe;
}
