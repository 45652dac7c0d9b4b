import { type Client, isAlreadyExists, isConflict, isNotFound } from '@keelson/client';
import { configMaps } from '@keelson/client/kubernetes-resources/index.ts';
import { accessEntries, nodegroups, roles } from '@keelson/client/region-resources/index.ts';
import type { Cluster, Nodegroup } from '@keelson/model/region/object-types.ts';
import { parse, stringify } from 'yaml';
import { accessEntryName, roleNameOf } from '../names.ts';
import { newAccessEntry } from '../operations/access-entry-operations.ts';
import type { Environment } from '../operations/environment.ts';

interface RoleMapping {
  rolearn: string;
  username: string;
  groups: string[];
}

/** aws-auth knows roles without their paths. */
function withoutPath(roleArn: string): string {
  return roleArn.replace(/:role\/.*\//, ':role/');
}

function mappingFor(roleArn: string): RoleMapping {
  return {
    rolearn: withoutPath(roleArn),
    username: 'system:node:{{EC2PrivateDNSName}}',
    groups: ['system:bootstrappers', 'system:nodes'],
  };
}

function readRoles(text: string | undefined): RoleMapping[] {
  const value: unknown = text ? parse(text, { maxAliasCount: 0 }) : [];
  return Array.isArray(value) ? value : [];
}

/** Puts the role into mapRoles of kube-system/aws-auth, where it is not there yet. */
async function mapInAwsAuth(cluster: Client, roleArn: string): Promise<void> {
  const resource = cluster.resource(configMaps);
  for (;;) {
    try {
      const present = await resource.get('aws-auth', 'kube-system').catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
      const mapped = readRoles(present?.data?.['mapRoles']);
      if (mapped.some((one) => one.rolearn === withoutPath(roleArn))) return;
      const data = { ...present?.data, mapRoles: stringify([...mapped, mappingFor(roleArn)]) };
      const object = present ?? {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'aws-auth', namespace: 'kube-system' },
      };
      if (present) await resource.update({ ...object, data });
      else await resource.create({ ...object, data });
      return;
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error)) throw error;
    }
  }
}

/**
 * Lets nodes with the group's role into the cluster, the way its authentication mode has it: by an access entry of type
 * EC2_LINUX, or by aws-auth. Managed node groups do this by themselves on EKS.
 */
export async function letNodesIn(
  environment: Environment,
  cluster: Cluster,
  nodegroup: Nodegroup,
  access: Client,
): Promise<void> {
  const { client } = environment;
  const { nodeRole, clusterName } = nodegroup.spec;
  if (cluster.spec.authenticationMode === 'CONFIG_MAP') return mapInAwsAuth(access, nodeRole);
  const role = await client.resource(roles).get(roleNameOf(nodeRole) ?? nodeRole);
  const entry = newAccessEntry(environment, {
    clusterName,
    principalArn: nodeRole,
    principalId: role.spec.roleId,
    type: 'EC2_LINUX',
  });
  try {
    await client.resource(accessEntries).create(entry);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** Takes the access entry away again when no other node group of the cluster has the role. */
export async function shutNodesOut(environment: Environment, nodegroup: Nodegroup): Promise<void> {
  const { client } = environment;
  const { nodeRole, clusterName } = nodegroup.spec;
  const others = (await client.resource(nodegroups).list()).items.filter(
    (one) =>
      one.metadata.uid !== nodegroup.metadata.uid &&
      one.spec.clusterName === clusterName &&
      one.spec.nodeRole === nodeRole,
  );
  if (others.length > 0) return;
  try {
    const name = accessEntryName(clusterName, nodeRole);
    const entry = await client.resource(accessEntries).get(name);
    if (entry.spec.type === 'EC2_LINUX') await client.resource(accessEntries).delete(name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
