import type { ApiObject } from '../object.ts';
import { ApplyConflict, type FieldConflict } from './apply-conflict.ts';
import { type ApplyTarget, VersionedObject, withoutStripped } from './apply-target.ts';
import { compareValues } from './compare-values.ts';
import { differenceOf, type FieldSet, intersectionOf, isEmptySet, noFields, pathsOf, unionOf } from './field-set.ts';
import { fieldsOfValue } from './fields-of-value.ts';
import { identityOf, ManagedEntry, ManagedFields, type Manager } from './managed-fields.ts';
import { mergeValues } from './merge-values.ts';
import { removeFields, withNamedFields } from './remove-fields.ts';
import { type Change, reconciled, updateManagers, withoutChanged } from './update-managers.ts';
import { validateConfiguration } from './validate-configuration.ts';
import { equalValues } from './value-kind.ts';

/** What manages fields that were there before anybody's were kept. */
const beforeFirstApply = 'before-first-apply';

export interface Application {
  readonly target: ApplyTarget;
  /** The object as it is stored, in the target's version and without managed fields; undefined: the apply creates it. */
  readonly live: Readonly<ApiObject> | undefined;
  readonly managed: ManagedFields;
  /** What is applied, as it came: of the target's kind and version. */
  readonly config: Readonly<ApiObject>;
  readonly manager: string;
  /** Takes what others manage with another value. */
  readonly force: boolean;
  /** RFC 3339, in seconds. */
  readonly now: string;
}

export interface Applied {
  /** The object with the configuration in it. Fields that the configuration gave up are gone or null. */
  readonly object: ApiObject;
  readonly managed: ManagedFields;
}

/**
 * Puts a configuration into an object (https://kubernetes.io/docs/reference/using-api/server-side-apply/): what it says is
 * merged over what is there, what it said the last time and says no more goes unless somebody else manages it, and its
 * manager has from then on exactly the fields that it says.
 * @throws PatchError when the configuration is none of the kind
 * @throws ApplyConflict when others manage fields with another value, unless the apply is forced
 */
export async function applyConfiguration(application: Application): Promise<Applied> {
  validateConfiguration(application);
  const { target, config } = application;
  const known = await withFirstManager(application);
  const entries = new Map(reconciled(known.entries, target).map((entry) => [identityOf(entry), entry]));
  const { apiVersion, subresource } = target;
  const of: Manager = { manager: application.manager, operation: 'Apply', apiVersion, subresource };
  const identity = identityOf(of);
  const type = target.schema.typeOf(apiVersion)!;
  const live = application.live ?? target.empty(apiVersion);
  const last = entries.get(identity);
  const fields = target.changeable(apiVersion, fieldsOfValue(type, config));
  entries.set(identity, new ManagedEntry(of, last?.time, fields));
  const merged = mergeValues(type, live, config);
  const object = await pruned(target, merged, last, entries);
  const others = await takenFrom(
    application,
    live,
    object,
    [...entries.values()].filter((entry) => identityOf(entry) !== identity),
  );
  const changed = !equalValues(live, object);
  const mine = withoutStripped(fields);
  const own = isEmptySet(mine) ? [] : [new ManagedEntry(of, changed ? application.now : last?.time, mine)];
  return { object: object as ApiObject, managed: ManagedFields.of([...others, ...own]) };
}

/** An object that nobody manages was made by somebody before: what is in it is theirs. */
async function withFirstManager({ target, live, managed, now }: Application): Promise<ManagedFields> {
  if (!managed.isEmpty || live === undefined) return managed;
  return updateManagers({ target, live: undefined, object: live, managed, manager: beforeFirstApply, now });
}

/** What others have left. @throws ApplyConflict */
async function takenFrom(
  { target, force }: Application,
  live: unknown,
  object: unknown,
  others: readonly ManagedEntry[],
): Promise<ManagedEntry[]> {
  const before = new VersionedObject(target, target.apiVersion, live);
  const after = new VersionedObject(target, target.apiVersion, object);
  const known = new Map<string, Change>();
  const changeIn = async (apiVersion: string): Promise<Change | undefined> => {
    const type = target.schema.typeOf(apiVersion);
    if (type === undefined || known.has(apiVersion)) return known.get(apiVersion);
    const { added, modified, removed } = compareValues(type, await before.as(apiVersion), await after.as(apiVersion));
    const change = {
      set: target.changeable(apiVersion, unionOf(modified, added)),
      removed: target.changeable(apiVersion, removed),
    };
    known.set(apiVersion, change);
    return change;
  };
  if (!force) await checkConflicts(others, changeIn);
  return withoutChanged(others, target, changeIn);
}

async function checkConflicts(
  others: readonly ManagedEntry[],
  changeIn: (apiVersion: string) => Promise<Change | undefined>,
): Promise<void> {
  const conflicts: FieldConflict[] = [];
  for (const entry of others) {
    const change = await changeIn(entry.apiVersion);
    if (change === undefined) continue;
    const both = intersectionOf(entry.fields, change.set);
    for (const path of pathsOf(both)) conflicts.push({ manager: entry, path });
  }
  if (conflicts.length > 0) throw new ApplyConflict(conflicts);
}

/**
 * The merged object without what the manager applied the last time and does not any more, unless it is somebody else's
 * too. What nobody had goes as little as what others have.
 */
async function pruned(
  target: ApplyTarget,
  merged: unknown,
  last: ManagedEntry | undefined,
  entries: ReadonlyMap<string, ManagedEntry>,
): Promise<unknown> {
  if (last === undefined || isEmptySet(last.fields)) return merged;
  const version = last.apiVersion;
  const type = target.schema.typeOf(version);
  if (type === undefined) return merged;
  const whole = await converted(target, target.apiVersion, merged, version);
  const lastFields = withNamedFields(type, last.fields);
  let rest = removeFields(type, whole, lastFields);
  rest = await withOwned(target, version, whole, rest, entries);
  const kept = withNamedFields(type, fieldsOfValue(type, rest));
  const gone = differenceOf(withNamedFields(type, fieldsOfValue(type, whole)), kept);
  rest = removeFields(type, whole, intersectionOf(gone, lastFields));
  return converted(target, version, rest, target.apiVersion);
}

/** Puts back what was removed and is managed by anybody, in each version that they speak. @returns of `version` */
async function withOwned(
  target: ApplyTarget,
  version: string,
  whole: unknown,
  rest: unknown,
  entries: ReadonlyMap<string, ManagedEntry>,
): Promise<unknown> {
  const managed = new Map<string, FieldSet>([[version, noFields]]);
  for (const { apiVersion, fields } of entries.values())
    managed.set(apiVersion, unionOf(managed.get(apiVersion) ?? noFields, fields));
  let at = version;
  let object = whole;
  let left = rest;
  for (const [apiVersion, fields] of managed) {
    const type = target.schema.typeOf(apiVersion);
    if (type === undefined || (apiVersion === version && isEmptySet(fields))) continue;
    object = await converted(target, at, object, apiVersion);
    left = await converted(target, at, left, apiVersion);
    at = apiVersion;
    const had = withNamedFields(type, fieldsOfValue(type, object));
    const has = withNamedFields(type, fieldsOfValue(type, left));
    left = removeFields(type, object, differenceOf(had, unionOf(has, withNamedFields(type, fields))));
  }
  return converted(target, at, left, version);
}

async function converted(target: ApplyTarget, from: string, value: unknown, to: string): Promise<unknown> {
  if (from === to || value === null || value === undefined) return value;
  return target.schema.convert(value as ApiObject, to);
}
