import { isAlreadyExists, isConflict, isNotFound } from '@keelson/client';
import { accessEntries, roles, users } from '@keelson/client/region-resources/index.ts';
import type { AccessEntry, Cluster } from '@keelson/model/region/object-types.ts';
import { accessPolicies, accessPolicyArn, isAccessPolicyArn } from '../access-policies.ts';
import { inUse, invalidParameter, invalidRequest, notFound } from '../errors.ts';
import { accessEntryArn, accessEntryName } from '../names.ts';
import { type Environment, getCluster, newObject, type Operations, page } from './environment.ts';

type Input = Record<string, any>;
type AssociatedPolicy = AccessEntry['spec']['policies'][number];

const types = new Set([
  'STANDARD',
  'EC2_LINUX',
  'EC2_WINDOWS',
  'FARGATE_LINUX',
  'HYBRID_LINUX',
  'EC2',
  'HYPERPOD_LINUX',
]);
const reservedUsernames = ['system:', 'eks:', 'aws:', 'amazon:', 'iam:'];
/** Groups that entries of these types get by themselves. */
const nodeGroups = ['system:nodes'];
const maximumTries = 5;

function entryView(entry: AccessEntry, environment: Environment): Record<string, unknown> {
  const { spec, metadata } = entry;
  return {
    clusterName: spec.clusterName,
    principalArn: spec.principalArn,
    kubernetesGroups: spec.kubernetesGroups,
    accessEntryArn: accessEntryArn(
      environment.region,
      environment.account,
      spec.clusterName,
      spec.principalArn,
      metadata.uid!,
    ),
    createdAt: new Date(metadata.creationTimestamp!),
    modifiedAt: new Date(spec.modifiedAt),
    tags: spec.tags ?? {},
    username: spec.username,
    type: spec.type,
  };
}

function policyView(policy: AssociatedPolicy): Record<string, unknown> {
  return {
    policyArn: policy.policyArn,
    accessScope: { type: policy.scopeType, namespaces: policy.namespaces },
    associatedAt: new Date(policy.associatedAt),
    modifiedAt: new Date(policy.modifiedAt),
  };
}

/** The cluster, when access entries count in it. @throws AwsError InvalidRequestException in CONFIG_MAP mode */
async function getEntryCluster(environment: Environment, name: string): Promise<Cluster> {
  const cluster = await getCluster(environment, name);
  if (cluster.spec.authenticationMode !== 'CONFIG_MAP') return cluster;
  throw invalidRequest(
    "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
    { clusterName: name },
  );
}

async function getEntry(environment: Environment, clusterName: string, principalArn: string): Promise<AccessEntry> {
  await getEntryCluster(environment, clusterName);
  try {
    return await environment.client.resource(accessEntries).get(accessEntryName(clusterName, principalArn));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw notFound(
      `The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.`,
      { clusterName },
    );
  }
}

/** The unique id of an IAM user or role. @throws AwsError InvalidParameterException when there is none such */
export async function principalIdOf(environment: Environment, arn: string): Promise<string> {
  const invalid = invalidParameter('The specified principalArn is invalid: invalid principal.');
  const match = /^arn:aws:iam::(\d{12}):(user|role)\/(?:.*\/)?([\w+=,.@-]+)$/.exec(arn);
  if (!match) throw invalid;
  const [, account, kind, name] = match as unknown as [string, string, string, string];
  // Another account's principals cannot be looked up; their ARN is all there is.
  if (account !== environment.account) return arn;
  try {
    if (kind === 'user') return (await environment.client.resource(users).get(name)).spec.userId;
    return (await environment.client.resource(roles).get(name)).spec.roleId;
  } catch (error) {
    throw isNotFound(error) ? invalid : error;
  }
}

function defaultUsername(arn: string, type: string): string {
  if (type === 'EC2_LINUX' || type === 'EC2_WINDOWS' || type === 'EC2') return 'system:node:{{EC2PrivateDNSName}}';
  if (type !== 'STANDARD') return 'system:node:{{SessionName}}';
  const [, , , , account, resource = ''] = arn.split(':');
  const name = resource.split('/').at(-1);
  return resource.startsWith('role/') ? `arn:aws:sts::${account}:assumed-role/${name}/{{SessionName}}` : arn;
}

function checkIdentity(type: string, username: string | undefined, groups: readonly string[]): void {
  if (!types.has(type)) throw invalidParameter(`The type ${type} is not valid`);
  if (type !== 'STANDARD' && (username !== undefined || groups.length > 0)) {
    throw invalidParameter(`The username and kubernetesGroups cannot be set for an access entry of type ${type}`);
  }
  const reserved = reservedUsernames.find((prefix) => username?.toLowerCase().startsWith(prefix));
  if (reserved) throw invalidParameter(`The username cannot begin with '${reserved}'`);
  const group = groups.find((name) => reservedUsernames.some((prefix) => name.toLowerCase().startsWith(prefix)));
  if (group)
    throw invalidParameter(
      `The kubernetes group name ${group} is invalid, it cannot start with ${reservedUsernames.join(', ')}`,
    );
}

/** A new access entry, as yet unwritten. */
export function newAccessEntry(
  environment: Environment,
  of: { clusterName: string; principalArn: string; principalId: string; type: string },
  more: {
    username?: string;
    kubernetesGroups?: string[];
    tags?: Record<string, string>;
    clientRequestToken?: string;
  } = {},
): AccessEntry {
  const { clientRequestToken } = more;
  return newObject<AccessEntry>(accessEntries, accessEntryName(of.clusterName, of.principalArn), {
    ...of,
    username: more.username ?? defaultUsername(of.principalArn, of.type),
    kubernetesGroups: of.type === 'STANDARD' ? (more.kubernetesGroups ?? []) : nodeGroups,
    policies: [],
    modifiedAt: new Date(environment.world.clock.now()).toISOString(),
    ...(clientRequestToken ? { clientRequestToken } : {}),
    tags: more.tags ?? {},
  });
}

async function createEntry(environment: Environment, input: Input) {
  const { clusterName, principalArn } = input as { clusterName: string; principalArn: string };
  await getEntryCluster(environment, clusterName);
  const type: string = input['type'] ?? 'STANDARD';
  checkIdentity(type, input['username'], input['kubernetesGroups'] ?? []);
  const principalId = await principalIdOf(environment, principalArn);
  const entry = newAccessEntry(environment, { clusterName, principalArn, principalId, type }, input);
  try {
    return { accessEntry: entryView(await environment.client.resource(accessEntries).create(entry), environment) };
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const present = await environment.client.resource(accessEntries).get(entry.metadata.name!);
    const token = input['clientRequestToken'];
    if (token && present.spec.clientRequestToken === token) return { accessEntry: entryView(present, environment) };
    throw inUse('The specified access entry resource is already in use on this cluster.', { clusterName });
  }
}

/** Reads, changes and writes the entry, again when somebody else wrote between. */
async function changeEntry(
  environment: Environment,
  input: Input,
  change: (entry: AccessEntry, now: string) => void,
): Promise<AccessEntry> {
  for (let attempt = 1; ; attempt++) {
    const entry = await getEntry(environment, input['clusterName'], input['principalArn']);
    const now = new Date(environment.world.clock.now()).toISOString();
    change(entry, now);
    entry.spec.modifiedAt = now;
    try {
      return await environment.client.resource(accessEntries).update(entry);
    } catch (error) {
      if (!isConflict(error) || attempt === maximumTries) throw error;
    }
  }
}

async function associatePolicy(environment: Environment, input: Input) {
  const policyArn: string = input['policyArn'];
  const scope = input['accessScope'] ?? {};
  if (!isAccessPolicyArn(policyArn)) throw invalidParameter('The policyArn parameter format is not valid');
  const namespaces: string[] = scope.namespaces ?? [];
  if (scope.type === 'namespace' && namespaces.length === 0)
    throw invalidParameter('The namespaces cannot be empty for access scope type namespace');
  if (scope.type === 'cluster' && namespaces.length > 0)
    throw invalidParameter('The namespaces must be empty for access scope type cluster');
  if (scope.type !== 'cluster' && scope.type !== 'namespace')
    throw invalidParameter(`Invalid access scope type: ${scope.type}`);
  const entry = await changeEntry(environment, input, ({ spec }, now) => {
    if (spec.type !== 'STANDARD')
      throw invalidRequest(`Access policies cannot be associated with an access entry of type ${spec.type}`, {
        clusterName: spec.clusterName,
      });
    const before = spec.policies.find((policy) => policy.policyArn === policyArn);
    const policy = {
      policyArn,
      scopeType: scope.type,
      namespaces,
      associatedAt: before?.associatedAt ?? now,
      modifiedAt: now,
    };
    spec.policies = [...spec.policies.filter((one) => one !== before), policy];
  });
  const policy = entry.spec.policies.find((one) => one.policyArn === policyArn)!;
  return {
    clusterName: entry.spec.clusterName,
    principalArn: entry.spec.principalArn,
    associatedAccessPolicy: policyView(policy),
  };
}

async function disassociatePolicy(environment: Environment, input: Input) {
  await changeEntry(environment, input, ({ spec }) => {
    const kept = spec.policies.filter((policy) => policy.policyArn !== input['policyArn']);
    if (kept.length === spec.policies.length) {
      throw notFound('The specified access policy is not associated with the access entry', {
        clusterName: spec.clusterName,
      });
    }
    spec.policies = kept;
  });
  return {};
}

async function listEntries(environment: Environment, input: Input) {
  await getEntryCluster(environment, input['clusterName']);
  const wanted = (await environment.client.resource(accessEntries).list()).items
    .filter(({ spec }) => spec.clusterName === input['clusterName'])
    .filter(
      ({ spec }) =>
        !input['associatedPolicyArn'] ||
        spec.policies.some((policy) => policy.policyArn === input['associatedPolicyArn']),
    );
  const { items, nextToken } = page(wanted.map((entry) => entry.spec.principalArn).sort(), input);
  return { accessEntries: items, nextToken };
}

/** The operations on access entries and their policies. */
export function accessEntryOperations(environment: Environment): Operations {
  return {
    CreateAccessEntry: (input) => createEntry(environment, input),
    DescribeAccessEntry: async (input) => ({
      accessEntry: entryView(await getEntry(environment, input['clusterName'], input['principalArn']), environment),
    }),
    ListAccessEntries: (input) => listEntries(environment, input),
    UpdateAccessEntry: async (input) => {
      const entry = await changeEntry(environment, input, ({ spec }) => {
        checkIdentity(spec.type, input['username'], input['kubernetesGroups'] ?? []);
        spec.username = input['username'] ?? spec.username;
        spec.kubernetesGroups = input['kubernetesGroups'] ?? spec.kubernetesGroups;
      });
      return { accessEntry: entryView(entry, environment) };
    },
    DeleteAccessEntry: async (input) => {
      const entry = await getEntry(environment, input['clusterName'], input['principalArn']);
      await environment.client.resource(accessEntries).delete(entry.metadata.name!);
      return {};
    },
    AssociateAccessPolicy: (input) => associatePolicy(environment, input),
    DisassociateAccessPolicy: (input) => disassociatePolicy(environment, input),
    ListAssociatedAccessPolicies: async (input) => {
      const { spec } = await getEntry(environment, input['clusterName'], input['principalArn']);
      const { items, nextToken } = page(spec.policies.map(policyView), input);
      return {
        clusterName: spec.clusterName,
        principalArn: spec.principalArn,
        associatedAccessPolicies: items,
        nextToken,
      };
    },
    ListAccessPolicies: async (input) => {
      const { items, nextToken } = page(
        accessPolicies.map((name) => ({ name, arn: accessPolicyArn(name) })),
        input,
      );
      return { accessPolicies: items, nextToken };
    },
  };
}
