import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTable, signRequest } from '@keelson/aws-protocol';
import {
  collectBody,
  createLog,
  type LogEntry,
  pick,
  type Random,
  randomInteger,
  SeededRandom,
  virtualWorld,
} from '@keelson/base';
import { region, regionFixture, request } from '../suite/region-fixture.ts';

const services = ['eks', 'ec2', 'iam', 'sts', 'ecr', 'autoscaling', 'cloudformation', 'elasticloadbalancing', 's3', ''];
const words = [
  '',
  '{',
  '[]',
  'null',
  '"',
  '%',
  '%zz',
  '%00',
  '\u0000',
  '__proto__',
  'constructor',
  '*',
  '${a}',
  '../..',
  '1e999',
  '-1',
  'true',
  'é',
  'Action',
  'Version',
  'member',
  '😀',
  'a'.repeat(300),
];

function word(random: Random): string {
  return pick(random, words);
}

/** JSON of any form, with members that AWS' shapes have. */
function anyJson(random: Random, depth = 0): unknown {
  const kind = randomInteger(random, depth > 4 ? 5 : 8);
  if (kind === 0) return null;
  if (kind === 1) return randomInteger(random, 1000) - 500;
  if (kind === 2) return randomInteger(random, 2) === 0;
  if (kind <= 4) return word(random);
  if (kind === 5) return Array.from({ length: randomInteger(random, 4) }, () => anyJson(random, depth + 1));
  const names = [
    'name',
    'roleArn',
    'resourcesVpcConfig',
    'subnetIds',
    'tags',
    'logging',
    '__proto__',
    'clusterName',
    'key',
  ];
  const entries = Array.from({ length: randomInteger(random, 5) }, () => [
    pick(random, names),
    anyJson(random, depth + 1),
  ]);
  return Object.fromEntries(entries);
}

/** A form with names that AWS' queries have. */
function anyForm(random: Random, actions: readonly string[]): string {
  const names = [
    'RoleName',
    'PolicyArn',
    'Tags',
    'member',
    'Tag',
    'Key',
    'Filter',
    'Name',
    'Value',
    '1',
    '2',
    '-1',
    '999999999',
    'PolicyDocument',
    'AssumeRolePolicyDocument',
    'MaxItems',
    'Marker',
    'UserName',
  ];
  const pairs = Array.from({ length: randomInteger(random, 8) }, () => {
    const path = Array.from({ length: 1 + randomInteger(random, 4) }, () => pick(random, names)).join('.');
    return `${path}=${encodeURIComponent(word(random))}`;
  });
  return [`Action=${pick(random, actions)}`, ...pairs].join('&');
}

test('whatever is sent is answered, and nothing of it is taken for a failure of the program', async () => {
  const entries: LogEntry[] = [];
  const world = virtualWorld('hostile');
  const log = createLog(world.clock, (entry) => entries.push(entry));
  const seen = async (input: unknown) => input;
  const further = await Promise.all(
    (['eks', 'ec2', 'ecr'] as const).map(async (name) => {
      const table = await loadTable(name);
      return { table, operations: Object.fromEntries(table.operationNames.map((operation) => [operation, seen])) };
    }),
  );
  const { handler, administrator } = await regionFixture({ ...world, log }, further);
  const actions = [...(await loadTable('iam')).operationNames, 'DescribeVpcs', 'RunInstances', 'CreateVpc', 'x'].filter(
    // The administrator's own key must live until the end.
    (name) => !/AccessKey|DeleteUser|DetachUser|UserPolicy|Boundary/.test(name),
  );
  const random = new SeededRandom('hostile requests');
  let answered = 0;
  for (let round = 0; round < 1500; round++) {
    const service = pick(random, services);
    const json = randomInteger(random, 2) === 0;
    const paths = [
      '/',
      '/clusters',
      '/clusters/demo/node-groups',
      '/tags/arn%3Aaws',
      `/${encodeURIComponent(word(random))}`,
      `/clusters/${word(random).replace(/[^%\w]/g, '')}`,
    ];
    const target = pick(random, paths) + (randomInteger(random, 3) === 0 ? `?${anyForm(random, actions)}` : '');
    const body = json ? JSON.stringify(anyJson(random)) : anyForm(random, actions);
    const headers: Record<string, string> = {
      host: '127.0.0.1:4566',
      'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded',
      ...(randomInteger(random, 4) === 0
        ? { 'x-amz-target': `AmazonEC2ContainerRegistry_V20150921.${pick(random, ['CreateRepository', 'x', ''])}` }
        : {}),
    };
    const method = pick(random, ['GET', 'POST', 'DELETE', 'PUT', 'HEAD']);
    const unsigned = request(method, target, headers, body);
    const options = { credentials: administrator, region, service, now: world.clock.now() };
    const signed = randomInteger(random, 10) === 0 ? headers : signRequest(unsigned, options);
    if (randomInteger(random, 20) === 0) signed['authorization'] = `AWS4-HMAC-SHA256 ${word(random)}`;
    const response = await handler({ ...unsigned, headers: signed });
    const text = Buffer.from(await collectBody(response.body)).toString('utf8');
    assert.ok(response.status < 500, `${method} ${target} ${body}: ${text}`);
    if (response.status === 200) answered++;
  }
  assert.deepEqual(entries, []);
  assert.ok(answered > 20, `${answered} calls went through to an operation`);
  assert.equal(({} as Record<string, unknown>)['roleArn'], undefined);
});
