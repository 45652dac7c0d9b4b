import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomInteger, SeededRandom } from '@keelson/base';
import { DnsFormatError, decodeMessage } from './decode-message.ts';
import { encodeMessage } from './encode-message.ts';
import { type DnsMessage, nameOf, queryFor, recordTypes, replyTo } from './message.ts';
import { addressRecord, cnameRecord, soaRecord, srvRecord, txtRecord } from './records.ts';

const question = { name: nameOf('Web.Default.svc.cluster.local'), type: recordTypes.A, class: 1 };
const edns = { udpSize: 1232, version: 0, dnssecOk: true };

const messages: Record<string, DnsMessage> = {
  query: queryFor(question, { id: 0xbeef }),
  'query with EDNS': queryFor(question, { id: 1, edns, checkingDisabled: true }),
  answer: replyTo(queryFor(question, { edns }), {
    authoritative: true,
    answers: [cnameRecord(question.name, 5, nameOf('a.b')), addressRecord(nameOf('a.b'), 5, '10.0.0.1')!],
    authorities: [soaRecord(nameOf('cluster.local'), 5, 7)],
    additionals: [
      srvRecord([], 2 ** 31 - 1, { weight: 100, port: 80, target: question.name }),
      txtRecord(nameOf('x'), 0, '1.1.0'),
    ],
    code: 16,
  }),
  IPv6: replyTo(queryFor({ ...question, type: recordTypes.AAAA }), {
    answers: [addressRecord(question.name, 1, 'fd00::1:2')!],
    code: 3,
  }),
};

for (const [name, message] of Object.entries(messages)) {
  test(`${name} is the same after it was written and read`, () => {
    assert.deepEqual(plain(decodeMessage(encodeMessage(message))), plain(message));
  });
}

function plain(message: DnsMessage): unknown {
  return JSON.parse(
    JSON.stringify(message, (_, value) =>
      value?.type === 'Buffer' ? Array.from(value.data) : value instanceof Uint8Array ? Array.from(value) : value,
    ),
  );
}

test('a query has the bytes that RFC 1035 gives it', () => {
  const bytes = encodeMessage(queryFor({ name: ['a', 'bc'], type: 1, class: 1 }, { id: 0x1234 }));
  assert.equal(Buffer.from(bytes).toString('hex'), '1234010000010000000000000161026263000001' + '0001');
});

test('names that repeat are pointed to, and compressed names in RDATA are read', () => {
  const one = encodeMessage(replyTo(queryFor(question), { answers: [addressRecord(question.name, 5, '10.0.0.1')!] }));
  assert.equal(one.length, 12 + 31 + 4 + 2 + 10 + 4);
  const answer = Buffer.from(
    '00008180000100010000000001610000050001' + 'c00c0005000100000005' + '0004' + '0162c00c',
    'hex',
  );
  assert.deepEqual([...decodeMessage(answer).answers[0]!.data], [1, 98, 1, 97, 0]);
});

test('what does not fit is left out, and said so for answers', () => {
  const answers = Array.from({ length: 100 }, (_, index) => addressRecord(question.name, 5, `10.0.0.${index}`)!);
  const full = replyTo(queryFor(question, { edns }), { answers });
  const small = encodeMessage(full, 512);
  assert.ok(small.length <= 512);
  const read = decodeMessage(small);
  assert.equal(read.truncated, true);
  assert.ok(read.answers.length > 20 && read.edns);
  const additionals = decodeMessage(
    encodeMessage({ ...full, answers: answers.slice(0, 1), additionals: answers }, 512),
  );
  assert.equal(additionals.truncated, false);
  assert.equal(additionals.answers.length, 1);
  assert.equal(decodeMessage(encodeMessage(full)).answers.length, 100);
});

const broken: Record<string, string> = {
  'a header alone that promises a question': '000001000001000000000000',
  'a name that points to itself': '000001000001000000000000c00c00010001',
  'a name that points forwards': '000001000001000000000000c01000010001',
  'a label of an unknown kind': '000001000001000000000000800000010001',
  'RDATA that is longer than the message': '0000010000000001000000000000010001000000000010aa',
  'a name in RDATA that ends elsewhere': '000001000000000100000000' + '00000500010000000000040161000000',
};

for (const [what, hex] of Object.entries(broken)) {
  test(`${what} is refused`, () => {
    assert.throws(() => decodeMessage(Buffer.from(hex, 'hex')), DnsFormatError);
  });
}

test('hostile bytes are read or refused, whatever they are', () => {
  const random = new SeededRandom('dns-fuzz');
  const samples = Object.values(messages).map((message) => encodeMessage(message));
  let read = 0;
  for (let round = 0; round < 5_000; round++) {
    const bytes = Buffer.from(samples[round % samples.length]!);
    const changes = 1 + randomInteger(random, 4);
    for (let change = 0; change < changes; change++)
      bytes[randomInteger(random, bytes.length)] = randomInteger(random, 256);
    const cut = randomInteger(random, 4) === 0 ? bytes.subarray(0, randomInteger(random, bytes.length)) : bytes;
    try {
      const message = decodeMessage(cut);
      read++;
      // What could be read can be written, and then read again.
      decodeMessage(encodeMessage(message));
    } catch (error) {
      assert.ok(error instanceof DnsFormatError, String((error as Error).stack));
    }
  }
  assert.ok(read > 300);
});
