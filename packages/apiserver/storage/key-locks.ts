/**
 * Lets the writes to one key in this process take turns, so that they need not collide in the store to find out about
 * each other. Another process' writes are still found out by comparison.
 */
export class KeyLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Runs `work` after everything that holds one of `keys` before it. Work that has to wait for somebody outside calls
   * `leave`: then the next in turn goes on beside it.
   */
  async run<T>(keys: readonly string[], work: (leave: () => void) => Promise<T>): Promise<T> {
    const release = Promise.withResolvers<void>();
    // All keys are taken in one turn, so two holders can never wait for each other.
    const before = keys.map((key) => this.#tails.get(key));
    for (const key of keys) this.#tails.set(key, release.promise);
    try {
      for (const tail of before) await tail;
      return await work(release.resolve);
    } finally {
      release.resolve();
      for (const key of keys) if (this.#tails.get(key) === release.promise) this.#tails.delete(key);
    }
  }
}
