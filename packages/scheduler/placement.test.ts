import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '@keelson/base';
import type { Node, Pod, PodSpec, Taint } from '@keelson/model/generated/types/core-v1.ts';
import { ClusterSnapshot } from './cluster-snapshot.ts';
import { defaultPlugins } from './default-plugins.ts';
import { failureMessage } from './failure-message.ts';
import type { LabelTest } from './label-requirements.ts';
import { feasibleNodesWanted, Placer } from './placement.ts';
import { podFacts } from './pod-facts.ts';
import { planPreemption } from './preemption.ts';

interface NodeShape {
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly more?: Record<string, string>;
  readonly labels?: Record<string, string>;
  readonly taints?: Taint[];
  readonly unschedulable?: boolean;
}

function node(name: string, shape: NodeShape = {}): Node {
  const { cpu = '4', memory = '8Gi', pods = '110', more } = shape;
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...shape.labels } },
    spec: { taints: shape.taints, unschedulable: shape.unschedulable },
    status: { allocatable: { cpu, memory, pods, ...more } },
  };
}

let made = 0;
function pod(spec: Partial<PodSpec> = {}, labels: Record<string, string> = {}): Pod {
  const name = `p${made++}`;
  return {
    metadata: { name, namespace: 'default', uid: name, labels, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
  };
}

function asking(requests: Record<string, string>): Partial<PodSpec> {
  return { containers: [{ name: 'c', image: 'nginx', resources: { requests } }] };
}

function cluster(nodes: readonly Node[], pods: readonly Pod[] = []): ClusterSnapshot {
  const snapshot = new ClusterSnapshot();
  for (const one of nodes) snapshot.setNode(one);
  for (const one of pods) snapshot.setPod(podFacts(one));
  return snapshot;
}

function placer(siblings?: LabelTest, minor = 36): Placer {
  return new Placer(
    defaultPlugins(minor, () => siblings),
    new SeededRandom(1),
  );
}

function whyNot(snapshot: ClusterSnapshot, waiting: Pod, minor = 36): string {
  const placement = placer(undefined, minor).place(podFacts(waiting), snapshot);
  assert.equal(placement.node, undefined);
  return failureMessage(placement.failure, '', minor);
}

const zoned = (zone: string): Record<string, string> => ({ 'topology.kubernetes.io/zone': zone });
const appIs = (app: string) => ({ matchLabels: { app } });

const refusals: [string, Node[], Pod[], Partial<PodSpec>, string][] = [
  ['cpu', [node('a', { cpu: '1' }), node('b', { cpu: '1' })], [], asking({ cpu: '1001m' }), '2 Insufficient cpu'],
  [
    'several',
    [node('a', { cpu: '1', memory: '1Gi' })],
    [],
    asking({ cpu: '2', memory: '2Gi' }),
    '1 Insufficient cpu, 1 Insufficient memory',
  ],
  ['extended', [node('a')], [], asking({ 'nvidia.com/gpu': '1' }), '1 Insufficient nvidia.com/gpu'],
  ['pods', [node('a', { pods: '1' })], [pod({ nodeName: 'a' })], {}, '1 Too many pods'],
  [
    'taken',
    [node('a', { cpu: '1' })],
    [pod({ nodeName: 'a', ...asking({ cpu: '600m' }) })],
    asking({ cpu: '500m' }),
    '1 Insufficient cpu',
  ],
  ['cordon', [node('a', { unschedulable: true })], [], {}, '1 node(s) were unschedulable'],
  [
    'taint',
    [node('a', { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] }), node('b', { cpu: '1' })],
    [],
    asking({ cpu: '2' }),
    '1 Insufficient cpu, 1 node(s) had untolerated taint(s)',
  ],
  [
    'selector',
    [node('a')],
    [],
    { nodeSelector: { disk: 'ssd' } },
    "1 node(s) didn't match Pod's node affinity/selector",
  ],
  [
    'ports',
    [node('a')],
    [pod({ nodeName: 'a', containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] })],
    { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' }] }] },
    "1 node(s) didn't have free ports for the requested pod ports",
  ],
  [
    'spread',
    [node('a', { labels: zoned('z1') }), node('b', { labels: zoned('z2'), unschedulable: true })],
    [pod({ nodeName: 'a' }, { app: 'x' })],
    {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: appIs('x'),
        },
      ],
    },
    "1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable",
  ],
  [
    'no zone',
    [node('a')],
    [],
    {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: appIs('x'),
        },
      ],
    },
    "1 node(s) didn't match pod topology spread constraints (missing required label)",
  ],
  [
    'affinity',
    [node('a')],
    [],
    {
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: appIs('db') },
          ],
        },
      },
    },
    "1 node(s) didn't match pod affinity rules",
  ],
  [
    'anti-affinity',
    [node('a')],
    [pod({ nodeName: 'a' }, { app: 'x' })],
    {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: appIs('x') },
          ],
        },
      },
    },
    "1 node(s) didn't match pod anti-affinity rules",
  ],
];

for (const [title, nodes, pods, spec, reasons] of refusals)
  test(`a pod that no node takes is told why: ${title}`, () => {
    const expected = `0/${nodes.length} nodes are available: ${reasons}.`;
    assert.equal(whyNot(cluster(nodes, pods), pod(spec, { app: 'x' })), expected);
  });

test('a pod is kept away by the anti-affinity of one that stands there', () => {
  const loner = pod(
    {
      nodeName: 'a',
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: appIs('x') },
          ],
        },
      },
    },
    { app: 'y' },
  );
  const message = whyNot(cluster([node('a')], [loner]), pod({}, { app: 'x' }));
  assert.equal(message, "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.");
});

test('an empty cluster and an older minor have words of their own', () => {
  assert.equal(whyNot(cluster([]), pod()), 'no nodes available to schedule pods');
  const tainted = cluster([node('a', { taints: [{ key: 'k', value: 'v', effect: 'NoExecute' }] })]);
  assert.equal(whyNot(tainted, pod(), 33), '0/1 nodes are available: 1 node(s) had untolerated taint {k: v}.');
});

test('tolerations, selectors and affinity let a pod in where they hold', () => {
  const nodes = [
    node('plain'),
    node('gpu', { labels: { gpu: 'yes', size: '10' }, taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] }),
  ];
  const wanted = pod({
    tolerations: [{ key: 'gpu', operator: 'Exists' }],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'none', operator: 'Exists' }] },
            {
              matchExpressions: [
                { key: 'size', operator: 'Gt', values: ['9'] },
                { key: 'gpu', operator: 'In', values: ['yes'] },
              ],
            },
          ],
        },
      },
    },
  });
  assert.equal(placer().place(podFacts(wanted), cluster(nodes)).node, 'gpu');
});

test('pods of a workload are spread over zones and hosts, the empty zone first', () => {
  const snapshot = cluster([
    node('a1', { labels: zoned('a') }),
    node('a2', { labels: zoned('a') }),
    node('b1', { labels: zoned('b') }),
    node('c1', { labels: zoned('c') }),
  ]);
  const siblings: LabelTest = (labels) => labels['app'] === 'x';
  const zones: string[] = [];
  const place = placer(siblings);
  for (let count = 0; count < 3; count++) {
    const one = podFacts(pod({}, { app: 'x' }));
    const { node: chosen } = place.place(one, snapshot);
    zones.push(chosen![0]!);
    snapshot.setPod({ ...one, nodeName: chosen! });
  }
  assert.deepEqual(zones.sort(), ['a', 'b', 'c']);
});

test('the emptier node is taken, and the preferred one before it', () => {
  const snapshot = cluster(
    [node('full'), node('empty')],
    [pod({ nodeName: 'full', ...asking({ cpu: '3', memory: '6Gi' }) })],
  );
  assert.equal(placer().place(podFacts(pod(asking({ cpu: '100m' }))), snapshot).node, 'empty');
  const preferring = pod({
    ...asking({ cpu: '100m' }),
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 100, preference: { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['full'] }] } },
        ],
      },
    },
  });
  assert.equal(placer().place(podFacts(preferring), snapshot).node, 'full');
});

test('pods that want to stand together do, and the first of them may start anywhere', () => {
  const snapshot = cluster([node('a', { labels: zoned('1') }), node('b', { labels: zoned('2') })]);
  const together = (): Pod =>
    pod(
      {
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'topology.kubernetes.io/zone', labelSelector: appIs('g') },
            ],
          },
        },
      },
      { app: 'g' },
    );
  const place = placer();
  const nodes = new Set<string>();
  for (let count = 0; count < 4; count++) {
    const one = podFacts(together());
    const chosen = place.place(one, snapshot).node!;
    nodes.add(chosen);
    snapshot.setPod({ ...one, nodeName: chosen });
  }
  assert.equal(nodes.size, 1);
});

test('removing pods and nodes gives back exactly what they took', () => {
  const snapshot = cluster([node('a', { cpu: '1' })]);
  const big = podFacts(pod({ nodeName: 'a', ...asking({ cpu: '1' }) }));
  snapshot.setPod(big);
  snapshot.removeNode('a');
  snapshot.removePod(big.key);
  snapshot.setNode(node('b', { cpu: '1' }));
  assert.equal(snapshot.table.size, 1, 'the slot is used again');
  assert.equal(placer().place(podFacts(pod(asking({ cpu: '1' }))), snapshot).node, 'b');
});

test('preemption takes the fewest and least important, and spares a budget', () => {
  const victim = (name: string, priority: number, cpu: string, app: string): Pod => {
    const one = pod({ nodeName: name, priority, ...asking({ cpu }) }, { app });
    return one;
  };
  const snapshot = cluster(
    [node('a', { cpu: '2' }), node('b', { cpu: '2' }), node('c', { cpu: '2', unschedulable: true })],
    [victim('a', 10, '1', 'guarded'), victim('a', 0, '1', 'free'), victim('b', 5, '2', 'free')],
  );
  const urgent = podFacts(pod({ priority: 100, ...asking({ cpu: '1' }) }));
  const place = placer();
  const placement = place.place(urgent, snapshot);
  assert.equal(placement.node, undefined);
  const outcome = planPreemption(urgent, '', placement.failure, snapshot, place, []);
  assert.equal(outcome.plan?.node, 'a');
  assert.deepEqual(
    outcome.plan.victims.map(({ priority }) => priority),
    [0],
  );
  const low = podFacts(pod({ priority: 0, ...asking({ cpu: '1' }) }));
  const refused = place.place(low, snapshot);
  assert.equal(refused.node, undefined);
  const none = planPreemption(low, '', refused.failure, snapshot, place, []);
  assert.equal(none.plan, undefined);
  assert.equal(
    failureMessage(refused.failure, none.message, 36),
    '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. no new claims to deallocate, preemption: ' +
      '0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.',
  );
});

test('on big clusters only a share of the nodes is searched', () => {
  assert.deepEqual([1, 100, 500, 5000, 20_000].map(feasibleNodesWanted), [1, 100, 230, 500, 1000]);
});
