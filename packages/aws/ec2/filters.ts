import { AwsError } from '@keelson/aws-protocol';
import type { ResourceTag } from '@keelson/model/region/object-types.ts';

/** One of a Describe call's filters: any of the values, in which `*` and `?` stand for anything. */
export interface Filter {
  readonly Name?: string;
  readonly Values?: readonly string[];
}

/** What a filter's name is compared with: the values that an item has for it. */
export type FilterValues<T> = Readonly<Record<string, (item: T) => string | readonly string[] | undefined>>;

function patternOf(value: string): RegExp {
  const source = value
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 's');
}

function valuesFor<T>(name: string, item: T, fields: FilterValues<T>, tags: readonly ResourceTag[]): readonly string[] {
  if (name.startsWith('tag:')) return tags.filter((tag) => tag.key === name.slice(4)).map((tag) => tag.value);
  if (name === 'tag-key') return tags.map((tag) => tag.key);
  const value = fields[name]?.(item);
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** The items that every filter lets through. @throws AwsError InvalidParameterValue for a filter that the call has not */
export function applyFilters<T extends { spec: { tags?: ResourceTag[] } }>(
  items: readonly T[],
  filters: readonly Filter[] | undefined,
  fields: FilterValues<T>,
): T[] {
  let left = [...items];
  for (const { Name: name = '', Values: values = [] } of filters ?? []) {
    const known = name.startsWith('tag:') || name === 'tag-key' || Object.hasOwn(fields, name);
    if (!known) throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
    const patterns = values.map(patternOf);
    left = left.filter((item) =>
      valuesFor(name, item, fields, item.spec.tags ?? []).some((value) =>
        patterns.some((pattern) => pattern.test(value)),
      ),
    );
  }
  return left;
}

/** One page by MaxResults and NextToken (the place to go on from, in base64). @throws AwsError InvalidParameterValue */
export function paginate<T>(
  items: readonly T[],
  input: { MaxResults?: number; NextToken?: string },
): { page: T[]; next?: string } {
  const start = input.NextToken === undefined ? 0 : Number(Buffer.from(input.NextToken, 'base64').toString());
  if (!Number.isInteger(start) || start < 0)
    throw new AwsError('InvalidNextToken', 'The specified NextToken is not valid');
  const end = input.MaxResults === undefined ? items.length : start + input.MaxResults;
  const page = items.slice(start, end);
  return end < items.length ? { page, next: Buffer.from(String(end)).toString('base64') } : { page };
}
