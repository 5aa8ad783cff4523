/** Keys that clusterings had once. Nobody set them but to what the paper has, and `search` says that in one word. */
import { isObject, usage } from "../config/schema";

/** What each key held by default, which is what holds now, and what it held where a clustering was the paper's. */
const FORMER: Readonly<Record<string, { multiscale: unknown; paper: unknown }>> = {
  walk: { multiscale: "simple", paper: "lazy" },
  rule: { multiscale: "prominent", paper: "global" },
  polish_rounds: { multiscale: 5, paper: 0 },
  delta: { multiscale: 0.2, paper: 0.2 },
  phi_max: { multiscale: 1, paper: 1 },
  main_body: { multiscale: 0.99, paper: 0.99 },
  stop_fraction: { multiscale: 0.001, paper: 0.001 },
  strictness: { multiscale: 0.7, paper: 0.7 },
  overlap: { multiscale: 0.6, paper: 0.6 },
};
/** Those that make a search the paper's; none of them does alone. */
const TOLD_APART = Object.keys(FORMER).filter((key) => FORMER[key].multiscale !== FORMER[key].paper);

/** Whether a key, without its group, is one of them. */
export const isFormerKey = (key: string) => Object.hasOwn(FORMER, key);

/**
 * Keys of a clustering in today's words: former ones are left out where they hold what holds now, and are `search: "paper"`
 * where they are the paper's together.
 * @param json the keys of a clustering; what is no object is left to others
 * @param where names them in errors, with what stands before a key
 * @throws SpectroscopeError (usage) for a value that cannot be said any more
 */
export function todaysClusterKeys(json: unknown, source: string, prefix = ""): unknown {
  if (!isObject(json)) return json;
  const former = Object.keys(json).filter(isFormerKey);
  if (former.length === 0) return json;
  const rest = Object.fromEntries(Object.entries(json).filter(([key]) => !isFormerKey(key)));
  const odd = (search: "multiscale" | "paper") => former.find((key) => json[key] !== FORMER[key][search]);
  const { search } = json;
  if (search !== "paper" && odd("multiscale") === undefined) return rest;
  const papers = search === "paper" || (search === undefined && TOLD_APART.every((key) => former.includes(key)));
  if (papers && odd("paper") === undefined) return { ...rest, search: "paper" };
  const key = (search === "paper" ? odd("paper") : odd("multiscale")) as string;
  throw usage(
    `${source}: "${prefix}${key}" is ${JSON.stringify(json[key])}, and is no key any more`,
    `leave it out, of a finished run by clustering it again, or take the paper's: ${prefix}search=paper, all its values by cluster --preset paper`,
  );
}
