import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueFor } from '@keelson/model';
import type { AdmissionRequest } from '../contract.ts';
import { MemoryReader } from '../memory-reader.ts';
import { writeRequest } from '../test-requests.ts';
import {
  compileConstraints,
  isAdmissionConfiguration,
  type MatchConstraints,
  RequestMatcher,
} from './match-request.ts';
import type { Rule } from './rule.ts';

const catalogue = catalogueFor(35);
const reader = new MemoryReader();
reader.put('', 'namespaces', { metadata: { name: 'team', labels: { tier: 'gold' } } });
const matcher = new RequestMatcher({ catalogue, reader });

function ask(what: string, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const made = writeRequest(what, more);
  const { group, resource } = made.resource;
  return { ...made, resource: catalogue.find(group, more.resource?.version ?? 'v1', resource)! };
}

const pods: Rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const pod = { object: { metadata: { name: 'p', namespace: 'team', labels: { app: 'a' } } } };
const all: Rule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] };

const cases: [string, Partial<MatchConstraints> & { rules: readonly Rule[] }, AdmissionRequest, boolean][] = [
  ['the very thing', { rules: [pods] }, ask('CREATE pods', pod), true],
  ['another operation', { rules: [pods] }, ask('UPDATE pods', pod), false],
  ['a sub-resource', { rules: [pods] }, ask('CREATE pods/binding', pod), false],
  ['any sub-resource', { rules: [{ ...pods, resources: ['pods/*'] }] }, ask('CREATE pods/binding', pod), true],
  [
    'a sub-resource of anything',
    { rules: [{ ...all, resources: ['*/binding'] }] },
    ask('CREATE pods/binding', pod),
    true,
  ],
  ['a star is no sub-resource', { rules: [{ ...all, resources: ['*'] }] }, ask('CREATE pods/binding', pod), false],
  ['everything', { rules: [all] }, ask('DELETE pods', pod), true],
  ['no rules', { rules: [] }, ask('CREATE pods', pod), false],
  ['another group', { rules: [{ ...pods, apiGroups: ['apps'] }] }, ask('CREATE pods', pod), false],
  ['cluster scope', { rules: [{ ...pods, scope: 'Cluster' }] }, ask('CREATE pods', pod), false],
  ['namespaced scope', { rules: [{ ...pods, scope: 'Namespaced' }] }, ask('CREATE pods', pod), true],
  ['nodes in cluster scope', { rules: [{ ...all, scope: 'Cluster' }] }, ask('CREATE nodes'), true],
  [
    'a namespace in cluster scope',
    { rules: [{ ...all, scope: 'Cluster' }] },
    ask('DELETE namespaces', { name: 'team' }),
    true,
  ],
  ['a name', { rules: [{ ...pods, resourceNames: ['p'] }] }, ask('CREATE pods', pod), true],
  ['another name', { rules: [{ ...pods, resourceNames: ['q'] }] }, ask('CREATE pods', pod), false],
  ['excluded', { rules: [all], excludeRules: [pods] }, ask('CREATE pods', pod), false],
  ['a selected object', { rules: [all], objectSelector: { matchLabels: { app: 'a' } } }, ask('CREATE pods', pod), true],
  [
    'an object of before',
    { rules: [all], objectSelector: { matchLabels: { app: 'a' } } },
    ask('DELETE pods', { previous: pod.object }),
    true,
  ],
  ['no such object', { rules: [all], objectSelector: { matchLabels: { app: 'b' } } }, ask('CREATE pods', pod), false],
  [
    'a selected namespace',
    { rules: [all], namespaceSelector: { matchLabels: { tier: 'gold' } } },
    ask('CREATE pods', pod),
    true,
  ],
  [
    'another namespace',
    { rules: [all], namespaceSelector: { matchLabels: { tier: 'tin' } } },
    ask('CREATE pods', pod),
    false,
  ],
  [
    'no namespace at all',
    { rules: [all], namespaceSelector: { matchLabels: { tier: 'tin' } } },
    ask('CREATE nodes'),
    true,
  ],
  [
    'a namespace by its own labels',
    { rules: [all], namespaceSelector: { matchLabels: { tier: 'tin' } } },
    ask('UPDATE namespaces', { name: 'team', object: { metadata: { name: 'team', labels: { tier: 'tin' } } } }),
    true,
  ],
  [
    'a namespace that is deleted',
    { rules: [all], namespaceSelector: { matchLabels: { tier: 'gold' } } },
    ask('DELETE namespaces', { name: 'team' }),
    true,
  ],
];

for (const [title, constraints, request, expected] of cases) {
  test(`matching: ${title}`, () => {
    const match = matcher.match(compileConstraints(constraints), request);
    assert.equal(match !== undefined, expected);
    if (match) assert.equal(match.kind.kind, request.resource.kind);
  });
}

test('equivalent resources are matched as what the rule names', () => {
  const rule: Rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['events'] };
  const resource = catalogue.find('events.k8s.io', 'v1', 'events')!;
  const request = { ...writeRequest('CREATE events.events.k8s.io'), resource, namespace: 'team' };
  assert.equal(matcher.match(compileConstraints({ rules: [rule], matchPolicy: 'Exact' }), request), undefined);
  const match = matcher.match(compileConstraints({ rules: [rule] }), request);
  assert.deepEqual(match?.kind, { group: '', version: 'v1', kind: 'Event' });
  assert.equal(match?.resource.group, '');
});

test('a namespace that is not there is told only to who asks for its labels', () => {
  const request = ask('CREATE pods', { object: { metadata: { name: 'p', namespace: 'gone' } } });
  assert.ok(matcher.match(compileConstraints({ rules: [all] }), request));
  assert.throws(
    () => matcher.match(compileConstraints({ rules: [all], namespaceSelector: { matchLabels: { a: 'b' } } }), request),
    /^AdmissionError: namespaces "gone" not found$/,
  );
});

test('what configures admission is known', () => {
  const of = (resource: string, group = 'admissionregistration.k8s.io') =>
    isAdmissionConfiguration(writeRequest(`CREATE ${resource}.${group}`));
  assert.equal(of('validatingadmissionpolicies'), true);
  assert.equal(of('mutatingwebhookconfigurations'), true);
  assert.equal(of('mutatingwebhookconfigurations', 'example.com'), false);
});
