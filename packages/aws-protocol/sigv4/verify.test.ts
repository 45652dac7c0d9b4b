import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presignTarget, signRequest } from './sign.ts';
import { readSignature, type SignedRequest } from './signed-request.ts';
import { verifySignature, verifyTime } from './verify.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'to/k+en==' };
const options = { credentials, region: 'ap-northeast-2', service: 'eks', now };
const body = Buffer.from('{"name":"demo"}');

function signedPost(headers: Record<string, string> = {}) {
  const request = { method: 'POST', target: '/clusters?a=b', headers: { host: '127.0.0.1:4566', ...headers }, body };
  return { ...request, headers: signRequest(request, options) };
}

function read(request: Parameters<typeof readSignature>[0]): SignedRequest {
  const reading = readSignature(request);
  assert.equal(reading.outcome, 'signed');
  return (reading as { signed: SignedRequest }).signed;
}

test('what was signed verifies, and nothing of it may change', () => {
  const request = signedPost({ 'content-type': 'application/json' });
  const signed = read(request);
  assert.deepEqual(signed.scope, { date: '20260102', region: 'ap-northeast-2', service: 'eks' });
  assert.equal(signed.sessionToken, credentials.sessionToken);
  assert.equal(verifySignature(request, signed, 'secret').outcome, 'good');
  const changed = [
    { ...request, method: 'PUT' },
    { ...request, target: '/clusters?a=c' },
    { ...request, body: Buffer.from('{}') },
    { ...request, headers: { ...request.headers, host: 'elsewhere' } },
    { ...request, headers: { ...request.headers, 'x-amz-target': 'Added.Operation' } },
  ];
  for (const other of changed) assert.equal(verifySignature(other, signed, 'secret').outcome, 'wrong');
  assert.equal(verifySignature(request, signed, 'another').outcome, 'wrong');
});

test('a declared payload hash must be that of the body, unless the payload is declared unsigned', () => {
  const unsigned = signedPost({ 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' });
  const other = { ...unsigned, body: Buffer.from('other') };
  assert.equal(verifySignature(other, read(unsigned), 'secret').outcome, 'good');
  const lying = signedPost({ 'x-amz-content-sha256': '0'.repeat(64) });
  assert.equal(verifySignature(lying, read(lying), 'secret').outcome, 'wrong');
});

test('a clock may differ by five minutes', () => {
  const signed = read(signedPost());
  assert.equal(verifyTime(signed, now + 300_000).outcome, 'good');
  assert.equal(verifyTime(signed, now - 300_000).outcome, 'good');
  assert.deepEqual(verifyTime(signed, now + 301_000), {
    outcome: 'expired',
    reason: 'Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z (20260102T030906Z - 5 min.)',
  });
  assert.deepEqual(verifyTime(signed, now - 301_000), {
    outcome: 'expired',
    reason:
      'Signature not yet current: 20260102T030405Z is still later than 20260102T030404Z (20260102T025904Z + 5 min.)',
  });
  const anotherDay = { ...signed, scope: { ...signed.scope, date: '20260101' } };
  assert.equal(verifyTime(anotherDay, now).outcome, 'wrong');
});

test('a presigned request is good until it expires', () => {
  const request = { method: 'GET', target: '/?Action=GetCallerIdentity', headers: { host: 'h' } };
  const target = presignTarget(request, { ...options, service: 'sts', expires: 60 });
  const sent = { ...request, target, body: new Uint8Array(0) };
  const signed = read(sent);
  assert.equal(verifySignature(sent, signed, 'secret').outcome, 'good');
  assert.equal(verifyTime(signed, now + 60_000).outcome, 'good');
  assert.equal(verifyTime(signed, now + 61_000).outcome, 'expired');
});

test('what is missing is named', () => {
  const reasonOf = (headers: Record<string, string>, target = '/') => {
    const reading = readSignature({ method: 'GET', target, headers });
    return reading.outcome === 'incomplete' ? reading.reason : reading.outcome;
  };
  const { authorization } = signedPost().headers;
  assert.equal(reasonOf({}), 'none');
  assert.match(reasonOf({ authorization: 'Bearer x' }), /Unsupported AWS 'algorithm': 'Bearer'/);
  assert.match(reasonOf({ authorization: 'AWS4-HMAC-SHA256' }), /requires 'Credential'.*'Signature'.*'SignedHeaders'/);
  assert.match(reasonOf({ authorization: authorization! }), /'X-Amz-Date' or a 'Date' header/);
  assert.match(reasonOf({ authorization: authorization!, 'x-amz-date': 'today' }), /ISO-8601/);
  const short = authorization!.replace('/eks/aws4_request', '');
  assert.match(reasonOf({ authorization: short, 'x-amz-date': '20260102T030405Z' }), /exactly 5/);
  assert.match(reasonOf({}, '/?X-Amz-Algorithm=AWS4-HMAC-SHA256'), /must include X-Amz-Credential/);
});
