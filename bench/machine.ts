/**
 * How fast this machine is now, without any of Keelson: what the other measurements are to be read against, because a
 * shared machine is another one every minute. `node bench/machine.ts` prints a table.
 */
import { once } from 'node:events';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

interface Yardstick {
  readonly work: string;
  readonly median: string;
  readonly p99: string;
}

const body = Buffer.from(
  JSON.stringify({ items: Array.from({ length: 32 }, (_, index) => ({ index, text: 'x'.repeat(40) })) }),
);

function yardstick(work: string, times: number[], unit: 'ms' | 'µs', each = 1): Yardstick {
  const sorted = times.toSorted((one, other) => one - other);
  const scale = (unit === 'µs' ? 1000 : 1) / each;
  const at = (share: number) => `${(sorted[Math.floor((sorted.length - 1) * share)]! * scale).toFixed(2)} ${unit}`;
  return { work, median: at(0.5), p99: at(0.99) };
}

function parsing(): Yardstick {
  const text = body.toString();
  const times: number[] = [];
  for (let turn = 0; turn < 2000; turn++) {
    const began = performance.now();
    for (let index = 0; index < 10; index++) JSON.parse(text);
    times.push(performance.now() - began);
  }
  return yardstick(`JSON.parse of ${(body.length / 1000).toFixed(1)} KB`, times, 'µs', 10);
}

function syncing(): Yardstick {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-bench-'));
  const file = openSync(join(folder, 'log'), 'a');
  const times: number[] = [];
  for (let turn = 0; turn < 500; turn++) {
    const began = performance.now();
    writeSync(file, body);
    fdatasyncSync(file);
    times.push(performance.now() - began);
  }
  closeSync(file);
  rmSync(folder, { recursive: true });
  return yardstick('append and fdatasync', times, 'ms');
}

/** In the other thread: answers everything with the same bytes. */
function serve(): void {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end(body);
  });
  server.listen(0, '127.0.0.1', () => parentPort!.postMessage((server.address() as AddressInfo).port));
}

async function exchanging(): Promise<Yardstick> {
  const worker = new Worker(import.meta.filename);
  const [port] = await once(worker, 'message');
  const session = connect(`http://127.0.0.1:${port}`);
  const times: number[] = [];
  const call = async () => {
    const began = performance.now();
    const stream = session.request({ ':path': '/' });
    stream.resume();
    await once(stream, 'close');
    times.push(performance.now() - began);
  };
  const caller = async () => {
    for (let turn = 0; turn < 500; turn++) await call();
  };
  await Promise.all(Array.from({ length: 16 }, caller));
  session.destroy();
  await worker.terminate();
  return yardstick('bare HTTP/2 request between two threads, 16 at once', times, 'ms');
}

if (!isMainThread) serve();
else if (import.meta.main) console.table([parsing(), syncing(), await exchanging()]);
