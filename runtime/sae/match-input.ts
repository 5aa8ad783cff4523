/** What a comparison of clusters and features is given, and whether it fits together. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Firings } from "./firings";
import type { StrataBy } from "./match-result";

/** The measured tokens: those that clusters and firings are about, in one order. */
export interface MatchTokens {
  /** [tokens]: id of the target, the token whose loss is measured. */
  readonly targets: ArrayLike<number>;
  /** [tokens]: id of the last token read before it, which is what a feature fires on. */
  readonly inputs?: ArrayLike<number>;
  /** [tokens]: place of the target in its sequence. */
  readonly positions: ArrayLike<number>;
  /** Known roles; `numbers` [tokens] negative for none. */
  readonly roles?: { readonly numbers: ArrayLike<number>; readonly names: readonly string[] };
}

export interface MatchOptions {
  /** At least 99, so that a 99th percentile can be surpassed; 200 by default. */
  readonly permutations?: number;
  readonly seed?: number;
  /** The ids whose tokens exchange labels; targets by default. */
  readonly strataBy?: StrataBy;
  /** Positions of an id are merged until so many tokens are together; 8 by default. */
  readonly stratumTokens?: number;
  /** Features that fire on fewer tokens are left out of the other direction; 5 by default. */
  readonly minFires?: number;
  /** Told after every permutation. One that throws ends the work. */
  readonly progress?: (done: number, total: number) => void;
}

function whole(name: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least))
    throw new SpectroscopeError(`match: ${name} is ${value}`, { hint: `give a whole number from ${least} on` });
}

/** Throws SpectroscopeError (`bad-input`) that names what does not fit. */
export function checkMatch(
  { tokens, features, starts, members }: Firings,
  labels: ArrayLike<number>,
  { targets, inputs, positions, roles }: MatchTokens,
  { permutations, seed, stratumTokens, minFires, strataBy }: Required<Omit<MatchOptions, "progress">>,
): void {
  whole("permutations", permutations, 99);
  whole("seed", seed, 0);
  whole("stratumTokens", stratumTokens, 2);
  whole("minFires", minFires, 1);
  if (!["target", "input", "both"].includes(strataBy))
    throw new SpectroscopeError(`match: strataBy is ${strataBy}`, { hint: "give target, input or both" });
  if (strataBy !== "target" && !inputs)
    throw new SpectroscopeError(`match: strata by ${strataBy} need the ids of inputs`, {
      hint: 'give tokens.inputs, or strataBy "target"',
    });
  const lengths = { labels, targets, inputs, positions, roles: roles?.numbers };
  for (const [name, values] of Object.entries(lengths)) {
    if (values && values.length !== tokens)
      throw new SpectroscopeError(`match: ${values.length} ${name}, but firings are of ${tokens} tokens`, {
        hint: "encode the tokens that were clustered, and no others",
      });
    for (let t = 0; t < (values?.length ?? 0); t++)
      if (!Number.isSafeInteger(values![t]))
        throw new SpectroscopeError(`match: ${name}: ${values![t]} at token ${t}`, { hint: "give whole numbers" });
  }
  for (let t = 0; t < tokens; t++)
    if (targets[t] < 0 || (inputs && inputs[t] < 0))
      throw new SpectroscopeError(`match: token ${t} has a negative id`, { hint: "give ids from 0 on" });
  for (let t = 0; roles && t < tokens; t++)
    if (roles.numbers[t] >= roles.names.length)
      throw new SpectroscopeError(`match: role ${roles.numbers[t]} at token ${t} has no name`, {
        hint: `${roles.names.length} names of roles are given; give one for every role`,
      });
  if (starts.length !== features + 1 || starts[0] !== 0 || starts[features] !== members.length)
    throw new SpectroscopeError(
      `match: firings of ${features} features have ${starts.length} starts, ${starts[0]} to ${starts[features]}, for ${members.length} members`,
      { hint: "give features + 1 starts from 0 to the number of members" },
    );
  for (let f = 0; f < features; f++) {
    const end = starts[f + 1];
    if (!(end >= starts[f] && end <= members.length))
      throw new SpectroscopeError(`match: feature ${f} begins at ${starts[f]} and ends at ${end}`, {
        hint: "starts must ascend",
      });
    for (let i = starts[f]; i < end; i++)
      if (members[i] >= tokens || (i > starts[f] && members[i] <= members[i - 1]))
        throw new SpectroscopeError(`match: feature ${f} fires on token ${members[i]} of ${tokens}, out of order`, {
          hint: "members of a feature are tokens in ascending order, each once",
        });
  }
}
