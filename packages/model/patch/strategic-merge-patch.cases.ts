/** Input and output of strategic merge patches, as upstream's API server answers them. */
export interface PatchCase {
  readonly name: string;
  readonly type: string;
  readonly original: object;
  readonly patch: unknown;
  readonly result?: object;
  readonly error?: string;
}

const podSpec = 'core/v1.PodSpec';
const container = 'core/v1.Container';
const podMeta = 'meta/v1.ObjectMeta';

export const strategicMergePatchCases: readonly PatchCase[] = [
  {
    name: 'a container is merged by its name',
    type: podSpec,
    original: { containers: [{ name: 'a', image: 'a:1', args: ['x'] }, { name: 'b' }] },
    patch: { containers: [{ name: 'a', image: 'a:2' }] },
    result: { containers: [{ name: 'a', image: 'a:2', args: ['x'] }, { name: 'b' }] },
  },
  {
    name: 'a new container comes before those that the patch does not name',
    type: podSpec,
    original: { containers: [{ name: 'a' }] },
    patch: { containers: [{ name: 'b', image: 'b:1' }] },
    result: { containers: [{ name: 'b', image: 'b:1' }, { name: 'a' }] },
  },
  {
    name: 'a container is deleted by a directive',
    type: podSpec,
    original: { containers: [{ name: 'a' }, { name: 'b' }] },
    patch: { containers: [{ name: 'a', $patch: 'delete' }] },
    result: { containers: [{ name: 'b' }] },
  },
  {
    name: 'a list is replaced by a directive among its elements',
    type: podSpec,
    original: { containers: [{ name: 'a' }, { name: 'b' }] },
    patch: { containers: [{ name: 'c' }, { $patch: 'replace' }] },
    result: { containers: [{ name: 'c' }] },
  },
  {
    name: 'ports are merged by containerPort',
    type: container,
    original: { name: 'a', ports: [{ containerPort: 80, name: 'web' }, { containerPort: 443 }] },
    patch: { ports: [{ containerPort: 80, name: 'http' }] },
    result: { name: 'a', ports: [{ containerPort: 80, name: 'http' }, { containerPort: 443 }] },
  },
  {
    name: 'service ports are merged by port',
    type: 'core/v1.ServiceSpec',
    original: { ports: [{ port: 80, nodePort: 30080 }] },
    patch: { ports: [{ port: 80, targetPort: 'web' }] },
    result: { ports: [{ port: 80, nodePort: 30080, targetPort: 'web' }] },
  },
  {
    name: 'env is merged by name and null removes a field of an element',
    type: container,
    original: {
      name: 'a',
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    },
    patch: { env: [{ name: 'A', value: null, valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] },
    result: {
      name: 'a',
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        { name: 'B', value: '2' },
      ],
    },
  },
  {
    name: 'args have no strategy: they are replaced',
    type: container,
    original: { name: 'a', args: ['1', '2'] },
    patch: { args: ['3'] },
    result: { name: 'a', args: ['3'] },
  },
  {
    name: 'a volume changes its source with retainKeys',
    type: podSpec,
    original: { volumes: [{ name: 'v', emptyDir: {} }] },
    patch: { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] },
    result: { volumes: [{ name: 'v', configMap: { name: 'c' } }] },
  },
  {
    name: 'retainKeys has to name what the patch sets',
    type: podSpec,
    original: { volumes: [{ name: 'v', emptyDir: {} }] },
    patch: { volumes: [{ name: 'v', $retainKeys: ['name'], configMap: { name: 'c' } }] },
    error: 'invalid patch format of retainKeys',
  },
  {
    name: 'the strategy of a deployment is changed with retainKeys',
    type: 'apps/v1.DeploymentSpec',
    original: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
    patch: { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    result: { strategy: { type: 'Recreate' } },
  },
  {
    name: 'tolerations are atomic',
    type: podSpec,
    original: { tolerations: [{ key: 'a' }, { key: 'b' }] },
    patch: { tolerations: [{ key: 'c' }] },
    result: { tolerations: [{ key: 'c' }] },
  },
  {
    name: 'finalizers are merged as a set, those of the patch first',
    type: podMeta,
    original: { finalizers: ['a', 'b'] },
    patch: { finalizers: ['c', 'a'] },
    result: { finalizers: ['c', 'a', 'b'] },
  },
  {
    name: 'finalizers are deleted by a list beside',
    type: podMeta,
    original: { finalizers: ['a', 'b', 'c'] },
    patch: { '$deleteFromPrimitiveList/finalizers': ['b'] },
    result: { finalizers: ['a', 'c'] },
  },
  {
    name: 'deleting from a list that is not there does nothing',
    type: podMeta,
    original: { name: 'x' },
    patch: { '$deleteFromPrimitiveList/finalizers': ['b'] },
    result: { name: 'x' },
  },
  {
    name: 'finalizers are ordered by setElementOrder',
    type: podMeta,
    original: { finalizers: ['a', 'b'] },
    patch: { '$setElementOrder/finalizers': ['b', 'c', 'a'], finalizers: ['c'] },
    result: { finalizers: ['b', 'c', 'a'] },
  },
  {
    name: 'labels are merged and null removes one',
    type: podMeta,
    original: { labels: { a: '1', b: '2' } },
    patch: { labels: { b: null, c: '3' } },
    result: { labels: { a: '1', c: '3' } },
  },
  {
    name: 'a map is replaced by a directive',
    type: podMeta,
    original: { labels: { a: '1', b: '2' } },
    patch: { labels: { $patch: 'replace', c: '3' } },
    result: { labels: { c: '3' } },
  },
  {
    name: 'a map is emptied by a directive',
    type: podSpec,
    original: { securityContext: { runAsUser: 1 } },
    patch: { securityContext: { $patch: 'delete' } },
    result: { securityContext: {} },
  },
  {
    name: 'a directive where nothing is leaves nothing',
    type: podSpec,
    original: { hostname: 'h' },
    patch: { securityContext: { $patch: 'delete' } },
    result: { hostname: 'h' },
  },
  {
    name: 'setElementOrder orders containers, and those of the server alone go before what they stood before',
    type: podSpec,
    original: { containers: [{ name: 'a' }, { name: 'sidecar' }, { name: 'b' }] },
    patch: {
      '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }],
      containers: [{ name: 'b', image: 'b:2' }],
    },
    result: { containers: [{ name: 'sidecar' }, { name: 'b', image: 'b:2' }, { name: 'a' }] },
  },
  {
    name: 'setElementOrder with a deletion: what is added takes the place that became free',
    type: podSpec,
    original: { containers: [{ name: '1' }, { name: '2' }, { name: '4' }] },
    patch: {
      '$setElementOrder/containers': [{ name: '2' }, { name: '3' }],
      containers: [{ name: '3' }, { name: '1', $patch: 'delete' }],
    },
    result: { containers: [{ name: '2' }, { name: '4' }, { name: '3' }] },
  },
  {
    name: 'setElementOrder alone reorders',
    type: podSpec,
    original: { containers: [{ name: 'a' }, { name: 'b' }] },
    patch: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
    result: { containers: [{ name: 'b' }, { name: 'a' }] },
  },
  {
    name: 'setElementOrder with an element of the patch that it lacks',
    type: podSpec,
    original: { containers: [{ name: 'a' }] },
    patch: { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'b' }] },
    error: "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
  },
  {
    name: 'what kubectl apply sends to change an image and drop a port',
    type: 'apps/v1.Deployment',
    original: {
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'web', image: 'web:1', ports: [{ containerPort: 80 }, { containerPort: 81 }] },
              { name: 'log', image: 'log:1' },
            ],
          },
        },
      },
    },
    patch: {
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'web' }, { name: 'log' }],
            containers: [
              {
                '$setElementOrder/ports': [{ containerPort: 80 }],
                image: 'web:2',
                name: 'web',
                ports: [{ $patch: 'delete', containerPort: 81 }],
              },
            ],
          },
        },
      },
    },
    result: {
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'web', image: 'web:2', ports: [{ containerPort: 80 }] },
              { name: 'log', image: 'log:1' },
            ],
          },
        },
      },
    },
  },
  {
    name: 'an element without its merge key',
    type: podSpec,
    original: { containers: [{ name: 'a' }] },
    patch: { containers: [{ image: 'b' }] },
    error: 'map: map[image:b] does not contain declared merge key: name',
  },
  {
    name: 'an unknown directive',
    type: podSpec,
    original: { containers: [{ name: 'a' }] },
    patch: { $patch: 'drop' },
    error: 'unknown patch type: drop in map: map[$patch:drop]',
  },
  {
    name: 'merge is no directive for a list',
    type: podSpec,
    original: { containers: [{ name: 'a' }] },
    patch: { containers: [{ name: 'a', $patch: 'merge' }] },
    error: 'merging lists cannot yet be specified in the patch',
  },
  {
    name: 'elements of different types',
    type: podMeta,
    original: { finalizers: ['a'] },
    patch: { finalizers: [1] },
    error: 'list element types are not identical: [[a] [1]]',
  },
  {
    name: 'lists of lists',
    type: podMeta,
    original: { finalizers: ['a'] },
    patch: { finalizers: [['a']] },
    error: 'lists of lists are not supported',
  },
  {
    name: 'a directive without the name of its list',
    type: podMeta,
    original: { finalizers: ['a'] },
    patch: { $deleteFromPrimitiveList: ['a'] },
    error: 'invalid patch format of primitive list',
  },
  {
    name: 'nulls in what is new are left out',
    type: podSpec,
    original: {},
    patch: { affinity: { nodeAffinity: null, podAffinity: {} } },
    result: { affinity: { podAffinity: {} } },
  },
  {
    name: 'a patch that is no object',
    type: podSpec,
    original: {},
    patch: [],
    error: 'invalid JSON document',
  },
];
