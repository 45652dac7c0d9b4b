import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../object.ts';
import type { Strategy } from '../../strategy.ts';
import { tableOf } from '../../table/table.ts';
import { changeRefusals, created, refusals, statusRefusals } from '../testing/refusals.ts';
import { ingress } from './ingress/index.ts';
import { ingressClass } from './ingress-class/index.ts';
import { networkPolicy } from './network-policy/index.ts';

const now = Date.parse('2026-01-01T01:00:00Z');
const cells = (strategy: Strategy, object: ApiObject) => tableOf({ strategy }, [object], { now }).rows[0]!.cells;

const backend = { service: { name: 'web', port: { number: 80 } } };
const rule = (path: object = {}, more: object = {}) => ({
  http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...path }] },
  ...more,
});
const web = (spec: object) => ({ metadata: { name: 'web', namespace: 'default' }, spec });

const ingressCases: [object, string[]][] = [
  [{ defaultBackend: backend }, []],
  [{ rules: [rule({}, { host: 'web.example.com' }), rule({}, { host: '*.example.com' })] }, []],
  [{}, ['spec: Invalid value: []: either `defaultBackend` or `rules` must be specified']],
  [
    {
      rules: [
        rule({ path: 'a', pathType: undefined }),
        rule({ path: 'a' }),
        rule({ path: '/a//b/..', pathType: 'Exact' }),
        rule({ path: 'a', pathType: 'ImplementationSpecific' }),
        rule({ pathType: 'Regex' }),
        { http: {} },
      ],
    },
    [
      'spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified',
      'spec.rules[1].http.paths[0].path: Invalid value: "a": must be an absolute path',
      'spec.rules[2].http.paths[0].path: Invalid value: "/a//b/..": must not contain \'//\'',
      'spec.rules[2].http.paths[0].path: Invalid value: "/a//b/..": cannot end with \'/..\'',
      'spec.rules[3].http.paths[0].path: Invalid value: "a": must be an absolute path',
      'spec.rules[4].http.paths[0].pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"',
      'spec.rules[5].http.paths: Required value',
    ],
  ],
  [
    { rules: [rule({}, { host: '10.0.0.1' })], tls: [{ hosts: ['*'] }] },
    [
      'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
      "spec.tls[0].hosts[0]: Invalid value: \"*\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    { defaultBackend: { service: { name: 'web', port: { name: 'http', number: 80 } } } },
    ['spec.defaultBackend: Invalid value: "": cannot set both port name & port number'],
  ],
  [
    { defaultBackend: { service: { name: '' } } },
    [
      'spec.defaultBackend.service.name: Required value',
      'spec.defaultBackend: Required value: port name or number is required',
    ],
  ],
  [{ defaultBackend: {} }, ['spec.defaultBackend: Invalid value: "": resource or service backend is required']],
  [
    { defaultBackend: { ...backend, resource: { kind: 'Bucket', name: 'a' } } },
    ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends'],
  ],
  [
    { defaultBackend: { resource: { kind: 'a/b' } } },
    [
      'spec.defaultBackend.resource.kind: Invalid value: "a/b": may not contain \'/\'',
      'spec.defaultBackend.resource.name: Required value',
    ],
  ],
];

test('ingresses are refused in the words of upstream', () => {
  for (const [spec, expected] of ingressCases) assert.deepEqual(refusals(ingress, web(spec)), expected);
});

test('the class of an ingress stands in one place', () => {
  const annotations = { 'kubernetes.io/ingress.class': 'nginx' };
  const old = { metadata: { name: 'web', annotations }, spec: { defaultBackend: backend } };
  assert.deepEqual(ingress.warnings!(old), [
    'annotation "kubernetes.io/ingress.class" is deprecated, please use \'spec.ingressClassName\' instead',
  ]);
  assert.deepEqual(ingress.warnings!(old, old), []);
  assert.deepEqual(refusals(ingress, { ...old, spec: { ...old.spec, ingressClassName: 'alb' } }), [
    'annotations.kubernetes.io/ingress.class: Invalid value: "nginx": must match `ingressClassName` when both are specified',
  ]);
});

test('the address of an ingress, and what kubectl shows', () => {
  const change = (object: any) => {
    object.status.loadBalancer.ingress = [{ ip: 'x' }, { hostname: '10.0.0.1' }];
  };
  assert.deepEqual(statusRefusals(ingress, web({ defaultBackend: backend }), change), [
    'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    'status.loadBalancer.ingress[1].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
  ]);
  const many = created(ingress, web({ rules: ['a', 'b', 'c', 'd'].map((host) => ({ host })), tls: [{}] }));
  many['status'] = { loadBalancer: { ingress: [{ ip: '10.0.0.1' }, { hostname: 'lb' }] } };
  assert.deepEqual(cells(ingress, many).slice(1, 5), ['<none>', 'a,b,c + 1 more...', '10.0.0.1,lb', '80, 443']);
});

test('ingress classes', () => {
  const nginx = { metadata: { name: 'nginx' }, spec: { controller: 'k8s.io/ingress-nginx' } };
  const parameters = (more: object) => ({
    spec: { controller: 'a.io/b', parameters: { kind: 'P', name: 'p', ...more } },
  });
  const cases: [ApiObject, string[]][] = [
    [nginx, []],
    [{ spec: {} }, ['spec.controller: Required value']],
    [
      { spec: { controller: 'nginx' } },
      ['spec.controller: Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    [parameters({}), []],
    [
      parameters({ scope: 'Namespace' }),
      ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
    ],
    [parameters({ namespace: 'a' }), ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"]],
  ];
  for (const [object, expected] of cases) assert.deepEqual(refusals(ingressClass, object), expected);
  const change = (object: any) => {
    object.spec.controller = 'other.io/a';
  };
  assert.deepEqual(changeRefusals(ingressClass, nginx, change), [
    'spec.controller: Invalid value: "other.io/a": field is immutable',
  ]);
  assert.deepEqual(cells(ingressClass, parameters({ apiGroup: 'x.io' })).slice(1, 3), ['a.io/b', 'P.x.io/p']);
});

const policy = (spec: object = {}) => ({ metadata: { name: 'p', namespace: 'default' }, spec });

test('a network policy is for what it has rules for', () => {
  const made = created(networkPolicy, policy({ egress: [{ ports: [{ port: 53 }] }] }))['spec'];
  assert.deepEqual(made.policyTypes, ['Ingress', 'Egress']);
  assert.deepEqual(made.egress, [{ ports: [{ port: 53, protocol: 'TCP' }] }]);
  assert.deepEqual(created(networkPolicy, policy())['spec'].policyTypes, ['Ingress']);
  assert.deepEqual(cells(networkPolicy, policy({ podSelector: { matchLabels: { a: 'b' } } }))[1], 'a=b');
});

const policyCases: [object, string[]][] = [
  [{ ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }] }, []],
  [
    { ingress: [{ from: [{}, { podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }] }] },
    [
      'spec.ingress[0].from[0]: Required value: must specify a peer',
      'spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another peer',
    ],
  ],
  [
    {
      egress: [
        {
          to: [
            { ipBlock: { cidr: 'a' } },
            { ipBlock: {} },
            { ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8', '11.0.0.0/16', 'fd00::/64'] } },
          ],
        },
      ],
    },
    [
      'spec.egress[0].to[0].ipBlock.cidr: Invalid value: "a": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      'spec.egress[0].to[1].ipBlock.cidr: Required value',
      ...['10.0.0.0/8', '11.0.0.0/16', 'fd00::/64'].map(
        (text, i) =>
          `spec.egress[0].to[2].ipBlock.except[${i}]: Invalid value: "${text}": must be a strict subset of \`cidr\``,
      ),
    ],
  ],
  [
    {
      ingress: [
        {
          ports: [
            { protocol: 'ICMP', port: 0 },
            { port: 90, endPort: 80 },
            { port: 'web', endPort: 80 },
            { endPort: 80 },
          ],
        },
      ],
      policyTypes: ['Both'],
    },
    [
      'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
      'spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ingress[0].ports[1].endPort: Invalid value: 80: must be greater than or equal to `port`',
      'spec.ingress[0].ports[2].endPort: Invalid value: 80: may not be specified when `port` is non-numeric',
      'spec.ingress[0].ports[3].endPort: Invalid value: 80: may not be specified when `port` is not specified',
      'spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"',
    ],
  ],
];

test('network policies are refused in the words of upstream', () => {
  for (const [spec, expected] of policyCases) assert.deepEqual(refusals(networkPolicy, policy(spec)), expected);
});
