import type { ApiObject } from '@keelson/model';

/** What the add-ons of a new cluster are made for. */
export interface AddonSettings {
  readonly region: string;
  readonly clusterName: string;
  /** Of the kube-dns Service: the tenth address of the Services' block, as on EKS. */
  readonly dnsAddress: string;
  /** The image that all of them run from. */
  readonly image: string;
  /** Where pods reach the API server from the VPC. */
  readonly endpoint: string;
}

const system = 'kube-system';
const everywhere = [{ operator: 'Exists' }];

function serviceAccount(name: string, labels: Record<string, string> = {}): ApiObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: system, labels } };
}

function bindClusterRole(name: string, role: string, account: string): ApiObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: system }],
  };
}

function configMap(name: string, data: Record<string, string>, labels: Record<string, string> = {}): ApiObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: system, labels }, data };
}

/** Gives pods addresses of the VPC. A node is ready once this has made its network. */
function vpcCni({ image, clusterName, region }: AddonSettings): ApiObject[] {
  const labels = { 'k8s-app': 'aws-node', 'app.kubernetes.io/name': 'aws-node' };
  const rules = [
    { apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'watch', 'get'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch', 'get'] },
    { apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch', 'get'] },
    { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'list'] },
  ];
  return [
    serviceAccount('aws-node', labels),
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'aws-node', labels }, rules },
    bindClusterRole('aws-node', 'aws-node', 'aws-node'),
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'aws-node', namespace: system, labels },
      spec: {
        selector: { matchLabels: { 'k8s-app': 'aws-node' } },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: 'aws-node',
            hostNetwork: true,
            priorityClassName: 'system-node-critical',
            terminationGracePeriodSeconds: 10,
            tolerations: everywhere,
            containers: [
              {
                name: 'aws-node',
                image,
                args: ['aws-node'],
                env: [
                  { name: 'CLUSTER_NAME', value: clusterName },
                  { name: 'MY_NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
                  { name: 'WARM_ENI_TARGET', value: '1' },
                  { name: 'AWS_REGION', value: region },
                  { name: 'AWS_ENDPOINT_URL_EC2', value: 'http://127.0.0.1:4566' },
                ],
                resources: { requests: { cpu: '25m' } },
                securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
                volumeMounts: [
                  { name: 'cni-bin-dir', mountPath: '/host/opt/cni/bin' },
                  { name: 'cni-net-dir', mountPath: '/host/etc/cni/net.d' },
                  { name: 'run-dir', mountPath: '/var/run/aws-node' },
                ],
              },
            ],
            volumes: [
              { name: 'cni-bin-dir', hostPath: { path: '/opt/cni/bin' } },
              { name: 'cni-net-dir', hostPath: { path: '/etc/cni/net.d' } },
              { name: 'run-dir', hostPath: { path: '/var/run/aws-node', type: 'DirectoryOrCreate' } },
            ],
          },
        },
      },
    },
  ];
}

/** Has connections to Services reach their pods. */
function kubeProxy({ image, endpoint }: AddonSettings): ApiObject[] {
  const labels = { 'k8s-app': 'kube-proxy' };
  const configuration = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    bindAddress: '0.0.0.0',
    metricsBindAddress: '0.0.0.0:10249',
    clientConnection: { kubeconfig: '/var/lib/kube-proxy/kubeconfig' },
  };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'default',
        cluster: { 'certificate-authority': '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt', server: endpoint },
      },
    ],
    contexts: [{ name: 'default', context: { cluster: 'default', namespace: 'default', user: 'default' } }],
    'current-context': 'default',
    users: [{ name: 'default', user: { tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' } }],
  };
  return [
    serviceAccount('kube-proxy', labels),
    bindClusterRole('eks:kube-proxy', 'system:node-proxier', 'kube-proxy'),
    configMap(
      'kube-proxy',
      { kubeconfig: JSON.stringify(kubeconfig, undefined, 2) },
      { ...labels, 'eks.amazonaws.com/component': 'kube-proxy' },
    ),
    configMap(
      'kube-proxy-config',
      { config: JSON.stringify(configuration, undefined, 2) },
      { ...labels, 'eks.amazonaws.com/component': 'kube-proxy' },
    ),
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: {
        name: 'kube-proxy',
        namespace: system,
        labels: { ...labels, 'eks.amazonaws.com/component': 'kube-proxy' },
      },
      spec: {
        selector: { matchLabels: labels },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: 'kube-proxy',
            hostNetwork: true,
            priorityClassName: 'system-node-critical',
            tolerations: everywhere,
            containers: [
              {
                name: 'kube-proxy',
                image,
                args: ['kube-proxy', '--config=/var/lib/kube-proxy-config/config'],
                env: [{ name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
                resources: { requests: { cpu: '100m' } },
                securityContext: { privileged: true },
                volumeMounts: [
                  { name: 'kubeconfig', mountPath: '/var/lib/kube-proxy/' },
                  { name: 'config', mountPath: '/var/lib/kube-proxy-config/' },
                ],
              },
            ],
            volumes: [
              { name: 'kubeconfig', configMap: { name: 'kube-proxy' } },
              { name: 'config', configMap: { name: 'kube-proxy-config' } },
            ],
          },
        },
      },
    },
  ];
}

const corefile = `.:53 {
    errors
    health {
        lameduck 5s
      }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
`;

/** Resolves names of Services and pods in the cluster. */
function coreDns({ image, dnsAddress }: AddonSettings): ApiObject[] {
  const selector = { 'k8s-app': 'kube-dns' };
  const labels = { ...selector, 'eks.amazonaws.com/component': 'coredns' };
  const probe = (path: string, port: number) => ({
    httpGet: { path, port, scheme: 'HTTP' },
    timeoutSeconds: 5,
    successThreshold: 1,
  });
  return [
    serviceAccount('coredns', labels),
    bindClusterRole('system:coredns', 'system:coredns', 'coredns'),
    configMap('coredns', { Corefile: corefile }, labels),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'kube-dns',
        namespace: system,
        labels: { ...labels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
        annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' },
      },
      spec: {
        clusterIP: dnsAddress,
        selector,
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
          { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
          { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 },
        ],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'coredns', namespace: system, labels: { ...labels, 'kubernetes.io/name': 'CoreDNS' } },
      spec: {
        replicas: 2,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: 'coredns',
            priorityClassName: 'system-cluster-critical',
            dnsPolicy: 'Default',
            tolerations: [
              { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
              { key: 'CriticalAddonsOnly', operator: 'Exists' },
            ],
            affinity: {
              podAntiAffinity: {
                preferredDuringSchedulingIgnoredDuringExecution: [
                  {
                    weight: 100,
                    podAffinityTerm: {
                      labelSelector: { matchLabels: selector },
                      topologyKey: 'kubernetes.io/hostname',
                    },
                  },
                ],
              },
            },
            containers: [
              {
                name: 'coredns',
                image,
                args: ['coredns', '-conf', '/etc/coredns/Corefile'],
                ports: [
                  { name: 'dns', containerPort: 53, protocol: 'UDP' },
                  { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
                  { name: 'metrics', containerPort: 9153, protocol: 'TCP' },
                ],
                resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
                livenessProbe: { ...probe('/health', 8080), failureThreshold: 5, initialDelaySeconds: 60 },
                readinessProbe: probe('/ready', 8181),
                securityContext: {
                  allowPrivilegeEscalation: false,
                  capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
                  readOnlyRootFilesystem: true,
                },
                volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }],
              },
            ],
            volumes: [
              { name: 'config-volume', configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] } },
            ],
          },
        },
      },
    },
  ];
}

/** The networking add-ons that EKS puts into a new cluster, in the order in which they are created. */
export function addonObjects(settings: AddonSettings): ApiObject[] {
  return [...vpcCni(settings), ...kubeProxy(settings), ...coreDns(settings)];
}
