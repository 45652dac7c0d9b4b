import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, PodSpec } from '@keelson/model/generated/types/core-v1.ts';
import { nodeOf, placementOn, specFor } from './placement.ts';

const containers = [{ name: 'main', image: 'i' }];
const nodeWith = (labels: Record<string, string>, taints: [string, string][] = []): Node => ({
  metadata: { name: 'n1', labels },
  spec: { taints: taints.map(([key, effect]) => ({ key, effect })) },
});
const affinity = (expressions: object[], fields: object[] = []): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: expressions as any, matchFields: fields as any }],
      },
    },
  },
});

const table: readonly (readonly [string, Node, Partial<PodSpec>, boolean, boolean])[] = [
  ['any node', nodeWith({}), {}, true, true],
  ['another name', nodeWith({}), { nodeName: 'n2' }, false, false],
  ['selector met', nodeWith({ a: '1' }), { nodeSelector: { a: '1' } }, true, true],
  ['selector not met', nodeWith({ a: '2' }), { nodeSelector: { a: '1' } }, false, false],
  ['In', nodeWith({ a: '2' }), affinity([{ key: 'a', operator: 'In', values: ['1', '2'] }]), true, true],
  ['NotIn', nodeWith({ a: '2' }), affinity([{ key: 'a', operator: 'NotIn', values: ['2'] }]), false, false],
  ['Exists', nodeWith({}), affinity([{ key: 'a', operator: 'Exists' }]), false, false],
  ['DoesNotExist', nodeWith({}), affinity([{ key: 'a', operator: 'DoesNotExist' }]), true, true],
  ['Gt', nodeWith({ a: '5' }), affinity([{ key: 'a', operator: 'Gt', values: ['4'] }]), true, true],
  ['Lt', nodeWith({ a: '5' }), affinity([{ key: 'a', operator: 'Lt', values: ['4'] }]), false, false],
  ['by field', nodeWith({}), affinity([], [{ key: 'metadata.name', operator: 'In', values: ['n1'] }]), true, true],
  ['an empty term', nodeWith({}), affinity([]), false, false],
  ['NoSchedule', nodeWith({}, [['full', 'NoSchedule']]), {}, false, true],
  ['NoExecute', nodeWith({}, [['drain', 'NoExecute']]), {}, false, false],
  ['PreferNoSchedule', nodeWith({}, [['busy', 'PreferNoSchedule']]), {}, true, true],
  ['tolerated', nodeWith({}, [['drain', 'NoExecute']]), { tolerations: [{ operator: 'Exists' }] }, true, true],
  ['not ready', nodeWith({}, [['node.kubernetes.io/not-ready', 'NoExecute']]), {}, true, true],
  ['a new node', nodeWith({}, [['node.kubernetes.io/not-ready', 'NoSchedule']]), {}, false, true],
];

for (const [name, node, spec, run, stay] of table)
  test(`${name}: ${run ? 'runs' : stay ? 'may stay' : 'does not run'}`, () => {
    assert.deepEqual(placementOn(node, { containers, ...spec }), { run, stay });
  });

test('a daemon pod is tied to its node and to nothing else', () => {
  const spec = specFor({ containers, ...affinity([{ key: 'a', operator: 'Exists' }]) }, 'n7');
  assert.equal(nodeOf({ spec }), 'n7');
  const terms = spec.affinity!.nodeAffinity!.requiredDuringSchedulingIgnoredDuringExecution!.nodeSelectorTerms;
  assert.deepEqual(terms, [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n7'] }] }]);
});
