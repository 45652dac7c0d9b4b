import { AwsError } from '@keelson/aws-protocol';
import type { ResourceRef } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import type { ResourceTag } from '@keelson/model/region/object-types.ts';
import { applyFilters, paginate } from '../filters.ts';
import { mergeTags, readTags } from '../tags.ts';
import {
  type Environment,
  getById,
  type IdKind,
  type Input,
  type Operations,
  retryOnConflict,
  stopIfDryRun,
} from './environment.ts';
import { taggable } from './id-kinds.ts';

async function changeTags(environment: Environment, input: Input, change: ReadonlyMap<string, string | undefined>) {
  stopIfDryRun(input);
  for (const id of (input['Resources'] ?? []) as string[]) {
    const kind: IdKind | undefined = taggable.find((one) => id.startsWith(`${one.prefix}-`));
    if (!kind) throw new AwsError('InvalidID', `The ID '${id}' is not valid`);
    await retryOnConflict(async () => {
      const object = await getById<ApiObject>(environment, kind, id);
      object['spec'].tags = mergeTags(object['spec'].tags ?? [], change);
      await environment.client.resource(kind.ref).update(object);
    });
  }
  return {};
}

async function describeTags(environment: Environment, input: Input) {
  const rows: { id: string; type: string; tag: ResourceTag; spec: Record<string, never> }[] = [];
  for (const { ref, type } of taggable) {
    const { items } = await environment.client.resource(ref as ResourceRef).list();
    for (const object of items as ApiObject[]) {
      for (const tag of object['spec'].tags ?? []) rows.push({ id: object.metadata!.name!, type, tag, spec: {} });
    }
  }
  const found = applyFilters(rows, input['Filters'], {
    'resource-id': (row) => row.id,
    'resource-type': (row) => row.type,
    key: (row) => row.tag.key,
    value: (row) => row.tag.value,
  });
  const { page, next } = paginate(found, input);
  return {
    Tags: page.map(({ id, type, tag }) => ({ ResourceId: id, ResourceType: type, Key: tag.key, Value: tag.value })),
    NextToken: next,
  };
}

export function tagOperations(environment: Environment): Operations {
  return {
    CreateTags: (input) => {
      const tags = readTags(input.Tags);
      return changeTags(environment, input, new Map(tags.map(({ key, value }) => [key, value])));
    },
    DeleteTags: (input) => {
      const keys: string[] = (input.Tags ?? []).map((tag: Input) => tag['Key'] ?? '');
      return changeTags(environment, input, new Map(keys.map((key) => [key, undefined])));
    },
    DescribeTags: (input) => describeTags(environment, input),
  };
}
