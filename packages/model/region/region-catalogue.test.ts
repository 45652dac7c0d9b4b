import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalize } from '../codec/decode.ts';
import { structType, typeNames } from '../tables/struct-type.ts';
import { regionCatalogue } from './index.ts';
import type { AccessKey, Instance } from './object-types.ts';

test('every kind of the region is a resource, with a status sub-resource when it has a status', () => {
  const catalogue = regionCatalogue();
  const account = catalogue.find('iam.keelson.dev', 'v1', 'accounts');
  assert.equal(account?.kind, 'Account');
  assert.deepEqual(account?.subresources, {});
  assert.equal(catalogue.find('eks.keelson.dev', 'v1', 'accessentries')?.kind, 'AccessEntry');
  assert.equal(catalogue.find('iam.keelson.dev', 'v1', 'policies')?.kind, 'Policy');
  assert.deepEqual(catalogue.findKind('ec2.keelson.dev', 'v1', 'Instance')?.subresources['status']?.verbs, [
    'get',
    'patch',
    'update',
  ]);
  assert.equal(catalogue.stored().length, new Set(catalogue.stored().map(({ type }) => type)).size);
});

test('what was given is kept, zeros too; what is required and missing becomes its zero', () => {
  const given = {
    apiVersion: 'ec2.keelson.dev/v1',
    kind: 'SecurityGroup',
    metadata: { name: 'sg-1' },
    spec: { groupName: 'web', rules: [{ id: 'sgr-1', egress: false, protocol: 'icmp', fromPort: 0, toPort: 0 }] },
  };
  const { object, unknown } = normalize('ec2.keelson.dev/v1.SecurityGroup', given);
  assert.deepEqual(unknown, []);
  assert.deepEqual(object['spec'], { ...given.spec, vpcId: '', description: '' });
  const empty = normalize('ec2.keelson.dev/v1.RouteTable', { metadata: { name: 'rtb-1' } }).object;
  assert.deepEqual(empty['spec'].routes, []);
  assert.equal(empty['status'], undefined);
});

test('unknown fields of a region kind are found', () => {
  const { unknown } = normalize('iam.keelson.dev/v1.Role', { spec: { roleName: 'r', policy: 1 } });
  assert.deepEqual(unknown, ['unknown field "spec.policy"']);
});

test('every type of the tables can be read', () => {
  for (const name of typeNames()) assert.equal(structType(name).name, name);
});

test('static types follow the tables', () => {
  const key: AccessKey = { metadata: {}, spec: { userName: 'u', sealedSecret: 's', status: 'Active' } };
  const state: string | undefined = ({ metadata: {} } as Instance).status?.state;
  assert.equal(key.spec.status, 'Active');
  assert.equal(state, undefined);
});
