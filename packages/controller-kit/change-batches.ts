const large = 100;
const period = 100;

/**
 * How long changes of pods are gathered before the object that they belong to is looked at: not at all for an ordinary
 * one; a tenth of a second for one with many pods, where every look costs as much as it has pods.
 */
export class ChangeBatches {
  readonly #large = new Set<string>();

  /** Remembers how many pods the object of this key has. */
  note(key: string, pods: number): void {
    if (pods > large) this.#large.add(key);
    else this.#large.delete(key);
  }

  forget(key: string): void {
    this.#large.delete(key);
  }

  /** Milliseconds to wait after a change. */
  delay(key: string): number {
    return this.#large.has(key) ? period : 0;
  }
}
