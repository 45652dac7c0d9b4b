import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../../object.ts';
import { refusals } from '../../testing/refusals.ts';
import { pod } from './index.ts';

/** A pod with one container, and what a case sets on its spec. */
function podWith(spec: Record<string, unknown>, container: Record<string, unknown> = {}): ApiObject {
  return {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { containers: [{ name: 'app', image: 'app:1', ...container }], ...spec },
  };
}

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

test('a plain pod is in order', () => assert.deepEqual(refusals(pod, podWith({})), []));

const ofSpec: [string, Record<string, unknown>, string[]][] = [
  ['no containers', { containers: [] }, ['spec.containers: Required value']],
  [
    'two containers of one name',
    {
      containers: [
        { name: 'a', image: 'x' },
        { name: 'a', image: 'y' },
      ],
    },
    ['spec.containers[1].name: Duplicate value: "a"'],
  ],
  [
    'an unknown restart policy',
    { restartPolicy: 'Sometimes' },
    ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
  ],
  [
    'an unknown DNS policy',
    { dnsPolicy: 'Mine' },
    [
      'spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ],
  ],
  [
    'DNS policy None without resolvers',
    { dnsPolicy: 'None' },
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
  [
    'a volume without a name and one of two types',
    { volumes: [{ emptyDir: {} }, { name: 'v', emptyDir: {}, hostPath: { path: '/a' } }] },
    [
      'spec.volumes[0].name: Required value',
      'spec.volumes[1].hostPath: Forbidden: may not specify more than 1 volume type',
    ],
  ],
  [
    'volumes that lack what they need',
    {
      volumes: [
        { name: 'a', secret: {} },
        { name: 'b', configMap: { name: 'c', defaultMode: 0o1000, items: [{ key: 'k', path: '../up' }] } },
        { name: 'c', hostPath: { path: '/a/../b', type: 'Odd' } },
      ],
    },
    [
      'spec.volumes[0].secret.secretName: Required value',
      'spec.volumes[1].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive',
      'spec.volumes[1].configMap.items[0].path: Invalid value: "../up": must not contain \'..\'',
      'spec.volumes[2].hostPath.path: Invalid value: "/a/../b": must not contain \'..\'',
      'spec.volumes[2].hostPath.type: Unsupported value: "Odd": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
  ],
  [
    'a token that lives too short',
    {
      serviceAccountName: 'x',
      volumes: [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 'a', expirationSeconds: 5 } }] } }],
    },
    [
      'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    ],
  ],
  [
    'bad tolerations',
    {
      tolerations: [
        { operator: 'Equal', value: 'a' },
        { key: 'k', operator: 'Exists', value: 'v' },
        { key: 'k', operator: 'In' },
        { key: 'k', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 3 },
      ],
    },
    [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      'spec.tolerations[1].operator: Invalid value: "v": value must be empty when `operator` is \'Exists\'',
      'spec.tolerations[2].operator: Unsupported value: "In": supported values: "Equal", "Exists"',
      'spec.tolerations[3].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    ],
  ],
  [
    'bad affinity',
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: [] }] }],
          },
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, preference: {} }],
        },
        podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'k', namespaces: ['B'] }] },
      },
    },
    [
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100',
      `spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].namespace: Invalid value: "B": ${label}`,
    ],
  ],
  [
    'bad topology spread',
    {
      topologySpreadConstraints: [
        { maxSkew: 0, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} },
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} },
        { maxSkew: 1, topologyKey: '', whenUnsatisfiable: 'Never', minDomains: 2 },
      ],
    },
    [
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"',
      'spec.topologySpreadConstraints[2].topologyKey: Required value: can not be empty',
      'spec.topologySpreadConstraints[2].whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"',
      'spec.topologySpreadConstraints[2].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not Never',
    ],
  ],
  [
    'init containers with probes, and ephemeral ones on create',
    {
      initContainers: [{ name: 'i', image: 'x', livenessProbe: { exec: { command: ['a'] } } }],
      ephemeralContainers: [{ name: 'e', image: 'x', ports: [{ containerPort: 1 }] }],
    },
    [
      'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ],
  ],
  [
    'a windows pod with users of Linux',
    { os: { name: 'windows' }, securityContext: { runAsUser: 1 } },
    ['spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod'],
  ],
  [
    'users of its own on the network of the host',
    { hostUsers: false, hostNetwork: true },
    ['spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false'],
  ],
  [
    'a gated pod that names its node',
    { nodeName: 'n', schedulingGates: [{ name: 'a.b/c' }] },
    ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
  ],
  [
    'a deadline of nothing',
    { activeDeadlineSeconds: 0 },
    ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  ],
];

const ofContainer: [string, Record<string, unknown>, string[]][] = [
  [
    'rules without a policy',
    { restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [] } }] },
    ['spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used'],
  ],
  [
    'bad restart rules',
    {
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart' }, { action: 'Do', exitCodes: { values: [1] } }],
    },
    [
      'spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified',
      'spec.containers[0].restartPolicyRules[1].action: Unsupported value: "Do": supported values: "Restart", "RestartAllContainers"',
      'spec.containers[0].restartPolicyRules[1].exitCodes.operator: Unsupported value: "": supported values: "In", "NotIn"',
    ],
  ],
  ['no name', { name: '' }, ['spec.containers[0].name: Required value']],
  ['a bad name', { name: 'A' }, [`spec.containers[0].name: Invalid value: "A": ${label}`]],
  ['no image', { image: '' }, ['spec.containers[0].image: Required value']],
  [
    'an image with a space',
    { image: ' x' },
    ['spec.containers[0].image: Invalid value: " x": must not have leading or trailing whitespace'],
  ],
  [
    'an unknown pull policy',
    { imagePullPolicy: 'Maybe' },
    [
      'spec.containers[0].imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"',
    ],
  ],
  [
    'bad ports',
    {
      ports: [
        { containerPort: 0 },
        { containerPort: 70000, name: 'http' },
        { containerPort: 1, name: 'http', hostPort: 5 },
        { containerPort: 2, hostPort: 5, protocol: 'ICMP' },
        { containerPort: 3, hostPort: 5 },
      ],
    },
    [
      'spec.containers[0].ports[0].containerPort: Required value',
      'spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.containers[0].ports[2].name: Duplicate value: "http"',
      'spec.containers[0].ports[3].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
      'spec.containers[0].ports[4].hostPort: Duplicate value: "TCP//5"',
    ],
  ],
  [
    'bad variables',
    {
      env: [
        { name: '', value: 'a' },
        { name: 'A', valueFrom: {} },
        { name: 'B', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'C', valueFrom: { fieldRef: { fieldPath: 'spec.nope' } } },
        { name: 'D', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
        { name: 'E', valueFrom: { secretKeyRef: { name: 's', key: '' } } },
        { name: 'F', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } },
      ],
      envFrom: [{}],
    },
    [
      'spec.containers[0].env[0].name: Required value',
      'spec.containers[0].env[1].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      'spec.containers[0].env[2].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
      'spec.containers[0].env[3].valueFrom.fieldRef.fieldPath: Invalid value: "spec.nope": error converting fieldPath: field label not supported: spec.nope',
      'spec.containers[0].env[4].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
      'spec.containers[0].env[5].valueFrom.secretKeyRef.key: Required value',
      'spec.containers[0].env[6].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
      'spec.containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
    ],
  ],
  [
    'mounts of nothing, twice at one place',
    {
      volumeMounts: [
        { name: 'no', mountPath: '/a' },
        { name: 'no', mountPath: '/a', subPath: '/x' },
      ],
    },
    [
      'spec.containers[0].volumeMounts[0].name: Not found: "no"',
      'spec.containers[0].volumeMounts[1].name: Not found: "no"',
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
      'spec.containers[0].volumeMounts.subPath: Invalid value: "/x": must be a relative path',
    ],
  ],
  [
    'bad resources',
    {
      resources: {
        limits: { cpu: '1', 'example.com/gpu': '1500m', wheels: '4' },
        requests: { cpu: '2', memory: '-1', 'other.com/x': '1' },
      },
    },
    [
      'spec.containers[0].resources.limits[example.com/gpu]: Invalid value: "1500m": must be an integer',
      'spec.containers[0].resources.limits[wheels]: Invalid value: "wheels": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.limits[wheels]: Invalid value: "wheels": must be a standard resource for containers',
      'spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0',
      'spec.containers[0].resources.requests[example.com/gpu]: Invalid value: "1500m": must be an integer',
      'spec.containers[0].resources.requests[wheels]: Invalid value: "wheels": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[wheels]: Invalid value: "wheels": must be a standard resource for containers',
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    ],
  ],
  [
    'bad probes',
    {
      livenessProbe: { successThreshold: 2, tcpSocket: { port: 'Bad_' } },
      readinessProbe: {
        httpGet: { port: 0, scheme: 'FTP' },
        exec: { command: ['a'] },
        terminationGracePeriodSeconds: 1,
      },
      startupProbe: {},
    },
    [
      'spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: "Bad_": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
      'spec.containers[0].readinessProbe.httpGet: Forbidden: may not specify more than 1 handler type',
      'spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes',
      'spec.containers[0].startupProbe: Required value: must specify a handler type',
    ],
  ],
  [
    'a bad security context',
    {
      securityContext: {
        runAsUser: -1,
        privileged: true,
        allowPrivilegeEscalation: false,
        seccompProfile: { type: 'Localhost' },
      },
    },
    [
      'spec.containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 4294967295, inclusive',
      'spec.containers[0].securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
      'spec.containers[0].securityContext: Invalid value: {"runAsUser":-1,"privileged":true,"allowPrivilegeEscalation":false,"seccompProfile":{"type":"Localhost"}}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ],
  ],
];

for (const [name, spec, expected] of ofSpec) {
  test(`a pod is refused for ${name}`, () => assert.deepEqual(refusals(pod, podWith(spec)), expected));
}
for (const [name, container, expected] of ofContainer) {
  test(`a container is refused for ${name}`, () => assert.deepEqual(refusals(pod, podWith({}, container)), expected));
}
