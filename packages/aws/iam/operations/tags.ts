import { invalidInput, limitExceeded } from './errors.ts';

/** A tag as IAM's API has it. */
export interface TagInput {
  readonly Key: string;
  readonly Value: string;
}

interface StoredTag {
  key: string;
  value: string;
}

const mostTags = 50;

/** Tags as they are kept. @throws AwsError when a key is there twice (IAM does not tell cases apart). */
export function storedTags(tags: readonly TagInput[] | undefined): StoredTag[] {
  const given = tags ?? [];
  const keys = new Set(given.map(({ Key }) => Key.toLowerCase()));
  if (keys.size !== given.length)
    throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  return given.map(({ Key, Value }) => ({ key: Key, value: Value }));
}

/** `existing` with `tags` put over it. */
export function mergeTags(existing: readonly StoredTag[], tags: readonly TagInput[]): StoredTag[] {
  const added = storedTags(tags);
  const replaced = new Set(added.map(({ key }) => key.toLowerCase()));
  const merged = [...existing.filter(({ key }) => !replaced.has(key.toLowerCase())), ...added];
  if (merged.length > mostTags) throw limitExceeded('The number of tags has reached the maximum limit.');
  return merged;
}

export function withoutTags(existing: readonly StoredTag[], keys: readonly string[]): StoredTag[] {
  const removed = new Set(keys.map((key) => key.toLowerCase()));
  return existing.filter(({ key }) => !removed.has(key.toLowerCase()));
}

export function tagsOutput(tags: readonly StoredTag[] | undefined): TagInput[] {
  return (tags ?? []).map(({ key, value }) => ({ Key: key, Value: value }));
}

/** Tags as a member that is there only when there are any. */
export function tagsMember(tags: readonly StoredTag[] | undefined): { Tags?: TagInput[] } {
  return tags === undefined || tags.length === 0 ? {} : { Tags: tagsOutput(tags) };
}
