import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../object.ts';
import type { Strategy } from '../../strategy.ts';
import { tableOf } from '../../table/table.ts';
import { endpointSlice } from '../discovery/endpoint-slice/index.ts';
import { changeRefusals, created, refusals, statusRefusals } from '../testing/refusals.ts';
import { binding } from './binding/index.ts';
import { configMap } from './config-map/index.ts';
import { endpoints } from './endpoints/index.ts';
import { namespace } from './namespace/index.ts';
import { node } from './node/index.ts';
import { secret } from './secret/index.ts';
import { serviceAccount } from './service-account/index.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const cells = (strategy: Strategy, object: ApiObject) => tableOf({ strategy }, [object], { now }).rows[0]!.cells;
const configKey = (key: string) =>
  `Invalid value: "${key}": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`;

test('a namespace is active, labelled with its name and kept until it is empty', () => {
  assert.deepEqual(created(namespace, { metadata: { name: 'shop' }, status: { phase: 'Terminating' } }), {
    metadata: { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  assert.deepEqual(refusals(namespace, { metadata: { name: 'shop' }, spec: { finalizers: ['mine'] } }), [
    'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
  ]);
  const end = (object: any) => {
    object.status.phase = 'Terminating';
  };
  assert.deepEqual(statusRefusals(namespace, { metadata: { name: 'shop' } }, end), [
    'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
  ]);
  const next = created(namespace, { metadata: { name: 'shop' } });
  next['spec'].finalizers = [];
  namespace.prepareForUpdate!(next, created(namespace, { metadata: { name: 'shop' } }));
  assert.deepEqual(next['spec'].finalizers, ['kubernetes']);
  assert.deepEqual(cells(namespace, { metadata: { name: 'a' }, status: { phase: 'Active' } }), [
    'a',
    'Active',
    '<unknown>',
  ]);
});

test('config maps', () => {
  const object = { data: { 'a b': '1', x: '2' }, binaryData: { x: 'AA==', '..': '' } };
  assert.deepEqual(refusals(configMap, object), [
    `data[a b]: ${configKey('a b')}`,
    'data[x]: Invalid value: "x": duplicate of key present in binaryData',
    'binaryData[..]: Invalid value: "..": must not be \'..\'',
  ]);
  assert.deepEqual(refusals(configMap, { data: { a: 'x'.repeat(1024 * 1024 + 1) } }), [
    '[]: Too long: may not be more than 1048576 bytes',
  ]);
  const change = (next: any) => {
    next.immutable = false;
    next.data = { a: '2' };
  };
  assert.deepEqual(changeRefusals(configMap, { immutable: true, data: { a: '1' } }, change), [
    'immutable: Forbidden: field is immutable when `immutable` is set',
    'data: Forbidden: field is immutable when `immutable` is set',
  ]);
  assert.deepEqual(changeRefusals(configMap, { data: { a: '1' } }, change), []);
  assert.equal(cells(configMap, { metadata: { name: 'a' }, ...object })[1], 4);
});

test('secrets', () => {
  assert.deepEqual(created(secret, { stringData: { a: 'b' }, data: { a: 'eA==', c: 'eA==' } }), {
    type: 'Opaque',
    data: { a: 'Yg==', c: 'eA==' },
  });
  const cases: [ApiObject, string[]][] = [
    [{ data: { 'a/b': '' } }, [`data[a/b]: ${configKey('a/b')}`]],
    [{ type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }, ['data[tls.key]: Required value']],
    [{ type: 'kubernetes.io/basic-auth' }, ['data[username]: Required value', 'data[password]: Required value']],
    [{ type: 'kubernetes.io/basic-auth', data: { username: '' } }, []],
    [
      { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': '' } },
      ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input'],
    ],
    [
      { type: 'kubernetes.io/service-account-token' },
      ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
    ],
  ];
  for (const [object, expected] of cases) assert.deepEqual(refusals(secret, object), expected);
  const change = (next: any) => {
    next.type = 'mine';
  };
  assert.deepEqual(changeRefusals(secret, {}, change), ['type: Invalid value: "mine": field is immutable']);
  assert.equal(secret.selectableFields!['type']!({ type: 'x' }), 'x');
});

test('service accounts keep the names of their secrets only', () => {
  assert.deepEqual(created(serviceAccount, { secrets: [{ name: 'a', namespace: 'b' }] })['secrets'], [{ name: 'a' }]);
});

test('nodes', () => {
  const made = created(node, { spec: { podCIDR: '10.1.0.0/24' }, status: { capacity: { cpu: '4000m' } } });
  assert.deepEqual(made['spec'].podCIDRs, ['10.1.0.0/24']);
  assert.deepEqual(made['status'], { capacity: { cpu: '4' }, allocatable: { cpu: '4' } });
  assert.deepEqual(
    refusals(node, {
      spec: {
        podCIDRs: ['10.0.0.0/8', '10.1.0.0/16'],
        taints: [
          { key: 'a', effect: 'NoSchedule' },
          { key: 'a', value: 'b', effect: 'NoSchedule' },
          { key: 'c', effect: 'No' },
          { key: 'd' },
        ],
      },
      status: { capacity: { pods: '1.5' } },
    }),
    [
      'metadata.taints[1]: Duplicate value: {"key":"a","value":"b","effect":"NoSchedule"}: taints must be unique by key and effect pair',
      'metadata.taints[2].effect: Unsupported value: "No": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      'metadata.taints[3].effect: Required value',
      'status.capacity.pods: Invalid value: "1500m": must be an integer',
      'status.allocatable.pods: Invalid value: "1500m": must be an integer',
      'spec.podCIDRs: Invalid value: ["10.0.0.0/8","10.1.0.0/16"]: may specify no more than one CIDR for each IP family',
    ],
  );
  const change = (next: any) => {
    next.spec = { podCIDRs: ['10.2.0.0/24'], podCIDR: '10.2.0.0/24', providerID: 'aws:///b' };
  };
  assert.deepEqual(changeRefusals(node, { spec: { podCIDR: '10.1.0.0/24', providerID: 'aws:///a' } }, change), [
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
    'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
  ]);
  const ready = {
    metadata: { name: 'n', labels: { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'gpu' } },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: {
        kubeletVersion: 'v1.36.0',
        osImage: 'Linux',
        kernelVersion: '6',
        containerRuntimeVersion: 'containerd://2',
      },
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
    },
  };
  assert.deepEqual(cells(node, ready), [
    'n',
    'Ready,SchedulingDisabled',
    'gpu,worker',
    '<unknown>',
    'v1.36.0',
    '10.0.0.1',
    '<none>',
    'Linux',
    '6',
    'containerd://2',
  ]);
});

test('bindings name a node', () => {
  assert.deepEqual(refusals(binding, { target: { kind: 'Pod' } }), [
    'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
    'target.name: Required value',
  ]);
});

test('endpoints', () => {
  const object = {
    subsets: [
      { ports: [{ port: 80 }, { port: 0 }] },
      { addresses: [{ ip: '169.254.1.1' }, { ip: 'x' }], ports: [{ port: 1, protocol: 'X' }] },
    ],
  };
  assert.deepEqual(refusals(endpoints, object), [
    'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
    'subsets[0].ports[0].name: Required value',
    'subsets[0].ports[1].name: Required value',
    'subsets[0].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'subsets[1].addresses[0].ip: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
    'subsets[1].addresses[1].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'subsets[1].addresses[1].ip: Invalid value: "x": must be a valid IP address',
    'subsets[1].ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
  ]);
  const many = {
    subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], ports: [{ port: 80 }, { port: 443 }] }],
  };
  assert.equal(cells(endpoints, many)[1], '10.0.0.1:80,[fd00::1]:80,10.0.0.1:443 + 1 more...');
  assert.equal(cells(endpoints, {})[1], '<none>');
});

test('endpoint slices', () => {
  const slice = { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] };
  assert.deepEqual(created(endpointSlice, slice)['ports'], [{ port: 80, name: '', protocol: 'TCP' }]);
  assert.deepEqual(
    refusals(endpointSlice, {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['::1', '127.0.0.1'] }, {}],
      ports: [{ name: 'a' }, { name: 'a', protocol: 'X' }],
    }),
    [
      'endpoints[0].addresses[0]: Invalid value: "::1": must be a valid IPv4 address',
      'endpoints[0].addresses[0]: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'endpoints[0].addresses[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'endpoints[1].addresses: Required value: must contain at least 1 address',
      'ports[1].name: Duplicate value: "a"',
      'ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
    ],
  );
  assert.deepEqual(refusals(endpointSlice, {}), ['addressType: Required value']);
  const change = (next: any) => {
    next.addressType = 'FQDN';
    next.endpoints = [];
  };
  assert.deepEqual(changeRefusals(endpointSlice, slice, change), [
    'addressType: Invalid value: "FQDN": field is immutable',
  ]);
  const four = { ...slice, endpoints: [{ addresses: ['1.1.1.1', '1.1.1.2'] }, { addresses: ['1.1.1.3', '1.1.1.4'] }] };
  assert.deepEqual(cells(endpointSlice, four).slice(1, 4), ['IPv4', '80', '1.1.1.1,1.1.1.2,1.1.1.3 + 1 more...']);
});
