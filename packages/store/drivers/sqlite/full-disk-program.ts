/**
 * A program for the test of a full disk, run where argv[2] is on a file system of a few megabytes: fills it, and says
 * what the store does then, as one line of JSON.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemWorld } from '@keelson/base';
import type { StoreError } from '../../store.ts';
import { put, write } from '../../suite/store-under-test.ts';
import { openSqliteStore } from './index.ts';

const path = process.argv[2]!;
const ballast = join(dirname(path), 'ballast');
writeFileSync(ballast, new Uint8Array(2_000_000));
const store = await openSqliteStore({ path, world: systemWorld() });
const keys: string[] = [];
let refusal = '';
for (let index = 0; index < 5000 && refusal === ''; index++) {
  const key = `fill/${index}`;
  await write(store, put(key, 'x'.repeat(10_000))).then(
    () => keys.push(key),
    (error: StoreError) => {
      refusal = error.code;
    },
  );
}
const whileFull = { revision: store.revision(), count: (await store.range({ start: 'fill/', end: 'fill0' })).count };
rmSync(ballast);
const after = await write(store, put('after', 'x'.repeat(10_000)));
await store.close();
const again = await openSqliteStore({ path, world: systemWorld() });
const { count } = await again.range({ start: '', end: 'z' });
await again.close();
console.log(JSON.stringify({ written: keys.length, refusal, whileFull, after, count }));
