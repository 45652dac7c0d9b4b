import type { World } from '@keelson/base';
import { type Client, isNotFound } from '@keelson/client';
import { clusters, nodegroups } from '@keelson/client/region-resources/index.ts';
import type { ApiObject } from '@keelson/model';
import type { Cluster, Nodegroup } from '@keelson/model/region/object-types.ts';
import type { AwsService } from '../../service.ts';
import { clusterPhase, type Place } from '../cluster-view.ts';
import { invalidParameter, noCluster, noNodegroup } from '../errors.ts';
import { memberName } from '../names.ts';

/** What every operation works with. */
export interface Environment extends Place {
  /** The region's API. */
  readonly client: Client;
  readonly world: World;
}

export type Operations = AwsService['operations'];

/** @throws AwsError ResourceNotFoundException */
export async function getCluster(environment: Environment, name: string): Promise<Cluster> {
  try {
    return await environment.client.resource(clusters).get(name);
  } catch (error) {
    throw isNotFound(error) ? noCluster(name) : error;
  }
}

/** The cluster when it takes changes. @throws AwsError ResourceNotFoundException, InvalidRequestException-like refusals */
export async function getActiveCluster(
  environment: Environment,
  name: string,
  refuse: (phase: string) => Error,
): Promise<Cluster> {
  const cluster = await getCluster(environment, name);
  const phase = clusterPhase(cluster);
  if (phase !== 'ACTIVE') throw refuse(phase);
  return cluster;
}

/** @throws AwsError ResourceNotFoundException for the cluster or the node group */
export async function getNodegroup(environment: Environment, clusterName: string, name: string): Promise<Nodegroup> {
  await getCluster(environment, clusterName);
  try {
    return await environment.client.resource(nodegroups).get(memberName(clusterName, name));
  } catch (error) {
    throw isNotFound(error) ? noNodegroup(clusterName, name) : error;
  }
}

/** One page of `items` in their order, by EKS' maxResults and nextToken (the place to go on from, in base64). */
export function page<T>(items: readonly T[], input: Record<string, any>): { items: T[]; nextToken?: string } {
  const size = input['maxResults'] ?? 100;
  let start = 0;
  if (input['nextToken'] !== undefined) {
    start = Number(Buffer.from(String(input['nextToken']), 'base64').toString());
    if (!Number.isInteger(start) || start < 0) throw invalidParameter('Invalid token');
  }
  const part = items.slice(start, start + size);
  const next = start + part.length;
  return next < items.length
    ? { items: part, nextToken: Buffer.from(String(next)).toString('base64') }
    : { items: part };
}

/** A new object of the region's API. */
export function newObject<T extends ApiObject>(
  ref: { group: string; version: string; kind: string },
  name: string,
  spec: T['spec'],
): T {
  return { apiVersion: `${ref.group}/${ref.version}`, kind: ref.kind, metadata: { name }, spec } as unknown as T;
}
