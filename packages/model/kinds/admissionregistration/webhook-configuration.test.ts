import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeRefusals, created, refusals } from '../testing/refusals.ts';
import { mutatingWebhookConfiguration as strategy } from './mutating-webhook-configuration/index.ts';

const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const hook = {
  name: 'pods.example.com',
  clientConfig: { url: 'https://example.com/hook' },
  rules: [rule],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
const configuration = (...hooks: object[]) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'c' },
  webhooks: hooks,
});
const at = 'webhooks[0].';

const cases: [string, object, string[]][] = [
  ['nothing wrong', {}, []],
  ['no name', { name: '' }, [`${at}name: Required value`]],
  [
    'a short name',
    { name: 'example.com' },
    [`${at}name: Invalid value: "example.com": should be a domain with at least three segments separated by dots`],
  ],
  [
    'no address',
    { clientConfig: {} },
    [`${at}clientConfig: Required value: exactly one of url or service is required`],
  ],
  [
    'plain HTTP',
    { clientConfig: { url: 'http://a' } },
    [
      `${at}clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    ],
  ],
  [
    'more than a host and a path',
    { clientConfig: { url: 'https://u@a/p?q=1#f' } },
    [
      `${at}clientConfig.url: Invalid value: "u": user information is not permitted in the URL`,
      `${at}clientConfig.url: Invalid value: "f": fragments are not permitted in the URL`,
      `${at}clientConfig.url: Invalid value: "q=1": query parameters are not permitted in the URL`,
    ],
  ],
  [
    'a Service without names',
    { clientConfig: { service: { path: '//x', port: 0 } } },
    [
      `${at}clientConfig.service.name: Required value: service name is required`,
      `${at}clientConfig.service.namespace: Required value: service namespace is required`,
      `${at}clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive`,
      `${at}clientConfig.service.path: Invalid value: "//x": segment[0] may not be empty`,
    ],
  ],
  [
    'a relative path',
    { clientConfig: { service: { name: 'a', namespace: 'b', path: 'x' } } },
    [
      `${at}clientConfig.service.path: Invalid value: "x": must start with a '/'`,
      `${at}clientConfig.service.path: Invalid value: "x": segment[0] may not be empty`,
    ],
  ],
  [
    'side effects',
    { sideEffects: 'Some' },
    [`${at}sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"`],
  ],
  [
    'no word on side effects',
    { sideEffects: '' },
    [`${at}sideEffects: Required value: must specify one of None, NoneOnDryRun`],
  ],
  [
    'patience',
    { timeoutSeconds: 31 },
    [`${at}timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds`],
  ],
  [
    'policies',
    { failurePolicy: 'Maybe', matchPolicy: 'Some', reinvocationPolicy: 'Always' },
    [
      `${at}failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"`,
      `${at}matchPolicy: Unsupported value: "Some": supported values: "Equivalent", "Exact"`,
      `${at}reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"`,
    ],
  ],
  [
    'no versions',
    { admissionReviewVersions: [] },
    [`${at}admissionReviewVersions: Required value: must specify one of v1, v1beta1`],
  ],
  [
    'unknown versions',
    { admissionReviewVersions: ['v2', 'v2'] },
    [
      `${at}admissionReviewVersions[1]: Invalid value: "v2": duplicate version`,
      `${at}admissionReviewVersions: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1`,
    ],
  ],
  [
    'an empty rule',
    { rules: [{}] },
    ['operations', 'apiGroups', 'apiVersions', 'resources'].map((name) => `${at}rules[0].${name}: Required value`),
  ],
  [
    'stars beside others',
    {
      rules: [
        {
          operations: ['*', 'CREATE'],
          apiGroups: ['*', 'a'],
          apiVersions: ['*', 'v1'],
          resources: ['*', 'pods'],
          scope: 'Some',
        },
      ],
    },
    [
      `${at}rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
      `${at}rules[0].apiGroups: Invalid value: ["*","a"]: if '*' is present, must not specify other API groups`,
      `${at}rules[0].apiVersions: Invalid value: ["*","v1"]: if '*' is present, must not specify other API versions`,
      `${at}rules[0].resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources without subresources`,
      `${at}rules[0].scope: Unsupported value: "Some": supported values: "*", "Cluster", "Namespaced"`,
    ],
  ],
  [
    'sub-resources twice',
    { rules: [{ ...rule, resources: ['pods/*', 'pods/log', '*/scale', 'a/scale'] }] },
    [
      `${at}rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
      `${at}rules[0].resources[3]: Invalid value: "a/scale": if '*/scale' is present, must not specify a/scale`,
    ],
  ],
  [
    'conditions',
    {
      matchConditions: [
        { name: 'a', expression: ' ' },
        { name: 'a', expression: 'true' },
      ],
    },
    [`${at}matchConditions[0].expression: Required value`, `${at}matchConditions[1].name: Duplicate value: "a"`],
  ],
  [
    'selectors',
    { objectSelector: { matchExpressions: [{ key: 'a', operator: 'Is' }] } },
    [`${at}objectSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator`],
  ],
];

for (const [title, change, expected] of cases)
  test(`webhook: ${title}`, () =>
    assert.deepEqual(refusals(strategy, configuration({ ...hook, ...change })), expected));

test('names are used once, and what was wrong before may stay', () => {
  const [twice, effects] = [configuration(hook, hook), configuration({ ...hook, sideEffects: 'Unknown' })];
  assert.deepEqual(refusals(strategy, twice), ['webhooks[1].name: Duplicate value: "pods.example.com"']);
  const touch = (object: any) => {
    object.metadata.labels = { a: 'b' };
  };
  assert.deepEqual(changeRefusals(strategy, twice, touch), []);
  assert.deepEqual(changeRefusals(strategy, effects, touch), []);
});

test('defaults', () => {
  const service = { name: 'a', namespace: 'b' };
  const [made] = created(strategy, configuration({ ...structuredClone(hook), clientConfig: { service } }))['webhooks'];
  assert.deepEqual(
    [made.failurePolicy, made.matchPolicy, made.timeoutSeconds, made.reinvocationPolicy, made.rules[0].scope],
    ['Fail', 'Equivalent', 10, 'Never', '*'],
  );
  assert.equal(made.clientConfig.service.port, 443);
  assert.deepEqual([made.namespaceSelector, made.objectSelector], [{}, {}]);
});
