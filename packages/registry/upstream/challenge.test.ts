import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChallenge } from './challenge.ts';

for (const [header, expected] of [
  [
    'Bearer realm="https://a/token",service="registry",scope="repository:x/y:pull,push"',
    { realm: 'https://a/token', service: 'registry', scope: 'repository:x/y:pull,push' },
  ],
  [
    'bearer realm=https://a/token , service="with \\"quotes\\""',
    { realm: 'https://a/token', service: 'with "quotes"' },
  ],
  ['Basic realm="x", Bearer realm="https://a/"', { realm: 'https://a/' }],
  ['Basic realm="x"', undefined],
  ['Bearer service="x"', undefined],
  ['Bearer', undefined],
  ['', undefined],
  [undefined, undefined],
] as const) {
  test(`the challenge ${header} is read`, () => assert.deepEqual(parseChallenge(header), expected));
}
