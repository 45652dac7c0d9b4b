import { type Change, StoreError, type WatchRequest } from '@keelson/store';

/** Changes waiting to be converted beyond this many revisions end the watch: whoever watches begins anew. */
const mostWaiting = 1000;

/** Hands a watch's changes on in their order, at once where nobody has to be waited for. */
export class Deliveries {
  stopped = false;
  cancel = () => {};
  readonly #request: WatchRequest;
  readonly #convert: (changes: readonly Change[]) => readonly Change[] | Promise<readonly Change[]>;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(
    request: WatchRequest,
    convert: (changes: readonly Change[]) => readonly Change[] | Promise<readonly Change[]>,
  ) {
    this.#request = request;
    this.#convert = convert;
  }

  deliver(changes: readonly Change[], revision: number): void {
    if (this.stopped) return;
    const converted = this.#convert(changes);
    if (this.#waiting === 0 && !(converted instanceof Promise)) this.#request.deliver(converted, revision);
    else this.#enqueue(async () => this.#request.deliver(await converted, revision));
  }

  progress(revision: number): void {
    if (this.stopped) return;
    if (this.#waiting === 0) this.#request.progress?.(revision);
    else this.#enqueue(async () => this.#request.progress?.(revision));
  }

  end(error: StoreError): void {
    if (this.stopped) return;
    this.stopped = true;
    this.#request.ended(error);
  }

  #enqueue(work: () => Promise<void>): void {
    if (++this.#waiting > mostWaiting) {
      this.#fail('too many changes wait to be converted');
      return;
    }
    this.#last = this.#last.then(async () => {
      try {
        if (!this.stopped) await work();
      } catch (error) {
        this.#fail(error instanceof Error ? error.message : String(error));
      } finally {
        this.#waiting--;
      }
    });
  }

  #fail(message: string): void {
    if (this.stopped) return;
    this.cancel();
    this.end(new StoreError('unavailable', message));
  }
}
