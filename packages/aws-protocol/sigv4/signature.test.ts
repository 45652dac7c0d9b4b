import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  emptyPayloadHash,
  payloadHash,
  queryPairs,
} from './canonical-request.ts';
import { amzDate, parseAmzDate, sameSignature, signature } from './signature.ts';

/** Facts of AWS' published Signature Version 4 test suite: one key, one date, one scope, and what comes out. */
const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const date = '20150830T123600Z';
const scope = { date: '20150830', region: 'us-east-1', service: 'service' };

function signed(method: string, target: string, headers: Record<string, string> = {}): string {
  const all: Record<string, string> = { host: 'example.amazonaws.com', 'x-amz-date': date, ...headers };
  return signature(
    secret,
    scope,
    date,
    canonicalRequest({ method, target, headers: all }, Object.keys(all).sort(), emptyPayloadHash),
  );
}

test('signatures are those of the published suite', () => {
  const vanilla = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31';
  assert.equal(signed('GET', '/'), vanilla);
  assert.equal(signed('GET', '/example/..'), vanilla, 'dot segments go');
  assert.equal(signed('GET', '//'), vanilla, 'repeated slashes go');
  assert.equal(signed('POST', '/'), '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b');
  assert.equal(
    signed('GET', '/?Param2=value2&Param1=value1'),
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  );
  assert.equal(signed('GET', '/ሴ'), '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85');
});

test("the example of AWS' guide: ListUsers", () => {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    host: 'iam.amazonaws.com',
    'x-amz-date': date,
  };
  const request = { method: 'GET', target: '/?Action=ListUsers&Version=2010-05-08', headers };
  const canonical = canonicalRequest(request, ['content-type', 'host', 'x-amz-date'], emptyPayloadHash);
  assert.equal(payloadHash(Buffer.from(canonical)), 'f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59');
  assert.equal(
    signature(secret, { ...scope, service: 'iam' }, date, canonical),
    '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  );
});

test('paths are encoded once more than they were sent, queries sorted as encoded', () => {
  assert.equal(canonicalPath('/tags/arn%3Aaws%3Aeks%2Fx'), '/tags/arn%253Aaws%253Aeks%252Fx');
  assert.equal(canonicalPath('/a/./b/../c/'), '/a/c/');
  assert.equal(canonicalPath(''), '/');
  assert.equal(canonicalQuery(queryPairs('b=2&a=%7E&a=!&X-Amz-Signature=s&flag')), 'a=%21&a=~&b=2&flag=');
});

test('header values are trimmed, and runs of spaces count as one', () => {
  const request = { method: 'GET', target: '/', headers: { host: ' a ', 'x-amz-date': 'b   c' } };
  assert.match(canonicalRequest(request, ['host', 'x-amz-date'], ''), /\nhost:a\nx-amz-date:b c\n\n/);
});

test('dates, and comparison', () => {
  assert.equal(amzDate(Date.UTC(2026, 0, 2, 3, 4, 5, 678)), '20260102T030405Z');
  assert.equal(parseAmzDate('20260102T030405Z'), Date.UTC(2026, 0, 2, 3, 4, 5));
  assert.equal(parseAmzDate('20261302T030405Z'), undefined);
  assert.equal(parseAmzDate('2026-01-02T03:04:05Z'), undefined);
  assert.ok(sameSignature('ab', 'ab'));
  assert.ok(!sameSignature('ab', 'abc'));
});
