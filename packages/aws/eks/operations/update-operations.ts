import { newUid } from '@keelson/base';
import { isNotFound } from '@keelson/client';
import { updates } from '@keelson/client/region-resources/index.ts';
import type { ApiObject } from '@keelson/model';
import type { Update } from '@keelson/model/region/object-types.ts';
import { notFound } from '../errors.ts';
import { memberName } from '../names.ts';
import { type Environment, getCluster, getNodegroup, newObject, type Operations, page } from './environment.ts';

/** What an update changes: `{type: 'Version', value: '1.35'}`. */
export interface UpdateParameter {
  readonly type: string;
  readonly value: string;
}

/**
 * A new update of the cluster, or of one of its node groups. It is written in one step with `changed`, whose spec it
 * changes, and is InProgress until a controller has seen to it.
 */
export function newUpdate(
  environment: Environment,
  about: { readonly clusterName: string; readonly nodegroupName?: string },
  type: string,
  params: readonly UpdateParameter[],
  changed: Readonly<ApiObject>,
): Update {
  const updateId = newUid(environment.world.random);
  return newObject<Update>(updates, memberName(about.clusterName, updateId), {
    ...about,
    updateId,
    type,
    params: [...params],
    generation: (changed.metadata?.generation ?? 0) + 1,
  });
}

export function updateView(update: Update): Record<string, unknown> {
  return {
    id: update.spec.updateId,
    status: update.status?.phase ?? 'InProgress',
    type: update.spec.type,
    params: update.spec.params,
    createdAt: new Date(update.metadata.creationTimestamp!),
    errors: update.status?.errors ?? [],
  };
}

async function belongsTo(environment: Environment, input: Record<string, any>): Promise<void> {
  if (input['nodegroupName']) await getNodegroup(environment, input['name'], input['nodegroupName']);
  else await getCluster(environment, input['name']);
}

/** DescribeUpdate and ListUpdates. */
export function updateOperations(environment: Environment): Operations {
  return {
    DescribeUpdate: async (input) => {
      await belongsTo(environment, input);
      const missing = () => notFound(`No update found for id: ${input['updateId']}`, { clusterName: input['name'] });
      try {
        const update = await environment.client.resource(updates).get(memberName(input['name'], input['updateId']));
        if (update.spec.nodegroupName !== input['nodegroupName']) throw missing();
        return { update: updateView(update) };
      } catch (error) {
        throw isNotFound(error) ? missing() : error;
      }
    },
    ListUpdates: async (input) => {
      await belongsTo(environment, input);
      const all = (await environment.client.resource(updates).list()).items
        .filter(
          (update) => update.spec.clusterName === input['name'] && update.spec.nodegroupName === input['nodegroupName'],
        )
        .sort((one, other) => other.metadata.creationTimestamp!.localeCompare(one.metadata.creationTimestamp!));
      const { items, nextToken } = page(all, input);
      return { updateIds: items.map((update) => update.spec.updateId), nextToken };
    },
  };
}
