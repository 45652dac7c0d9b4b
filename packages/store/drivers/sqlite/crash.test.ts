import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { randomInteger, SeededRandom, virtualWorld } from '@keelson/base';
import { prefixEnd } from '../../store.ts';
import { put, readable, text, write } from '../../suite/store-under-test.ts';
import { openSqliteStore } from './index.ts';

interface Acknowledgement {
  readonly key: string;
  readonly revision: number;
  readonly value: string;
}

/** Runs the writing program and kills it with SIGKILL after `count` acknowledgements; returns all that it printed. */
async function writeAndKill(path: string, generation: number, count: number): Promise<Acknowledgement[]> {
  const program = join(import.meta.dirname, 'crash-writer.ts');
  const child = spawn(process.execPath, [program, path, `${generation}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged: Acknowledgement[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [key, revision, value] = line.split(' ');
    // The kill can cut the last line short.
    if (key && revision && value) acknowledged.push({ key, revision: Number(revision), value });
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  assert.equal(child.signalCode, 'SIGKILL');
  return acknowledged.slice(0, -1);
}

test('whatever was acknowledged before kill -9 is there after it, and revisions never go back', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-crash-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'store.db');
  const random = new SeededRandom('crash');
  let last = 1;
  for (let generation = 0; generation < 6; generation++) {
    const acknowledged = await writeAndKill(path, generation, 1 + randomInteger(random, 1500));
    const store = await openSqliteStore({ path, world: virtualWorld(generation) });
    for (const { revision } of acknowledged) assert.ok(revision > last, `revision ${revision} after ${last}`);
    last = Math.max(last, ...acknowledged.map(({ revision }) => revision));
    assert.ok(store.revision() >= last, `the store is at ${store.revision()}, ${last} was acknowledged`);
    for (const { key, revision, value } of acknowledged) {
      if (revision < store.compactedRevision()) continue;
      const entry = await store.get(key, { revision });
      assert.equal(entry?.modRevision, revision);
      assert.equal(text(entry.value).replace(/\.+$/, ''), value);
    }
    last = store.revision();
    await store.close();
  }
});

test('a write-ahead log that power loss cut anywhere opens at a revision that was, with all of it', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-torn-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'store.db');
  const random = new SeededRandom('torn');
  const store = await openSqliteStore({ path, world: virtualWorld('torn') });
  const states = new Map<number, unknown>();
  for (let turn = 0; turn < 40; turn++) {
    const revision = await write(store, put(`a/${turn % 7}`, `${turn}`), put('a/both', `${turn}`));
    states.set(revision, (await store.range({ start: 'a/', end: prefixEnd('a/') })).entries.map(readable));
  }
  const { size } = await stat(`${path}-wal`);
  const seen = new Set<number>();
  for (let turn = 0; turn < 20; turn++) {
    const copy = join(directory, `copy-${turn}.db`);
    await copyFile(path, copy);
    await copyFile(`${path}-wal`, `${copy}-wal`);
    // The first part of the log makes the tables: without it the file is a new one.
    await truncate(`${copy}-wal`, Math.floor(size / 2) + randomInteger(random, Math.ceil(size / 2)));
    const torn = await openSqliteStore({ path: copy, world: virtualWorld('torn') });
    const entries = (await torn.range({ start: 'a/', end: prefixEnd('a/') })).entries.map(readable);
    assert.deepEqual(entries, states.get(torn.revision()));
    seen.add(torn.revision());
    await torn.close();
  }
  assert.ok(seen.size > 5, `the cuts gave only ${seen.size} revisions`);
  await store.close();
});
