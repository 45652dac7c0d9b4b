import type { Clock } from '@keelson/base';
import {
  chargeWrite,
  type Evaluator,
  type QuotaWrite,
  type RunningQuota,
  runningQuota,
  sameList,
  writeList,
} from '@keelson/model/quota/index.ts';
import type { ObjectReader, StatusWriter } from '../contract.ts';

/** How often a batch is charged anew when somebody else wrote one of its quotas. */
const tries = 4;

/** A write that waits to be charged. */
interface Waiter {
  readonly evaluator: Evaluator;
  readonly write: QuotaWrite;
  readonly dryRun: boolean;
  readonly settle: (refusal: string | undefined) => void;
  readonly fail: (error: unknown) => void;
}

/** Somebody else wrote a quota between reading and charging it. */
class Overtaken extends Error {}

/**
 * Charges writes to the quotas of their namespace. What comes while a namespace's quotas are being written waits, and is
 * charged together: a thousand pods cost a few writes of the quota.
 */
export class QuotaLedger {
  readonly #reader: ObjectReader;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiter[]>();
  #writer: StatusWriter | undefined;

  constructor(reader: ObjectReader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
  }

  attach(writer: StatusWriter): void {
    this.#writer = writer;
  }

  /** Resolves to why the write is refused, or undefined once what it uses is written down. */
  charge(namespace: string, evaluator: Evaluator, write: QuotaWrite, dryRun: boolean): Promise<string | undefined> {
    return new Promise((settle, fail) => {
      const waiter = { evaluator, write, dryRun, settle, fail };
      const waiting = this.#waiting.get(namespace);
      if (waiting !== undefined) {
        waiting.push(waiter);
        return;
      }
      this.#waiting.set(namespace, [waiter]);
      void this.#work(namespace);
    });
  }

  async #work(namespace: string): Promise<void> {
    for (;;) {
      const batch = this.#waiting.get(namespace)!;
      if (batch.length === 0) break;
      this.#waiting.set(namespace, []);
      try {
        await this.#chargeAll(namespace, batch, undefined, tries);
      } catch (error) {
        for (const waiter of batch) waiter.fail(error);
      }
    }
    this.#waiting.delete(namespace);
  }

  /** @param only the names of the quotas that are still to be charged; undefined: all */
  async #chargeAll(
    namespace: string,
    batch: readonly Waiter[],
    only: ReadonlySet<string> | undefined,
    remaining: number,
  ): Promise<void> {
    const quotas = this.#reader
      .list('', 'resourcequotas', namespace)
      .map(runningQuota)
      .filter(({ name }) => only === undefined || only.has(name));
    const before = new Map(quotas.map((quota) => [quota, quota.used]));
    const charged = batch.filter((waiter) => this.#fits(quotas, waiter));
    const changed = quotas.filter((quota) => !sameList(quota.used, before.get(quota)!));
    const overtaken = new Set<string>();
    let last: unknown;
    for (const quota of changed) {
      try {
        await this.#write(namespace, quota);
      } catch (error) {
        last = error;
        overtaken.add(quota.name);
      }
    }
    if (overtaken.size === 0) for (const waiter of charged) waiter.settle(undefined);
    else if (remaining > 1) await this.#chargeAll(namespace, charged, overtaken, remaining - 1);
    else for (const waiter of charged) waiter.fail(last);
  }

  /** Charges one write to `quotas`; true when it has to wait until they are written. */
  #fits(quotas: readonly RunningQuota[], { evaluator, write, dryRun, settle }: Waiter): boolean {
    const before = quotas.map(({ used }) => used);
    const refusal = chargeWrite(quotas, evaluator, write, this.#clock.now());
    if (refusal === undefined && !dryRun) return true;
    quotas.forEach((quota, position) => {
      quota.used = before[position]!;
    });
    settle(refusal);
    return false;
  }

  /** @throws Overtaken, StatusError */
  async #write(namespace: string, quota: RunningQuota): Promise<void> {
    const revision = quota.object.metadata?.resourceVersion;
    await this.#writer?.updateStatus('', 'resourcequotas', namespace, quota.name, (present) => {
      if (present.metadata?.resourceVersion !== revision) throw new Overtaken('the quota has been modified');
      present['status'] = { ...present['status'], used: writeList(quota.used) };
    });
  }
}
