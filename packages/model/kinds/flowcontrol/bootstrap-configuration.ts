/**
 * The FlowSchemas and PriorityLevelConfigurations that every API server has: the mandatory ones, whose specs are fixed,
 * and the suggested ones, which are kept up unless their owner says otherwise
 * (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#defaults).
 */
import type { ApiObject } from '../../object.ts';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
/** Whether the server keeps the object's spec at what it suggests. */
export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec';

const everyone = ['system:unauthenticated', 'system:authenticated'];
const anyResource = {
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  clusterScope: true,
  namespaces: ['*'],
};
const anyPath = { verbs: ['*'], nonResourceURLs: ['*'] };
const anything = { resourceRules: [anyResource], nonResourceRules: [anyPath] };
const leases = (verbs: readonly string[]) => ({
  verbs,
  apiGroups: ['coordination.k8s.io'],
  resources: ['leases'],
  namespaces: ['*'],
});

function groups(...names: string[]) {
  return names.map((name) => ({ kind: 'Group', group: { name } }));
}

function users(...names: string[]) {
  return names.map((name) => ({ kind: 'User', user: { name } }));
}

const systemAccounts = [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name: '*' } }];

function level(name: string, spec: Record<string, unknown>): ApiObject {
  return {
    apiVersion,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations: { [autoUpdateAnnotation]: 'true' } },
    spec,
  };
}

function queued(name: string, shares: number, lendablePercent: number, queues: number, handSize: number): ApiObject {
  return level(name, {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: shares,
      limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } },
      lendablePercent,
    },
  });
}

function schema(
  name: string,
  priorityLevel: string,
  matchingPrecedence: number,
  distinguisher: 'ByUser' | 'ByNamespace' | undefined,
  rule: Record<string, unknown>,
): ApiObject {
  return {
    apiVersion,
    kind: 'FlowSchema',
    metadata: { name, annotations: { [autoUpdateAnnotation]: 'true' } },
    spec: {
      priorityLevelConfiguration: { name: priorityLevel },
      matchingPrecedence,
      ...(distinguisher === undefined ? {} : { distinguisherMethod: { type: distinguisher } }),
      rules: [rule],
    },
  };
}

export const mandatoryPriorityLevels: readonly ApiObject[] = [
  level('catch-all', {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 },
  }),
  level('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
];

export const suggestedPriorityLevels: readonly ApiObject[] = [
  queued('system', 30, 33, 64, 6),
  queued('node-high', 40, 25, 64, 6),
  queued('leader-election', 10, 0, 16, 4),
  queued('workload-high', 40, 50, 128, 6),
  queued('workload-low', 100, 90, 128, 6),
  queued('global-default', 20, 50, 128, 6),
];

export const mandatoryFlowSchemas: readonly ApiObject[] = [
  schema('exempt', 'exempt', 1, undefined, { subjects: groups('system:masters'), ...anything }),
  schema('catch-all', 'catch-all', 10_000, 'ByUser', { subjects: groups(...everyone), ...anything }),
];

export const suggestedFlowSchemas: readonly ApiObject[] = [
  schema('probes', 'exempt', 2, undefined, {
    subjects: groups(...everyone),
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
  }),
  schema('system-leader-election', 'leader-election', 100, 'ByUser', {
    subjects: [...users('system:kube-controller-manager', 'system:kube-scheduler'), ...systemAccounts],
    resourceRules: [leases(['get', 'create', 'update'])],
  }),
  schema('system-node-high', 'node-high', 400, 'ByUser', {
    subjects: groups('system:nodes'),
    resourceRules: [
      { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] },
      leases(['*']),
    ],
  }),
  schema('system-nodes', 'system', 500, 'ByUser', { subjects: groups('system:nodes'), ...anything }),
  schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', {
    subjects: users('system:kube-controller-manager'),
    ...anything,
  }),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', {
    subjects: users('system:kube-scheduler'),
    ...anything,
  }),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', {
    subjects: systemAccounts,
    ...anything,
  }),
  schema('service-accounts', 'workload-low', 9000, 'ByUser', {
    subjects: groups('system:serviceaccounts'),
    ...anything,
  }),
  schema('global-default', 'global-default', 9900, 'ByUser', { subjects: groups(...everyone), ...anything }),
];
