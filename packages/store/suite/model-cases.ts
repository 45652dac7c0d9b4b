import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pick, type Random, randomInteger, SeededRandom } from '@keelson/base';
import { inRange } from '../key-order.ts';
import type { Change, Operation, RangeRequest, Store, Transaction } from '../store.ts';
import { NaiveModel } from './naive-model.ts';
import { put, Recorder, readable, rejects, remove, type StoreFactory } from './store-under-test.ts';

const keys = ['a', 'a/b', 'a/c', 'a0', 'b', 'é', '\uffff', '\u{10000}', 'z'];
const borders = ['', ...keys, 'a/', 'a/\0', '\u{10ffff}'];
const steps = 150;

interface Watched {
  readonly from: number;
  readonly start: string;
  readonly end: string;
  readonly seen: Recorder;
}

/** Random operations against a naive model, comparing all that the store answers and delivers. */
export function modelCases(create: StoreFactory, seeds: number): void {
  for (let seed = 1; seed <= seeds; seed++) {
    test(`random operations answer as the model does (seed ${seed})`, async (context) => {
      const made = await create();
      context.after(() => made.dispose());
      const random = new SeededRandom(`store-model-${seed}`);
      const { store } = made;
      const model = new NaiveModel(store.revision());
      const watches: Watched[] = [];
      for (let step = 0; step < steps; step++) await takeStep(random, store, model, watches);
      assert.equal(store.revision(), model.revision);
      for (const watched of watches) await checkWatch(watched, model);
    });
  }
}

async function takeStep(random: Random, store: Store, model: NaiveModel, watches: Watched[]): Promise<void> {
  const chance = randomInteger(random, 100);
  if (chance < 50) await checkTransactions(random, store, model);
  else if (chance < 75) await checkRange(random, store, model);
  else if (chance < 85) await checkGet(random, store, model);
  else if (chance < 95) openWatch(random, store, model, watches);
  else if (model.revision > 1) {
    const revision = lowest(model) + randomInteger(random, model.revision - lowest(model) + 1);
    await store.compact(revision);
    model.compacted = Math.max(model.compacted, revision);
  }
}

/** The lowest revision that the model has seen and can be read. */
function lowest(model: NaiveModel): number {
  return Math.max(model.compacted, model.first);
}

async function checkTransactions(random: Random, store: Store, model: NaiveModel): Promise<void> {
  const transaction = randomTransaction(random, model);
  const got = await store.transact(transaction);
  const expected = model.transact(transaction);
  assert.equal(got.succeeded, expected.succeeded);
  assert.equal(got.revision, expected.revision);
  assert.deepEqual(got.results.map(readable), expected.results.map(readable));
}

function randomTransaction(random: Random, model: NaiveModel): Transaction {
  const compare = Array.from({ length: randomInteger(random, 3) }, () => {
    const key = pick(random, keys);
    const right = model.at(model.revision).get(key)?.modRevision ?? 0;
    return { key, modRevision: randomInteger(random, 5) === 0 ? randomInteger(random, model.revision + 1) : right };
  });
  return { compare, success: randomOperations(random), failure: randomOperations(random) };
}

function randomOperations(random: Random): Operation[] {
  const operations: Operation[] = [];
  for (const key of new Set(Array.from({ length: randomInteger(random, 5) }, () => pick(random, keys)))) {
    const chance = randomInteger(random, 10);
    if (chance < 5) operations.push(put(key, `${randomInteger(random, 1000)}`));
    else if (chance < 8) operations.push(remove(key));
    else operations.push({ type: 'get', key });
  }
  return operations;
}

async function checkRange(random: Random, store: Store, model: NaiveModel): Promise<void> {
  const request: RangeRequest = {
    start: pick(random, borders),
    end: pick(random, borders),
    revision: randomRevision(random, model),
    limit: randomInteger(random, 5),
    countOnly: randomInteger(random, 5) === 0,
  };
  const { revision = 0 } = request;
  if (revision > model.revision) return rejects(store.range(request), 'futureRevision');
  if (revision > 0 && revision < model.compacted) return rejects(store.range(request), 'compacted');
  const got = await store.range(request);
  const expected = model.range(request);
  const shown = (result: typeof got) => ({ ...result, entries: result.entries.map(readable) });
  assert.deepEqual(shown(got), shown(expected), JSON.stringify(request));
}

async function checkGet(random: Random, store: Store, model: NaiveModel): Promise<void> {
  const key = pick(random, keys);
  const revision = randomRevision(random, model);
  if (revision > model.revision) return rejects(store.get(key, { revision }), 'futureRevision');
  if (revision > 0 && revision < model.compacted) return rejects(store.get(key, { revision }), 'compacted');
  const expected = model.at(revision || model.revision).get(key);
  assert.deepEqual(readable(await store.get(key, { revision })), readable(expected));
}

/** 0, one that can be read, or at times one that is compacted or yet to come; never one from before the model. */
function randomRevision(random: Random, model: NaiveModel): number {
  const chance = randomInteger(random, 10);
  if (chance < 3) return 0;
  if (chance === 3) return model.revision + 1 + randomInteger(random, 3);
  if (chance === 4 && model.compacted > 1) return model.compacted - 1;
  return lowest(model) + randomInteger(random, model.revision - lowest(model) + 1);
}

function openWatch(random: Random, store: Store, model: NaiveModel, watches: Watched[]): void {
  const oldest = lowest(model) + 1;
  const from = oldest + randomInteger(random, model.revision + 2 - oldest + 1);
  const start = pick(random, borders);
  const end = pick(random, borders);
  const old = watches[randomInteger(random, watches.length + 3)];
  if (old !== undefined && old.seen.errors.length === 0 && watches.length > 12) {
    old.seen.watch.cancel();
    watches.splice(watches.indexOf(old), 1);
  }
  watches.push({ from, start, end, seen: new Recorder(store, from, start, end) });
}

/** A watch may have been overtaken by a compaction before it caught up: then it ended, and saw a beginning of it all. */
async function checkWatch({ from, start, end, seen }: Watched, model: NaiveModel): Promise<void> {
  await seen.reachesOrEnds(model.revision);
  for (const { code } of seen.errors) assert.equal(code, 'compacted');
  if (seen.errors.length > 0) assert.ok(from <= model.compacted, `a watch from ${from} ended`);
  const expected: string[] = [];
  for (let revision = from; revision <= model.revision; revision++) {
    const changes = (model.changes.get(revision) ?? []).filter(({ entry }) => inRange(entry.key, start, end));
    if (changes.length > 0) expected.push(JSON.stringify([revision, changes.map(plain).sort()]));
  }
  const got = seen.calls.map(({ revision, changes }) => JSON.stringify([revision, changes.map(plain).sort()]));
  assert.deepEqual(got, seen.errors.length > 0 ? expected.slice(0, got.length) : expected);
}

function plain({ type, entry, previous }: Change): string {
  return JSON.stringify([type, readable(entry), readable(previous) ?? null]);
}
