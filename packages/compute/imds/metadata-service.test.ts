import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import type { InstanceMetadata, RoleCredentials } from './instance-metadata.ts';
import { MetadataService } from './metadata-service.ts';

const metadata: InstanceMetadata = {
  accountId: '000000000000',
  region: 'ap-northeast-2',
  availabilityZone: 'ap-northeast-2a',
  availabilityZoneId: 'apne2-az1',
  instanceId: 'i-0123456789abcdef0',
  instanceType: 'm5.large',
  architecture: 'x86_64',
  imageId: 'ami-0123456789abcdef0',
  reservationId: 'r-0123456789abcdef0',
  launchTime: '2026-01-02T03:04:05.678Z',
  lifecycle: 'on-demand',
  hostName: 'ip-10-0-1-10.ap-northeast-2.compute.internal',
  interfaces: [
    {
      interfaceId: 'eni-0123456789abcdef0',
      macAddress: '02:00:00:00:00:01',
      deviceIndex: 0,
      addresses: ['10.0.1.10', '10.0.1.20'],
      hostName: 'ip-10-0-1-10.ap-northeast-2.compute.internal',
      subnetId: 'subnet-1',
      subnetCidrBlock: '10.0.1.0/24',
      vpcId: 'vpc-1',
      vpcCidrBlocks: ['10.0.0.0/16'],
      securityGroups: [
        { id: 'sg-1', name: 'default' },
        { id: 'sg-2', name: 'web' },
      ],
    },
  ],
  profile: { arn: 'arn:aws:iam::000000000000:instance-profile/nodes', id: 'AIPAEXAMPLE', roleName: 'node-role' },
  userData: Buffer.from('#!/bin/sh\n\xff', 'latin1').toString('base64'),
  options: { httpTokens: 'required', httpPutResponseHopLimit: 1, httpEndpoint: 'enabled' },
};
const credentials: RoleCredentials = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'secret',
  sessionToken: 'session',
  lastUpdated: '2026-01-02T03:04:05Z',
  expiration: '2026-01-02T09:04:05Z',
};

function service(change: Partial<InstanceMetadata> = {}, role: RoleCredentials | undefined = credentials) {
  const world = virtualWorld(1);
  const metadataOf = () => ({ ...metadata, ...change });
  const it = new MetadataService({ world, metadata: metadataOf, credentials: () => role });
  const ask = (method: string, target: string, headers: Record<string, string> = {}, hops = 1) => {
    const signal = new AbortController().signal;
    const peer = { address: '10.0.1.10', certificates: [] };
    const answer = it.answer({ method, target, headers, body: new Uint8Array(), signal, peer }, hops);
    return answer && { ...answer, text: Buffer.from(answer.body).toString('latin1') };
  };
  const token = (seconds = '21600', hops = 1) =>
    ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': seconds }, hops);
  const get = (path: string) => ask('GET', path, { 'x-aws-ec2-metadata-token': token()!.text })!;
  return { world, ask, token, get };
}

const leaves: readonly (readonly [path: string, text: string])[] = [
  ['/latest', 'dynamic\nmeta-data\nuser-data'],
  ['/latest/meta-data/instance-id', 'i-0123456789abcdef0'],
  ['/2021-07-15/meta-data/instance-id', 'i-0123456789abcdef0'],
  ['/latest/meta-data/local-ipv4', '10.0.1.10'],
  ['/latest/meta-data/mac', '02:00:00:00:00:01'],
  ['/latest/meta-data/hostname', 'ip-10-0-1-10.ap-northeast-2.compute.internal'],
  ['/latest/meta-data/placement/availability-zone', 'ap-northeast-2a'],
  ['/latest/meta-data/placement/region', 'ap-northeast-2'],
  ['/latest/meta-data/placement/', 'availability-zone\navailability-zone-id\nregion'],
  ['/latest/meta-data/services/domain', 'amazonaws.com'],
  ['/latest/meta-data/security-groups', 'default\nweb'],
  ['/latest/meta-data/network/', 'interfaces/'],
  ['/latest/meta-data/network/interfaces/macs/', '02:00:00:00:00:01/'],
  ['/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01/local-ipv4s', '10.0.1.10\n10.0.1.20'],
  ['/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01/device-number', '0'],
  ['/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01/subnet-ipv4-cidr-block', '10.0.1.0/24'],
  ['/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01/vpc-ipv4-cidr-blocks', '10.0.0.0/16'],
  ['/latest/meta-data/network/interfaces/macs/02:00:00:00:00:01/security-group-ids', 'sg-1\nsg-2'],
  ['/latest/meta-data/iam/', 'info\nsecurity-credentials/'],
  ['/latest/meta-data/iam/security-credentials/', 'node-role'],
  ['/latest/user-data', '#!/bin/sh\n\xff'],
];

for (const [path, text] of leaves) {
  test(`GET ${path}`, () => {
    const answer = service().get(path);
    assert.equal(answer.status, 200);
    assert.equal(answer.text, text);
    assert.equal(answer.headers['content-length'], String(text.length));
  });
}

const absent = [
  '/latest/meta-data/outpost-arn',
  '/latest/meta-data/spot/instance-action',
  '/latest/meta-data/events/recommendations/rebalance',
  '/latest/meta-data/public-ipv4',
  '/latest/meta-data/__proto__',
  '/latest/meta-data/instance-id/more',
  '/2000-01-01/meta-data/instance-id',
  '/unknown',
];
for (const path of absent) test(`GET ${path} is not found`, () => assert.equal(service().get(path).status, 404));

test('credentials and the identity document are JSON that the SDKs read', () => {
  const { get } = service();
  assert.deepEqual(JSON.parse(get('/latest/meta-data/iam/security-credentials/node-role').text), {
    Code: 'Success',
    LastUpdated: '2026-01-02T03:04:05Z',
    Type: 'AWS-HMAC',
    AccessKeyId: 'ASIAEXAMPLE',
    SecretAccessKey: 'secret',
    Token: 'session',
    Expiration: '2026-01-02T09:04:05Z',
  });
  const identity = JSON.parse(get('/latest/dynamic/instance-identity/document').text);
  assert.equal(identity.region, 'ap-northeast-2');
  assert.equal(identity.privateIp, '10.0.1.10');
  assert.equal(identity.pendingTime, '2026-01-02T03:04:05Z');
});

test('an instance without a profile, or without credentials yet, has none to show', () => {
  assert.equal(service({ profile: undefined }).get('/latest/meta-data/iam/info').status, 404);
  const early = new MetadataService({
    world: virtualWorld(1),
    metadata: () => undefined,
    credentials: () => undefined,
  });
  const peer = { address: '', certificates: [] };
  const signal = new AbortController().signal;
  const request = { method: 'GET', target: '/latest', headers: {}, body: new Uint8Array(), signal, peer };
  assert.equal(early.answer(request, 1)!.status, 503);
});

test('without a good token nothing is told where tokens are required', async () => {
  const { world, ask, token } = service();
  assert.equal(ask('GET', '/latest/meta-data/instance-id')!.status, 401);
  assert.equal(ask('GET', '/latest/meta-data/instance-id', { 'x-aws-ec2-metadata-token': 'made-up' })!.status, 401);
  const given = token('60')!;
  assert.equal(given.status, 200);
  assert.equal(given.headers['x-aws-ec2-metadata-token-ttl-seconds'], '60');
  const header = { 'x-aws-ec2-metadata-token': given.text };
  assert.equal(ask('GET', '/latest/meta-data/instance-id', header)!.status, 200);
  await world.clock.advance(60_001);
  assert.equal(ask('GET', '/latest/meta-data/instance-id', header)!.status, 401);
});

test('where tokens are optional a request without one is answered, and one with a bad one is not', () => {
  const { ask } = service({ options: { ...metadata.options, httpTokens: 'optional' } });
  assert.equal(ask('GET', '/latest/meta-data/instance-id')!.status, 200);
  assert.equal(ask('GET', '/latest/meta-data/instance-id', { 'x-aws-ec2-metadata-token': 'made-up' })!.status, 401);
});

const refused: readonly (readonly [
  name: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  status: number,
])[] = [
  ['a token without a lifetime', 'PUT', '/latest/api/token', {}, 400],
  ['a token for no time', 'PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '0' }, 400],
  ['a token for too long', 'PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '21601' }, 400],
  [
    'a token through a proxy',
    'PUT',
    '/latest/api/token',
    { 'x-aws-ec2-metadata-token-ttl-seconds': '60', 'x-forwarded-for': '1.2.3.4' },
    403,
  ],
  ['another PUT', 'PUT', '/latest/meta-data/', {}, 405],
  ['a POST', 'POST', '/latest/meta-data/', {}, 405],
];
for (const [name, method, path, headers, status] of refused)
  test(`${name} is refused`, () => assert.equal(service().ask(method, path, headers)!.status, status));

test('a token does not get further than its hop limit', () => {
  assert.equal(service().token('60', 2), undefined);
  assert.equal(service({ options: { ...metadata.options, httpPutResponseHopLimit: 2 } }).token('60', 2)!.status, 200);
});

test('metadata that is switched off answers nobody', () => {
  const { token } = service({ options: { ...metadata.options, httpEndpoint: 'disabled' } });
  assert.equal(token()!.status, 403);
});
