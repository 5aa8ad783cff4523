/** What values are numbered by. */
export interface Numbering<T> {
  /** Number of each value, -1 for those that are none. */
  readonly numbers: Int32Array;
  /** The values themselves, by number. */
  readonly found: readonly T[];
}

/** Numbers values in the order of their first appearance; those that `none` says are none have no number. */
export function numberByAppearance<T>(values: ArrayLike<T>, none: (value: T) => boolean = () => false): Numbering<T> {
  const index = new Map<T, number>();
  const numbers = Int32Array.from(values, (value: T) => {
    if (none(value)) return -1;
    const number = index.get(value) ?? index.size;
    index.set(value, number);
    return number;
  });
  return { numbers, found: [...index.keys()] };
}
