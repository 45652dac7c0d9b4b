import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineSplitter } from './line-splitter.ts';

const text = (lines: Uint8Array[]) => lines.map((line) => Buffer.from(line).toString());

test('lines come out whole, however the bytes were cut', () => {
  const whole = '{"a":1}\n\n{"b":"é"}\n{"c":3}\n';
  for (const size of [1, 2, 3, 7, 100]) {
    const splitter = new LineSplitter(100);
    const bytes = Buffer.from(whole);
    const found: string[] = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...text(splitter.push(bytes.subarray(at, at + size))));
    assert.deepEqual(found, ['{"a":1}', '{"b":"é"}', '{"c":3}']);
    assert.equal(splitter.partial, false);
  }
});

test('a line over the limit is refused, in one piece or in many', () => {
  assert.throws(() => new LineSplitter(4).push(Buffer.from('12345\n')), /longer than 4 bytes/);
  const splitter = new LineSplitter(4);
  splitter.push(Buffer.from('123'));
  assert.throws(() => splitter.push(Buffer.from('45')), /longer than 4 bytes/);
});
