import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '@keelson/base';
import { createSealer } from './sealing.ts';

test('what is sealed opens with the same key for the same purpose only, and only unchanged', () => {
  const key = new Uint8Array(32).fill(7);
  const sealer = createSealer(key, new SeededRandom(1));
  const sealed = sealer.seal('access-key/AKIA1', 'secret ü');
  assert.equal(sealer.open('access-key/AKIA1', sealed), 'secret ü');
  assert.ok(!Buffer.from(sealed, 'base64').includes('secret'));
  assert.notEqual(sealer.seal('access-key/AKIA1', 'secret ü'), sealed);
  assert.equal(sealer.open('access-key/AKIA2', sealed), undefined);
  assert.equal(
    createSealer(new Uint8Array(32).fill(8), new SeededRandom(1)).open('access-key/AKIA1', sealed),
    undefined,
  );
  const bytes = Buffer.from(sealed, 'base64');
  for (let index = 0; index < bytes.length; index++) {
    const changed = Buffer.from(bytes);
    changed[index]! ^= 1;
    assert.equal(sealer.open('access-key/AKIA1', changed.toString('base64')), undefined);
  }
  for (const other of ['', 'x', '!!!', sealed.slice(0, 20)])
    assert.equal(sealer.open('access-key/AKIA1', other), undefined);
});
