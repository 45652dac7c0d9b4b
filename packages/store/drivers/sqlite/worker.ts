/** The worker thread of a SQLite store: the only place that touches the file. It answers batches, one at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert, unreachable } from '@keelson/base';
import { checkReadRevision, compactedAt } from '../../transaction-check.ts';
import { AnswerParts } from './answer-parts.ts';
import { Compactor } from './compactor.ts';
import { type DatabaseFile, openDatabaseFile } from './database-file.ts';
import { HistoryReader } from './history-reader.ts';
import type { FromWorker, Outcome, Request, ToWorker, WireTransaction, WorkerSettings } from './messages.ts';
import { failureOf } from './sqlite-failure.ts';
import { TransactionWriter } from './transaction-writer.ts';

assert(parentPort, 'this file is the worker thread of a store, not a program');
const port = parentPort;
const settings = workerData as WorkerSettings;

class Engine {
  readonly #file: DatabaseFile;
  readonly writer: TransactionWriter;
  readonly compactor: Compactor;
  readonly #reader: HistoryReader;
  readonly #parts = new AnswerParts();

  constructor(file: DatabaseFile) {
    const { database } = file;
    this.#file = file;
    const revision = database.prepare("SELECT value FROM state WHERE name = 'revision'").get()!['value'] as number;
    this.writer = new TransactionWriter(database, settings.path, settings.maximumBytes, revision);
    this.compactor = new Compactor(database, this.writer);
    this.#reader = new HistoryReader(database);
  }

  /** Writes first, as one commit; so reads of the same batch see them, and see them durable. */
  run(batch: readonly Request[]): Outcome[] {
    const transactions = batch.filter((request): request is WireTransaction => request.type === 'transact');
    const written = this.writer.commit(transactions).values();
    return batch.map((request) => (request.type === 'transact' ? written.next().value! : this.#answerSafely(request)));
  }

  close(): void {
    this.#file.close();
  }

  #answerSafely(request: Exclude<Request, WireTransaction>): Outcome {
    try {
      return { value: this.#answer(request) };
    } catch (error) {
      return { failure: failureOf(error, settings.path) };
    }
  }

  #answer(request: Exclude<Request, WireTransaction>): unknown {
    const latest = this.writer.revision;
    const { compacted } = this.compactor;
    switch (request.type) {
      case 'get':
        checkReadRevision(request.revision, latest, compacted);
        return this.#reader.get(request.key, request.revision || latest);
      case 'range':
        checkReadRevision(request.request.revision ?? 0, latest, compacted);
        return this.#parts.first(this.#reader.range(request.request, latest));
      case 'rangePart':
        return this.#parts.next(request.part);
      case 'history':
        if (request.from <= compacted) throw compactedAt(request.from, compacted);
        return this.#reader.history(request, latest);
      case 'deadlines':
        return this.#reader.deadlines(request.now);
      case 'compact':
        return this.compactor.compact(request.revision);
      case 'clean':
        return this.compactor.step();
      default:
        return unreachable(request);
    }
  }
}

function post(message: FromWorker): void {
  port.postMessage(message);
}

function start(): Engine | undefined {
  let file: DatabaseFile | undefined;
  try {
    file = openDatabaseFile(settings.path);
    const engine = new Engine(file);
    const { compacted, clean } = engine.compactor;
    post({ opened: { revision: engine.writer.revision, compacted, clean } });
    return engine;
  } catch (error) {
    file?.close();
    post({ refused: failureOf(error, settings.path) });
    return undefined;
  }
}

const engine = start();
if (engine === undefined) port.close();
else
  port.on('message', (message: ToWorker) => {
    if ('batch' in message) {
      post({ outcomes: engine.run(message.batch) });
      return;
    }
    engine.close();
    port.close();
  });
