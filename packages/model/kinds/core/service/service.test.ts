import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../../object.ts';
import { tableOf } from '../../../table/table.ts';
import { changeRefusals, created, refusals, statusRefusals } from '../../testing/refusals.ts';
import { service } from './index.ts';

function serviceWith(spec: Record<string, unknown>): ApiObject {
  return {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { ports: [{ port: 80 }], clusterIP: '10.0.0.7', ...spec },
  };
}

test('what a service gets when nobody says', () => {
  assert.deepEqual(created(service, serviceWith({ type: 'LoadBalancer', sessionAffinity: 'ClientIP' })), {
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.0.0.7',
      clusterIPs: ['10.0.0.7'],
      ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      allocateLoadBalancerNodePorts: true,
    },
    status: { loadBalancer: {} },
  });
});

const cases: [string, Record<string, unknown>, string[]][] = [
  ['nothing', {}, []],
  ['no ports', { ports: [] }, ['spec.ports: Required value']],
  ['no ports but headless', { ports: [], clusterIP: 'None' }, []],
  [
    'a headless load balancer',
    { type: 'LoadBalancer', clusterIP: 'None' },
    ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for LoadBalancer services'],
  ],
  [
    'unnamed and equal ports',
    { ports: [{ port: 80 }, { port: 80, name: 'a', targetPort: 'toolongforaportname' }] },
    [
      'spec.ports[0].name: Required value',
      'spec.ports[1].targetPort: Invalid value: "toolongforaportname": must be no more than 15 characters',
      'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}',
    ],
  ],
  [
    'a node port without need',
    { ports: [{ port: 80, nodePort: 30000 }] },
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  ],
  [
    'an unknown type',
    { type: 'Magic', internalTrafficPolicy: 'Cluster' },
    [
      'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  ],
  [
    'an external name with an address',
    { type: 'ExternalName', externalName: 'a_b' },
    [
      'spec.clusterIPs: Forbidden: may not be set for ExternalName services',
      "spec.externalName: Invalid value: \"a_b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    'bad addresses',
    { clusterIP: 'x', externalIPs: ['127.0.0.1'] },
    [
      'spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
  ],
  [
    'an address of another family than it says',
    { ipFamilies: ['IPv6'] },
    ['spec.clusterIPs[0]: Invalid value: "10.0.0.7": expected an IPv6 value as indicated by `ipFamilies[0]`'],
  ],
  [
    'fields of a load balancer',
    { loadBalancerSourceRanges: ['10.0.0.0'], loadBalancerClass: 'a/b', healthCheckNodePort: 5 },
    [
      "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
      'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
      "spec.healthCheckNodePort: Invalid value: 5: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
  ],
  [
    'a local load balancer whose port is none',
    { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 70000 },
    ['spec.healthCheckNodePort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
  ],
];
for (const [name, spec, expected] of cases) {
  test(`a service with ${name}`, () => assert.deepEqual(refusals(service, serviceWith(spec)), expected));
}

test('an address once given is fixed', () => {
  const change = (object: any) => {
    object.spec.clusterIP = '10.0.0.8';
    object.spec.clusterIPs = ['10.0.0.8'];
  };
  assert.deepEqual(changeRefusals(service, serviceWith({}), change), [
    'spec.clusterIPs[0]: Invalid value: ["10.0.0.8"]: may not change once set',
  ]);
});

test('what an update leaves out stays, and what its type does not need goes', () => {
  const previous = created(service, serviceWith({ type: 'NodePort', ports: [{ port: 80, nodePort: 30001 }] }));
  const update = (spec: Record<string, unknown>) => {
    const next = serviceWith({ clusterIP: undefined, ...spec });
    delete next['spec'].clusterIP;
    service.defaults!(next);
    service.prepareForUpdate!(next, previous);
    return next['spec'];
  };
  const same = update({ type: 'NodePort' });
  assert.deepEqual([same.clusterIP, same.clusterIPs, same.ports[0].nodePort], ['10.0.0.7', ['10.0.0.7'], 30001]);
  const inner = update({ type: 'ClusterIP', ports: [{ port: 80, nodePort: 30001 }] });
  assert.equal(inner.ports[0].nodePort, undefined);
  const named = structuredClone(previous);
  named['spec'].type = 'ExternalName';
  named['spec'].externalName = 'example.com';
  service.prepareForUpdate!(named, previous);
  assert.deepEqual([named['spec'].clusterIP, named['spec'].clusterIPs], [undefined, undefined]);
  assert.deepEqual(service.validateUpdate!(named, previous), []);
});

test('the status of a load balancer', () => {
  const ingress =
    (...entries: object[]) =>
    (object: any) => {
      object.status.loadBalancer.ingress = entries;
    };
  assert.deepEqual(statusRefusals(service, serviceWith({}), ingress({ ip: '10.1.1.1' })), [
    "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
  ]);
  const balanced = serviceWith({ type: 'LoadBalancer' });
  assert.deepEqual(statusRefusals(service, balanced, ingress({ ip: '10.1.1.1' }, { hostname: '1.2.3.4' })), [
    'status.loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set',
    'status.loadBalancer.ingress[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
  ]);
});

test('services in a table', () => {
  const now = Date.parse('2026-01-01T00:01:00Z');
  const cells = (spec: object, status: object = {}) => {
    const object = { metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' }, spec, status };
    return tableOf({ strategy: service }, [object], { now }).rows[0]!.cells;
  };
  const ports = [
    { port: 80, nodePort: 30000, protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
  ];
  assert.deepEqual(cells({ type: 'LoadBalancer', clusterIPs: ['10.0.0.1'], ports, selector: { app: 'x' } }), [
    'a',
    'LoadBalancer',
    '10.0.0.1',
    '<pending>',
    '80:30000/TCP,53/UDP',
    '60s',
    'app=x',
  ]);
  const given = { loadBalancer: { ingress: [{ ip: '10.9.9.9' }, { hostname: 'lb.example.com' }] } };
  assert.equal(cells({ type: 'LoadBalancer', ports: [] }, given)[3], '10.9.9.9,lb.example.com');
  assert.equal(cells({ type: 'ExternalName', externalName: 'x.y' })[3], 'x.y');
});
