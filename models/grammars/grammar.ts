/** What a template grammar is: it writes text whose mode and whose roles are known because it says them as it writes. */
import type { Stream } from "./random";

/** Appends one token with its role. */
export type Write<Role extends string = string> = (token: string, role: Role) => void;

export interface Grammar<Role extends string = string> {
  readonly mode: string;
  readonly roles: readonly Role[];
  /** Writes one item. Must depend on nothing but `random`. */
  item(write: Write<Role>, random: Stream): void;
}

/** Keeps the roles a grammar may write and the list it declares the same, by type. */
export function grammar<const Role extends string>(
  mode: string,
  roles: readonly Role[],
  item: (write: Write<NoInfer<Role>>, random: Stream) => void,
): Grammar {
  return { mode, roles, item: item as Grammar["item"] };
}
