/**
 * A first-in, first-out queue with a limit, for one consumer. What does not fit is refused at once: the producer
 * decides what that means for its client.
 */
export class BoundedQueue<T> {
  readonly limit: number;
  #items: (T | undefined)[] = [];
  #head = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(limit: number) {
    this.limit = limit;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Adds `item`. Returns false, and takes nothing, when the queue is full or closed. */
  offer(item: T): boolean {
    if (this.#closed || this.length >= this.limit) return false;
    this.#items.push(item);
    this.#notify();
    return true;
  }

  /** Takes what is there without waiting; undefined when it is empty. */
  poll(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes the next item, waiting for one; undefined once the queue is closed and empty. */
  async take(): Promise<T | undefined> {
    while (this.length === 0) {
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.poll();
  }

  /** Takes no more; what is queued can still be taken. */
  close(): void {
    this.#closed = true;
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
