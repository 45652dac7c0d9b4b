import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuantity, Quantity, QuantityError, quantityToNumber } from './quantity.ts';

test('quantities are printed in their canonical form', () => {
  const cases: Record<string, string> = {
    '0': '0',
    '0Mi': '0',
    '1000m': '1',
    '0.1': '100m',
    '1.5': '1500m',
    '100m': '100m',
    '1024Mi': '1Gi',
    '1536Mi': '1536Mi',
    '1.5Gi': '1536Mi',
    '0.5Gi': '512Mi',
    '1Ki': '1Ki',
    '512': '512',
    '1000': '1k',
    '1000k': '1M',
    '1024': '1024',
    '0.5Ki': '512',
    '0.0001Ki': '102400u',
    '1e3': '1e3',
    '1500e3': '1500e3',
    '12E': '12E',
    '1E3': '1e3',
    '-5': '-5',
    '+5': '5',
    '.5': '500m',
    '5.': '5',
    '1n': '1n',
    '0.1n': '1n',
    '-0.1n': '-1n',
    '100000000n': '100m',
    '123456789': '123456789',
    '9223372036854775808Ki': '9223372036854775807',
  };
  for (const [text, canonical] of Object.entries(cases)) assert.equal(parseQuantity(text).toString(), canonical, text);
});

test('what is no quantity is refused with the reason', () => {
  const syntax = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  for (const text of ['', 'abc', '1 Gi', '1.2.3', '--1', '0x10', '.', '1'.repeat(600)]) {
    assert.throws(() => parseQuantity(text), { constructor: QuantityError, message: syntax }, text);
  }
  for (const text of ['1KiB', '1e', '1mm', '5Kie3', '1e99999']) {
    const known = /B/.test(text) ? syntax : "unable to parse quantity's suffix";
    assert.throws(() => parseQuantity(text), { message: known }, text);
  }
});

test('quantities compare, add and round exactly', () => {
  assert.equal(parseQuantity('1Gi').compare(parseQuantity('1G')), 1);
  assert.equal(parseQuantity('1').compare(parseQuantity('1000m')), 0);
  assert.equal(parseQuantity('100m').add(parseQuantity('1.9')).toString(), '2');
  assert.equal(new Quantity(0n).add(parseQuantity('2Gi')).toString(), '2Gi');
  assert.equal(parseQuantity('2Gi').subtract(parseQuantity('1Mi')).toString(), '2047Mi');
  assert.equal(parseQuantity('1u').roundUpToMilli().toString(), '1m');
  assert.equal(parseQuantity('1500m').value(), 2n);
  assert.equal(parseQuantity('-1500m').value(), -1n);
  assert.equal(parseQuantity('1u').milliValue(), 1n);
  assert.equal(quantityToNumber('250m'), 0.25);
  assert.equal(quantityToNumber('1Ki'), 1024);
});
