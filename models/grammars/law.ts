/**
 * q(y|x) of text of grammars: how likely each token is after a prefix, exactly, with all that the prefix leaves open summed over (its
 * mode, what a grammar has drawn and not written yet, where an item began). This is the filter of a hidden Markov model whose states
 * are places in the trees of items.
 */
import { SpectroscopeError } from "../../kernels/errors";
import type { Law } from "../../runtime/modes/law";
import { type Branch, itemTree } from "./choices";
import { type Language, tokenIds } from "./corpus";

/** A place in an item of a mode: so many tokens of a branch are written. */
interface State {
  readonly mode: Mode;
  readonly branch: Branch;
  readonly at: number;
  /** What may be written next; found when it is first asked for. */
  steps?: readonly Step[];
}

interface Step {
  readonly token: number;
  readonly next: State;
  readonly probability: number;
}

/** The hidden Markov model of a grammar's documents: items one after another. */
class Mode {
  readonly start: State;
  /** Steps found so far. */
  size = 0;

  constructor(root: Branch) {
    this.start = { mode: this, branch: root, at: 0 };
  }

  /** Asked once for every place but the start: only one step leads to it, and steps are kept. Every item's end is the start. */
  private state(branch: Branch, at: number): State {
    const ended = branch.odds.length === 0 && at === branch.tokens.length;
    return ended ? this.start : { mode: this, branch, at };
  }

  /** What may be written next, and with which probability; a token that several ways lead to is there more than once. */
  steps(state: State): readonly Step[] {
    if (state.steps) return state.steps;
    const steps: Step[] = [];
    const walk = (branch: Branch, at: number, probability: number) => {
      const token = branch.tokens[at];
      if (token !== undefined) steps.push({ token, next: this.state(branch, at + 1), probability });
      else if (branch.odds.length === 0)
        for (const first of this.steps(this.start))
          steps.push({ ...first, probability: probability * first.probability });
      else for (const [outcome, odds] of branch.odds.entries()) walk(branch.follow(outcome), 0, probability * odds);
    };
    walk(state.branch, state.at, 1);
    state.steps = steps;
    this.size += steps.length;
    return steps;
  }
}

/** How likely each place is after a prefix; the sum is 1. */
type Belief = ReadonlyMap<State, number>;

/** What is believed once `token` is read too: none if it cannot follow. */
function after(belief: Belief, token: number): Belief | undefined {
  const next = new Map<State, number>();
  let total = 0;
  for (const [state, weight] of belief)
    for (const step of state.mode.steps(state))
      if (step.token === token) {
        const share = weight * step.probability;
        next.set(step.next, (next.get(step.next) ?? 0) + share);
        total += share;
      }
  if (total === 0) return undefined;
  for (const [state, weight] of next) next.set(state, weight / total);
  return next;
}

/** Steps kept before all are forgotten and found again where they are needed: some 100 MiB with their branches. */
const STEPS = 2 ** 16;

/**
 * The law of each target of rows of a language's text, given what stands before it in its row: q(y|x) of `columns - 1` contexts a row,
 * row by row, over the language's vocabulary, in float64. Every mode is as likely as any other before the first token is read.
 *
 * The text is only read where `rows` of the law comes to it. That throws SpectroscopeError `bad-input`, with row, position and token,
 * where a prefix is none that the grammars can write.
 * @param ids token ids, [rows, columns] in row-major order; each row begins with the start token
 * @param columns tokens of a row, one more than it has targets
 * @throws SpectroscopeError `bad-input` when `ids` are not whole rows of at least two tokens
 */
export function prefixLaw(language: Language, ids: ArrayLike<number>, columns: number): Law {
  const { name, vocabulary, grammars } = language;
  if (!Number.isInteger(columns) || columns < 2 || ids.length % columns !== 0)
    throw new SpectroscopeError(`${name} law: ${ids.length} ids are not rows of ${columns} tokens`, {
      code: "bad-input",
      hint: "hand over whole rows, each with its start token",
    });
  const V = vocabulary.length;
  const positions = columns - 1;
  const contexts = (ids.length / columns) * positions;
  const idOf = tokenIds(language);
  const fresh = () => grammars.map((grammar) => new Mode(itemTree(grammar, idOf)));
  let modes = fresh();

  /** What is believed before anything of a row but its start token is read. */
  const opening = (row: number): Belief => {
    if (modes.reduce((sum, { size }) => sum + size, 0) > STEPS) modes = fresh();
    if (ids[row * columns] !== idOf(language.start)) throw misfit(row, 0);
    return new Map(modes.map(({ start }) => [start, 1 / modes.length]));
  };
  const misfit = (row: number, position: number) => {
    const id = ids[row * columns + position] as number;
    const token = vocabulary[id];
    const what =
      token === undefined ? `id ${id} is no token` : `${JSON.stringify(token)} (id ${id}) cannot stand there`;
    return new SpectroscopeError(`${name} law: row ${row}, position ${position}: ${what}, by ${name}'s grammars`, {
      code: "bad-input",
      hint: `the law is known of text that ${name}'s grammars write: take it from the model or from counts for other text`,
    });
  };

  return {
    contexts,
    tokens: V,
    rows(from, to) {
      if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= contexts))
        throw new RangeError(`contexts ${from} to ${to} of ${contexts}`);
      const rows = new Float64Array((to - from) * V);
      // The first context may lie within a row: what stands before it is read first.
      let belief: Belief = new Map();
      for (let context = from - (from % positions); context < to; context++) {
        const [row, position] = [Math.floor(context / positions), context % positions];
        const known: Belief | undefined =
          position === 0 ? opening(row) : after(belief, ids[row * columns + position] as number);
        if (!known) throw misfit(row, position);
        belief = known;
        if (context < from) continue;
        const offset = (context - from) * V;
        for (const [state, weight] of belief)
          for (const { token, probability } of state.mode.steps(state))
            rows[offset + token] = (rows[offset + token] as number) + weight * probability;
      }
      return rows;
    },
  };
}
