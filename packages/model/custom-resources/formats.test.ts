import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasFormat, isKnownFormat } from './formats.ts';

const good: Record<string, string[]> = {
  bsonobjectid: ['507f1f77bcf86cd799439011'],
  uri: ['https://example.com/a?b=c', '/path'],
  email: ['a@example.com', 'A B <a.b@example.com>'],
  hostname: ['example.com', 'a', 'x-1.y'],
  ipv4: ['10.0.0.1', '010.0.0.1'],
  ipv6: ['::1', 'fd00::1'],
  cidr: ['10.0.0.0/8', 'fd00::/8'],
  mac: ['00:1b:44:11:3a:b7', '00-1b-44-11-3a-b7', '001b.4411.3ab7'],
  uuid: ['123E4567-e89b-12d3-a456-426614174000'],
  uuid4: ['123e4567-e89b-42d3-a456-426614174000'],
  isbn: ['0321751043', '978-0321751041'],
  creditcard: ['4111 1111 1111 1111'],
  ssn: ['123-45-6789'],
  hexcolor: ['#fff', 'A0B1C2'],
  rgbcolor: ['rgb(255, 0, 1)'],
  byte: ['YWJj', 'YQ=='],
  password: ['anything'],
  date: ['2024-02-29'],
  'date-time': ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.123+01:00'],
  duration: ['1h30m', '3 days', '22 ns'],
};

const bad: Record<string, string[]> = {
  bsonobjectid: ['x'],
  uri: ['', 'example', 'a b'],
  email: ['a', '@b', 'a@'],
  hostname: ['', 'a..b', '-a', 'a'.repeat(64)],
  ipv4: ['10.0.0', '::1', '256.0.0.1'],
  ipv6: ['10.0.0.1', ':::'],
  cidr: ['10.0.0.0', '10.0.0.0/33'],
  mac: ['00:1b:44'],
  uuid: ['123'],
  uuid4: ['123e4567-e89b-12d3-a456-426614174000'],
  isbn: ['0321751044'],
  creditcard: ['4111 1111 1111 1112'],
  ssn: ['12-3'],
  hexcolor: ['#ff'],
  rgbcolor: ['rgb(256,0,0)'],
  byte: ['', 'YQ='],
  date: ['2023-02-29', '2024-1-1'],
  'date-time': ['2024-01-01', '2024-01-01T25:00:00Z'],
  duration: ['', 'x', '9'.repeat(100_000)],
};

test('texts have the formats that kube-apiserver finds in them', () => {
  for (const [format, texts] of Object.entries(good))
    for (const text of texts) assert.ok(hasFormat(format, text), `${format} ${text}`);
  for (const [format, texts] of Object.entries(bad))
    for (const text of texts) assert.ok(!hasFormat(format, text), `${format} ${text.slice(0, 50)}`);
});

test('a format that is not known means nothing', () => {
  assert.ok(hasFormat('own', 'x') && hasFormat('constructor', 'x'));
  assert.deepEqual(
    [
      isKnownFormat('own', 'string'),
      isKnownFormat('date-time', ''),
      isKnownFormat('int32', 'integer'),
      isKnownFormat('int32', 'number'),
    ],
    [false, true, true, false],
  );
});
