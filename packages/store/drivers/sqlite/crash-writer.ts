/**
 * A program for the crash test: writes to the store at argv[2] from several loops at once and prints each write that
 * was acknowledged (`key revision`), until it is killed.
 */
import { writeSync } from 'node:fs';
import { systemWorld } from '@keelson/base';
import { openSqliteStore } from './index.ts';

const [, , path, generation] = process.argv;
const store = await openSqliteStore({ path: path!, world: systemWorld() });

async function writeForever(writer: number): Promise<void> {
  for (let turn = 0; ; turn++) {
    const key = `key/${writer}/${turn % 20}`;
    const value = Buffer.from(`${generation}/${writer}/${turn}`.padEnd(500, '.'));
    const { revision } = await store.transact({ compare: [], success: [{ type: 'put', key, value }] });
    writeSync(1, `${key} ${revision} ${generation}/${writer}/${turn}\n`);
    if (writer === 0 && turn % 50 === 49) await store.compact(Math.max(0, revision - 2000));
  }
}

await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(writeForever));
