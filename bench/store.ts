/** Durable writes per second of the embedded store: new values of 2 KB, compared and put, by so many writers at once. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemWorld } from '@keelson/base';
import type { Store } from '@keelson/store';
import { openSqliteStore } from '@keelson/store/drivers/sqlite/index.ts';

export interface StoreBenchmark {
  readonly writers: number;
  readonly writesPerSecond: number;
  /** Latency of one write in milliseconds. */
  readonly median: number;
  readonly p99: number;
  /** The longest that the event loop stood still, in milliseconds. */
  readonly longestStall: number;
}

const value = new Uint8Array(2048).fill(120);

/** Writes for `milliseconds` with `writers` loops, each to keys of its own. */
async function measure(store: Store, writers: number, milliseconds: number): Promise<StoreBenchmark> {
  const latencies: number[] = [];
  const started = performance.now();
  const deadline = started + milliseconds;
  let longestStall = 0;
  let last = started;
  const ticker = setInterval(() => {
    const now = performance.now();
    longestStall = Math.max(longestStall, now - last - 1);
    last = now;
  }, 1);
  const write = async (writer: number) => {
    const revisions = new Map<string, number>();
    for (let turn = 0; performance.now() < deadline; turn++) {
      const key = `bench/${writer}/${turn % 50}`;
      const before = performance.now();
      const compare = [{ key, modRevision: revisions.get(key) ?? 0 }];
      const { succeeded, revision } = await store.transact({ compare, success: [{ type: 'put', key, value }] });
      if (!succeeded) throw new Error('a comparison failed, though nobody else writes the key');
      revisions.set(key, revision);
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  const seconds = (performance.now() - started) / 1000;
  clearInterval(ticker);
  latencies.sort((left, right) => left - right);
  const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)]!;
  return { writers, writesPerSecond: latencies.length / seconds, median: at(0.5), p99: at(0.99), longestStall };
}

/** Measures the SQLite store at 1, 16 and 256 writers in a temporary directory, `milliseconds` each. */
export async function benchmarkStore(milliseconds = 2000): Promise<StoreBenchmark[]> {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-bench-'));
  try {
    const results: StoreBenchmark[] = [];
    for (const writers of [1, 16, 256]) {
      const store = await openSqliteStore({ path: join(directory, `${writers}.db`), world: systemWorld() });
      results.push(await measure(store, writers, milliseconds));
      await store.close();
    }
    return results;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  console.log('durable writes of 2 KB, sqlite: at once, per second, median ms, p99 ms, longest stall ms');
  for (const { writers, writesPerSecond, median, p99, longestStall } of await benchmarkStore()) {
    const figures = [median, p99, longestStall].map((figure) => figure.toFixed(2)).join('  ');
    console.log(`${String(writers).padStart(5)}  ${writesPerSecond.toFixed(0).padStart(7)}  ${figures}`);
  }
}
