import type { Worker } from 'node:worker_threads';
import { StoreError } from '../../store.ts';
import type { Answers, Failure, FromWorker, Outcome, Request, ToWorker } from './messages.ts';

/** What may wait for the worker; beyond it, requests are refused as unavailable. */
const longestQueue = 20_000;
const mostBytesWaiting = 64 * 1024 * 1024;
/** What is sent at once: large enough for one sync to serve many, small enough to be copied in a millisecond. */
const largestBatch = 1000;
const mostBytesAtOnce = 4 * 1024 * 1024;

interface Waiting {
  readonly request: Request;
  readonly bytes: number;
  readonly done: (value: unknown) => void;
  readonly failed: (error: StoreError) => void;
}

/**
 * What waits for the worker thread. One batch is under way at a time; what comes meanwhile is the next one, and so a
 * busy store commits many transactions with one sync.
 */
export class WorkerQueue {
  readonly #worker: Worker;
  readonly #lost: (error: StoreError) => void;
  #waiting: Waiting[] = [];
  #bytesWaiting = 0;
  #underWay: Waiting[] = [];
  #scheduled = false;
  #refusal: StoreError | undefined;
  #drained: (() => void)[] = [];

  /** `lost` is called once when the worker can answer no more, after everything that waited has failed. */
  constructor(worker: Worker, lost: (error: StoreError) => void) {
    this.#worker = worker;
    this.#lost = lost;
    worker.on('message', (message: FromWorker) => {
      if ('outcomes' in message) this.#answered(message.outcomes);
    });
    worker.on('error', (error) =>
      this.#fail(new StoreError('unavailable', `the store's worker died: ${error.message}`)),
    );
    worker.on('exit', () => this.#fail(new StoreError('unavailable', "the store's worker ended")));
  }

  /**
   * Asks the worker. One of the callbacks is called, from the event loop: in the order of the requests for those that
   * write, then for the others of the same batch.
   */
  ask<T extends Request>(
    request: T,
    done: (value: Answers[T['type']]) => void,
    failed: (error: StoreError) => void,
  ): void {
    const bytes = bytesOf(request);
    const refusal = this.#refusal ?? this.#overflow(bytes);
    if (refusal !== undefined) {
      failed(refusal);
      return;
    }
    this.#waiting.push({ request, bytes, done: done as (value: unknown) => void, failed });
    this.#bytesWaiting += bytes;
    this.#schedule();
  }

  /** Takes no more requests (they fail with `error`); resolves when those that wait have been answered. */
  async drain(error: StoreError): Promise<void> {
    this.#refusal ??= error;
    if (this.#waiting.length + this.#underWay.length === 0) return;
    await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  #overflow(bytes: number): StoreError | undefined {
    if (this.#waiting.length < longestQueue && this.#bytesWaiting + bytes <= mostBytesWaiting) return undefined;
    return new StoreError('unavailable', `too much waits for the store: ${this.#waiting.length} requests`);
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay.length > 0 || this.#waiting.length === 0) return;
    this.#scheduled = true;
    this.#worker.ref();
    // What the same turn of the event loop asks for goes along.
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    let count = 0;
    let bytes = 0;
    for (const { bytes: more } of this.#waiting) {
      if (count > 0 && (count >= largestBatch || bytes + more > mostBytesAtOnce)) break;
      bytes += more;
      count++;
    }
    this.#underWay = this.#waiting.splice(0, count);
    this.#bytesWaiting -= bytes;
    this.#worker.postMessage({ batch: this.#underWay.map(({ request }) => request) } satisfies ToWorker);
  }

  #answered(outcomes: readonly Outcome[]): void {
    const answered = this.#underWay;
    this.#underWay = [];
    const pairs = answered.map((waiting, index) => ({ waiting, outcome: outcomes[index]! }));
    for (const { waiting, outcome } of pairs) if (waiting.request.type === 'transact') settle(waiting, outcome);
    for (const { waiting, outcome } of pairs) if (waiting.request.type !== 'transact') settle(waiting, outcome);
    const fatal = outcomes.find((outcome) => 'failure' in outcome && outcome.failure.fatal);
    if (fatal !== undefined && 'failure' in fatal) this.#fail(errorOf(fatal.failure));
    this.#schedule();
    if (this.#waiting.length > 0 || this.#underWay.length > 0) return;
    this.#worker.unref();
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #fail(error: StoreError): void {
    const pending = [...this.#underWay, ...this.#waiting];
    this.#underWay = [];
    this.#waiting = [];
    const first = this.#refusal === undefined;
    this.#refusal ??= error;
    for (const { failed } of pending) failed(error);
    for (const resolve of this.#drained.splice(0)) resolve();
    if (first) this.#lost(error);
  }
}

function settle({ done, failed }: Waiting, outcome: Outcome): void {
  if ('failure' in outcome) failed(errorOf(outcome.failure));
  else done(outcome.value);
}

function errorOf({ code, message }: Failure): StoreError {
  return new StoreError(code, message);
}

function bytesOf(request: Request): number {
  if (request.type !== 'transact') return 100;
  let bytes = 100;
  for (const operation of [...request.success, ...request.failure])
    bytes += 50 + operation.key.length + (operation.type === 'put' ? operation.value.byteLength : 0);
  return bytes;
}
