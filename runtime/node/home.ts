/** Where a user's own files lie. Node only. */
import { homedir } from "node:os";

/** The user's home; nothing for who has none: no HOME, and no line in the system's list of users. */
export function homeFolder(): string | undefined {
  try {
    return homedir() || undefined;
  } catch {
    return undefined;
  }
}
