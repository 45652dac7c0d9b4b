import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableOf } from '../../table/table.ts';
import { created, lines, refusals } from '../testing/refusals.ts';
import {
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from './bootstrap-configuration.ts';
import { flowSchema } from './flow-schema/index.ts';
import { priorityLevelConfiguration } from './priority-level-configuration/index.ts';

const now = Date.parse('2026-01-01T01:00:00Z');

test('what the server itself suggests is valid, and complete as it stands', () => {
  for (const [strategy, objects] of [
    [flowSchema, [...mandatoryFlowSchemas, ...suggestedFlowSchemas]],
    [priorityLevelConfiguration, [...mandatoryPriorityLevels, ...suggestedPriorityLevels]],
  ] as const) {
    for (const object of objects) {
      assert.deepEqual(refusals(strategy, object), []);
      assert.deepEqual(created(strategy, object)['spec'], object['spec']);
    }
  }
});

test('mandatory objects cannot be changed, but for the seats of the exempt level', () => {
  const catchAll = structuredClone(mandatoryFlowSchemas[1]!);
  catchAll['spec'].matchingPrecedence = 9999;
  assert.match(
    lines(flowSchema.validateUpdate!(catchAll, catchAll))[0]!,
    /spec of 'catch-all' must equal the fixed value$/,
  );
  const exempt = structuredClone(mandatoryPriorityLevels[1]!);
  exempt['spec'].exempt = { nominalConcurrencyShares: 10, lendablePercent: 50 };
  assert.deepEqual(lines(priorityLevelConfiguration.validateUpdate!(exempt, exempt)), []);
});

test('flow schemas', () => {
  const metadata = { name: 'a' };
  assert.deepEqual(refusals(flowSchema, { metadata, spec: {} }), [
    'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
  ]);
  const spec = {
    priorityLevelConfiguration: { name: 'B_' },
    matchingPrecedence: 1,
    distinguisherMethod: { type: 'ByMoon' },
    rules: [
      { subjects: [], resourceRules: [], nonResourceRules: [] },
      {
        subjects: [
          { kind: 'User', group: { name: 'x' } },
          { kind: 'ServiceAccount', serviceAccount: { name: '*' } },
          { kind: 'Moon' },
        ],
        resourceRules: [{ verbs: ['get', '*'], apiGroups: ['*', 'a'], resources: [], namespaces: ['Bad'] }],
        nonResourceRules: [{ verbs: ['fly'], nonResourceURLs: ['x', '/a b', '/a//b', '/*/b', '/ok/*'] }],
      },
    ],
  };
  const label =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
  const found = refusals(flowSchema, { metadata, spec });
  assert.deepEqual(
    found.filter((line) => !line.startsWith('spec.priorityLevelConfiguration')),
    [
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
      'spec.distinguisherMethod.type: Unsupported value: {"type":"ByMoon"}: supported values: "ByNamespace", "ByUser"',
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
      "spec.rules[1].subjects[0].user: Required value: user is required when subject kind is 'User'",
      "spec.rules[1].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
      'spec.rules[1].subjects[1].serviceAccount.namespace: Required value: must specify namespace for service account',
      'spec.rules[1].subjects[2].kind: Unsupported value: "Moon": supported values: "Group", "ServiceAccount", "User"',
      `spec.rules[1].resourceRules[0].verbs: Invalid value: ["get","*"]: if '*' is present, must not specify other verbs`,
      `spec.rules[1].resourceRules[0].apiGroups: Invalid value: ["*","a"]: if '*' is present, must not specify other api groups`,
      'spec.rules[1].resourceRules[0].resources: Required value: resource rules must supply at least one resource',
      `spec.rules[1].resourceRules[0].namespaces[0]: Invalid value: "Bad": each member of this list must be '*' or a DNS-1123 label; ${label}`,
      'spec.rules[1].nonResourceRules[0].verbs: Unsupported value: ["fly"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
      'spec.rules[1].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "x": must start with slash',
      'spec.rules[1].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/a b": must not contain white-space',
      'spec.rules[1].nonResourceRules[0].nonResourceURLs[2]: Invalid value: "/a//b": must not contain double slash',
      'spec.rules[1].nonResourceRules[0].nonResourceURLs[3]: Invalid value: "/*/b": wildcard can only do suffix matching',
    ],
  );
});

test('priority levels', () => {
  const metadata = { name: 'a' };
  const limited = (change: object) => ({ metadata, spec: { type: 'Limited', limited: change } });
  const queuing = (change: object) => limited({ limitResponse: { type: 'Queue', queuing: change } });
  const at = 'spec.limited.limitResponse';
  const cases: [object, string[]][] = [
    [
      { metadata, spec: { type: 'Exempt', exempt: {} } },
      [`spec.type: Invalid value: "Exempt": type must be 'Exempt' if and only if name is 'exempt'`],
    ],
    [{ metadata, spec: { type: 'Limited' } }, ['spec.limited: Required value: must not be empty when type is Limited']],
    [limited({}), [`${at}.type: Unsupported value: "": supported values: "Queue", "Reject"`]],
    [
      limited({
        nominalConcurrencyShares: -1,
        lendablePercent: 101,
        borrowingLimitPercent: -1,
        limitResponse: { type: 'Reject', queuing: {} },
      }),
      [
        'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
        `${at}.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited`,
        'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
        'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
      ],
    ],
    [queuing({}), []],
    [queuing({ queues: 4 }), [`${at}.queuing.handSize: Invalid value: 8: should not be greater than queues (4)`]],
    [
      queuing({ queues: 1024, handSize: 7, queueLengthLimit: -1 }),
      [
        `${at}.queuing.queueLengthLimit: Invalid value: -1: must be positive`,
        `${at}.queuing.handSize: Invalid value: 7: required entropy bits of deckSize 1024 and handSize 7 should not be greater than 60`,
      ],
    ],
  ];
  for (const [object, expected] of cases) assert.deepEqual(refusals(priorityLevelConfiguration, object), expected);
});

test('tables', () => {
  const cells = (strategy: typeof flowSchema, object: any) => tableOf({ strategy }, [object], { now }).rows[0]!.cells;
  assert.deepEqual(cells(flowSchema, suggestedFlowSchemas[0]), ['probes', 'exempt', 2, '<none>', '<unknown>', '?']);
  assert.deepEqual(cells(priorityLevelConfiguration, suggestedPriorityLevels[0]), [
    'system',
    'Limited',
    30,
    64,
    6,
    50,
    '<unknown>',
  ]);
  assert.deepEqual(cells(priorityLevelConfiguration, mandatoryPriorityLevels[1]).slice(2, 6), [
    '<none>',
    '<none>',
    '<none>',
    '<none>',
  ]);
});
