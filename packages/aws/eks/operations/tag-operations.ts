import { isNotFound, type ResourceRef } from '@keelson/client';
import { accessEntries, clusters, nodegroups } from '@keelson/client/region-resources/index.ts';
import type { ApiObject } from '@keelson/model';
import type { AccessEntry } from '@keelson/model/region/object-types.ts';
import { invalidParameter, notFound } from '../errors.ts';
import { accessEntryArn, memberName } from '../names.ts';
import type { Environment, Operations } from './environment.ts';

const tagLimit = 50;

interface Tagged {
  readonly ref: ResourceRef;
  readonly object: ApiObject;
}

async function findTagged(environment: Environment, arn: string): Promise<Tagged> {
  const { region, account, client } = environment;
  const prefix = `arn:aws:eks:${region}:${account}:`;
  const missing = notFound(`The specified resource ${arn} does not exist`);
  if (!arn.startsWith(prefix)) throw invalidParameter(`Invalid resource ARN: ${arn}`);
  const [kind, clusterName = '', name = ''] = arn.slice(prefix.length).split('/');
  try {
    if (kind === 'cluster') return { ref: clusters, object: await client.resource(clusters).get(clusterName) };
    if (kind === 'nodegroup')
      return { ref: nodegroups, object: await client.resource(nodegroups).get(memberName(clusterName, name)) };
    if (kind === 'access-entry') {
      const { items } = await client.resource(accessEntries).list();
      const arnOf = (entry: AccessEntry) =>
        accessEntryArn(region, account, entry.spec.clusterName, entry.spec.principalArn, entry.metadata.uid!);
      const object = items.find((entry) => arnOf(entry) === arn);
      if (object) return { ref: accessEntries, object };
    }
  } catch (error) {
    throw isNotFound(error) ? missing : error;
  }
  throw missing;
}

/** Changes tags by a merge patch: a value sets, null removes. */
async function changeTags(environment: Environment, arn: string, change: Record<string, string | null>) {
  const { ref, object } = await findTagged(environment, arn);
  const kept = Object.keys({ ...object['spec'].tags, ...change }).filter((key) => change[key] !== null);
  if (kept.length > tagLimit) throw invalidParameter(`A resource can have at most ${tagLimit} tags`);
  await environment.client
    .resource(ref)
    .patch(object.metadata!.name!, undefined, { spec: { tags: change } }, { type: 'merge' });
  return {};
}

/** TagResource, UntagResource and ListTagsForResource. */
export function tagOperations(environment: Environment): Operations {
  return {
    ListTagsForResource: async (input) => ({
      tags: (await findTagged(environment, input['resourceArn'])).object['spec'].tags ?? {},
    }),
    TagResource: (input) => changeTags(environment, input['resourceArn'], input['tags'] ?? {}),
    UntagResource: (input) => {
      const keys: string[] = input['tagKeys'] ?? [];
      return changeTags(environment, input['resourceArn'], Object.fromEntries(keys.map((key) => [key, null])));
    },
  };
}
