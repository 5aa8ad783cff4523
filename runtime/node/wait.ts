const nap = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waits for a GPU promise in Node. Dawn polls on every turn of the event loop, so an idle main thread spins and takes
 * cores away from a software adapter: sleep half a millisecond between turns. Pending Dawn promises do not hold the
 * event loop either; the immediate that is always queued here does.
 */
export function waitFor<T>(promise: Promise<T>): Promise<T> {
  let pending = true;
  const settle = () => {
    pending = false;
  };
  promise.then(settle, settle);
  const turn = () => {
    if (!pending) return;
    Atomics.wait(nap, 0, 0, 0.5);
    setImmediate(turn);
  };
  setImmediate(turn);
  return promise;
}
