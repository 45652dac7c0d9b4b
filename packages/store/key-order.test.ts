import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pick, SeededRandom } from '@keelson/base';
import { compareKeys, inRange } from './key-order.ts';
import { prefixEnd } from './store.ts';

const characters = ['a', 'b', '/', '\u007e', '\u007f', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10fffe}'];

function randomKey(random: SeededRandom): string {
  return Array.from({ length: random.bytes(1)[0]! % 4 }, () => pick(random, characters)).join('');
}

test('keys compare as their UTF-8 bytes do', () => {
  const random = new SeededRandom('key-order');
  for (let turn = 0; turn < 2000; turn++) {
    const [left, right] = [randomKey(random), randomKey(random)];
    const expected = Buffer.compare(Buffer.from(left), Buffer.from(right));
    assert.equal(Math.sign(compareKeys(left, right)), expected, JSON.stringify([left, right]));
  }
});

test('exactly the keys that begin with the prefix lie below its end', () => {
  const random = new SeededRandom('prefix-end');
  for (let turn = 0; turn < 5000; turn++) {
    const [prefix, key] = [randomKey(random), randomKey(random)];
    if (key === '') continue;
    const found = inRange(key, prefix, prefixEnd(prefix));
    assert.equal(found, key.startsWith(prefix), JSON.stringify([prefix, key]));
  }
});
