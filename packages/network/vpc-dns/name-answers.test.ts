import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { nameInData } from '../dns/decode-message.ts';
import { type DnsMessage, internetClass, nameOf, nameText, queryFor, recordTypes } from '../dns/message.ts';
import { NameAnswers } from './name-answers.ts';

const balancer = 'web-0123.elb.ap-northeast-2.amazonaws.com';
const instance = 'ip-10-0-1-10.ap-northeast-2.compute.internal';
const answers = new NameAnswers(
  {
    zones: ['10.in-addr.arpa', 'ap-northeast-2.compute.internal', balancer],
    addresses: { [instance]: ['10.0.1.10'], [balancer]: ['10.0.1.40', '10.0.2.40'] },
    pointers: { '10.1.0.10.in-addr.arpa': instance },
  },
  virtualWorld('answers').random,
);

const { A, AAAA, ANY, PTR, SOA, TXT } = recordTypes;

function ask(name: string, type: number, change: Partial<DnsMessage> = {}): DnsMessage | undefined {
  return answers.answer(queryFor({ name: nameOf(name), type, class: internetClass }, change));
}

/** The code, and what the answer says: addresses, names, or the zone that has nothing. */
function said(message: DnsMessage | undefined): string {
  if (message === undefined) return 'elsewhere';
  const { answers: records, authorities, code } = message;
  const data = records.map(({ type, data: bytes }) =>
    type === A ? bytes.join('.') : type === SOA ? 'soa' : nameText(nameInData(bytes)!),
  );
  return [code, ...data.sort(), ...authorities.map(({ name }) => `(${nameText(name)})`)].join(' ');
}

test('what each question is answered with', () => {
  const table: readonly (readonly [name: string, type: number, answer: string])[] = [
    [instance, A, '0 10.0.1.10'],
    [instance.toUpperCase(), A, '0 10.0.1.10'],
    [instance, ANY, '0 10.0.1.10'],
    [instance, AAAA, '0 (ap-northeast-2.compute.internal)'],
    ['ip-10-0-1-99.ap-northeast-2.compute.internal', A, '3 (ap-northeast-2.compute.internal)'],
    ['ap-northeast-2.compute.internal', SOA, '0 soa'],
    ['ap-northeast-2.compute.internal', A, '0 (ap-northeast-2.compute.internal)'],
    ['compute.internal', A, 'elsewhere'],
    [balancer, A, '0 10.0.1.40 10.0.2.40'],
    [balancer, TXT, `0 (${balancer})`],
    [`www.${balancer}`, A, `3 (${balancer})`],
    ['elb.ap-northeast-2.amazonaws.com', A, 'elsewhere'],
    ['10.1.0.10.in-addr.arpa', PTR, `0 ${instance}`],
    ['1.0.10.in-addr.arpa', PTR, '0 (10.in-addr.arpa)'],
    ['11.1.0.10.in-addr.arpa', PTR, '3 (10.in-addr.arpa)'],
    ['constructor', A, 'elsewhere'],
    ['', A, 'elsewhere'],
  ];
  for (const [name, type, answer] of table) assert.equal(said(ask(name, type)), answer, `${name} ${type}`);
});

test('a query that is wrong has the code for it, whatever its name', () => {
  const question = { name: nameOf(instance), type: A, class: internetClass };
  const edns = { udpSize: 1232, version: 1, dnssecOk: false };
  assert.equal(ask(instance, A, { opcode: 5 })?.code, 4);
  assert.equal(ask(instance, A, { questions: [] })?.code, 1);
  assert.equal(ask(instance, A, { questions: [question, question] })?.code, 1);
  assert.equal(ask(instance, A, { questions: [{ ...question, class: 3 }] })?.code, 5);
  assert.equal(ask(instance, A, { edns })?.code, 16);
});

test('it answers as a resolver, with the case of the question, for a minute', () => {
  const name = nameOf('IP-10-0-1-10.ap-northeast-2.Compute.Internal');
  const answer = answers.answer(queryFor({ name, type: A, class: internetClass }, { id: 7 }))!;
  assert.equal(answer.recursionAvailable, true);
  assert.equal(answer.authoritative, false);
  assert.equal(answer.id, 7);
  assert.deepEqual(answer.answers[0]!.name, name);
  assert.equal(answer.answers[0]!.ttl, 60);
  const absent = ask('absent.ap-northeast-2.compute.internal', A)!.authorities[0]!;
  assert.equal(absent.ttl, 60);
  assert.equal(Buffer.from(absent.data).readUInt32BE(absent.data.length - 4), 60);
});

test("each of a load balancer's addresses comes first at some time", () => {
  const first = new Set(Array.from({ length: 50 }, () => ask(balancer, A)!.answers[0]!.data.join('.')));
  assert.deepEqual([...first].sort(), ['10.0.1.40', '10.0.2.40']);
});
