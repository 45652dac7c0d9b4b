import { AwsError } from '@keelson/aws-protocol';
import type { ResourceTag } from '@keelson/model/region/object-types.ts';

const tagLimit = 50;

/** Tags as the API writes them. */
export function tagViews(tags: readonly ResourceTag[] | undefined): { Key: string; Value: string }[] {
  return (tags ?? []).map(({ key, value }) => ({ Key: key, Value: value }));
}

/** Tags as they are stored, checked. @throws AwsError */
export function readTags(given: readonly { Key?: string; Value?: string }[] | undefined): ResourceTag[] {
  const tags = (given ?? []).map(({ Key: key = '', Value: value = '' }) => ({ key, value }));
  for (const { key, value } of tags) {
    if (key === '') throw new AwsError('InvalidParameterValue', 'Tag keys cannot be empty.');
    if (key.toLowerCase().startsWith('aws:')) {
      throw new AwsError('InvalidParameterValue', "Tag keys starting with 'aws:' are reserved for internal use");
    }
    if (key.length > 127 || value.length > 255) throw new AwsError('InvalidParameterValue', `Tag ${key} is too long`);
  }
  if (new Set(tags.map((tag) => tag.key)).size !== tags.length) {
    throw new AwsError('InvalidParameterValue', 'Duplicate tag keys are not allowed');
  }
  if (tags.length > tagLimit) throw new AwsError('TagLimitExceeded', `More than ${tagLimit} tags are not allowed`);
  return tags;
}

interface TagSpecification {
  readonly ResourceType?: string;
  readonly Tags?: readonly { Key?: string; Value?: string }[];
}

/** The tags that a Create call gives to what it makes of `type` (`vpc`, `instance`). @throws AwsError */
export function specifiedTags(specifications: readonly TagSpecification[] | undefined, type: string): ResourceTag[] {
  return readTags((specifications ?? []).filter((one) => one.ResourceType === type).flatMap((one) => one.Tags ?? []));
}

/** `tags` with `change`: a value sets, undefined removes. */
export function mergeTags(
  tags: readonly ResourceTag[],
  change: ReadonlyMap<string, string | undefined>,
): ResourceTag[] {
  const kept = tags.filter((tag) => !change.has(tag.key));
  const added = [...change].flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }]));
  return [...kept, ...added];
}
