import type { ApiObject } from '../object.ts';
import { type ApplyTarget, VersionedObject, withoutStripped } from './apply-target.ts';
import { compareValues } from './compare-values.ts';
import {
  below,
  differenceOf,
  type FieldSet,
  includesSet,
  isEmptySet,
  isLeaf,
  isMember,
  noFields,
  quotedElement,
  unionOf,
} from './field-set.ts';
import { identityOf, ManagedEntry, ManagedFields, type Manager, owning, sameManager } from './managed-fields.ts';
import { reconcileFields } from './reconcile-fields.ts';

/** So many managers that update are told apart; the oldest beyond that become one (upstream's DefaultMaxUpdateManagers). */
const mostUpdateManagers = 10;
const ancient = 'ancient-changes';

/** What one write changed, as one version sees it. */
export interface Change {
  /** Fields with a new value. */
  readonly set: FieldSet;
  readonly removed: FieldSet;
}

export interface ManagerUpdate {
  readonly target: ApplyTarget;
  /** The object as it is stored, in the target's version; undefined when the write creates it. */
  readonly live: Readonly<ApiObject> | undefined;
  /** What it becomes, after defaults and before admission. */
  readonly object: Readonly<ApiObject>;
  /** The managers it has: the live object's, or what the client sent instead. */
  readonly managed: ManagedFields;
  readonly manager: string;
  /** RFC 3339, in seconds. */
  readonly now: string;
}

/** What a write changed as the target's own version sees it. @throws ListElementError */
function changeOf(target: ApplyTarget, live: unknown, object: unknown): Change {
  const type = target.schema.typeOf(target.apiVersion);
  if (type === undefined) return { set: noFields, removed: noFields };
  const { added, modified, removed } = compareValues(type, live, object);
  const { apiVersion } = target;
  return {
    set: target.changeable(apiVersion, unionOf(modified, added)),
    removed: target.changeable(apiVersion, removed),
  };
}

/** Texts of a set's members, as they stand in the JSON of any set that has them; undefined when they are many. */
function memberTexts(changes: readonly FieldSet[]): string[] | undefined {
  const texts = new Set<string>();
  const collect = (set: FieldSet): boolean => {
    for (const element in set) {
      if (element === '.') continue;
      const node = set[element]!;
      if (isMember(node)) texts.add(quotedElement(element));
      if (texts.size > mostTexts) return false;
      if (!isLeaf(node) && !collect(below(node))) return false;
    }
    return true;
  };
  return changes.every(collect) ? [...texts] : undefined;
}

const mostTexts = 24;

/** What managers have left when a write takes fields from them. Entries that lose nothing stay the same. */
export async function withoutChanged(
  entries: readonly ManagedEntry[],
  target: ApplyTarget,
  changeIn: (apiVersion: string) => Change | undefined | Promise<Change | undefined>,
): Promise<ManagedEntry[]> {
  const rest: ManagedEntry[] = [];
  const own = await changeIn(target.apiVersion);
  const texts = own && memberTexts([own.set, own.removed]);
  for (const entry of entries) {
    const same = entry.apiVersion === target.apiVersion;
    if (same && texts !== undefined && !texts.some((text) => entry.text.includes(text))) {
      rest.push(entry);
      continue;
    }
    const change = same ? own : await changeIn(entry.apiVersion);
    // The entry's version is not served any more.
    if (change === undefined) continue;
    const left = differenceOf(differenceOf(entry.fields, change.set), change.removed);
    rest.push(includesSet(left, entry.fields) ? entry : entry.with(left));
  }
  return owning(rest);
}

/** Entries as the schema that is now sees them; those of versions that are not served any more stay as they are. */
export function reconciled(entries: readonly ManagedEntry[], target: ApplyTarget): ManagedEntry[] {
  return entries.map((entry) => {
    const type = target.schema.typeOf(entry.apiVersion);
    if (type === undefined) return entry;
    const fields = reconcileFields(type, entry.fields);
    return fields === entry.fields ? entry : entry.with(fields);
  });
}

/**
 * The managed fields after a create, an update or a patch that is no apply: whoever made it manages what it changed, and
 * nobody else does any more. An object that has no managers is not given any by a change, only by its creation.
 * @throws ListElementError, and what the schema's conversion throws
 */
export async function updateManagers(update: ManagerUpdate): Promise<ManagedFields> {
  const { target, live, object, managed } = update;
  if (managed.isEmpty && live !== undefined) return managed;
  const change = changeOf(target, live ?? target.empty(target.apiVersion), object);
  if (isEmptySet(change.set) && isEmptySet(change.removed)) return managed;
  const others = managed.isEmpty ? [] : await withoutChanged(managed.entries, target, changes(update, change));
  const mine = withoutStripped(change.set);
  return ManagedFields.of(capped(isEmptySet(mine) ? others : withOwn(update, managed.entries, others, mine)));
}

/** The change in every version that a manager speaks. */
function changes({ target, live, object }: ManagerUpdate, own: Change) {
  const known = new Map<string, Change>([[target.apiVersion, own]]);
  const before = new VersionedObject(target, target.apiVersion, live);
  const after = new VersionedObject(target, target.apiVersion, object);
  return async (apiVersion: string): Promise<Change | undefined> => {
    let change = known.get(apiVersion);
    const type = target.schema.typeOf(apiVersion);
    if (change !== undefined || type === undefined) return change;
    const { added, modified, removed } = compareValues(type, await before.as(apiVersion), await after.as(apiVersion));
    change = {
      set: target.changeable(apiVersion, unionOf(modified, added)),
      removed: target.changeable(apiVersion, removed),
    };
    known.set(apiVersion, change);
    return change;
  };
}

/** Adds what was changed to what the manager had. */
function withOwn(
  { target, manager, now }: ManagerUpdate,
  before: readonly ManagedEntry[],
  others: readonly ManagedEntry[],
  mine: FieldSet,
): ManagedEntry[] {
  const { apiVersion, subresource } = target;
  const of: Manager = { manager: manager === '' ? 'unknown' : manager, operation: 'Update', apiVersion, subresource };
  const had = others.find((entry) => sameManager(entry, of));
  const fields = had === undefined ? mine : unionOf(had.fields, mine);
  // What it managed before the write it still does: then the text need not be made anew.
  const previous = before.find((entry) => sameManager(entry, of));
  const same = previous !== undefined && includesSet(previous.fields, fields) && includesSet(fields, previous.fields);
  const own = same ? previous.at(now) : new ManagedEntry(of, now, fields);
  return [...others.filter((entry) => entry !== had), own];
}

function seconds(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}

/** Makes one of the oldest managers of each version, until there are few enough. */
function capped(entries: readonly ManagedEntry[]): readonly ManagedEntry[] {
  const updaters = entries.filter((entry) => entry.operation === 'Update');
  if (updaters.length <= mostUpdateManagers) return entries;
  const byAge = updaters
    .map((entry) => ({ entry, identity: identityOf(entry) }))
    .sort(
      (one, other) => seconds(one.entry.time) - seconds(other.entry.time) || (one.identity < other.identity ? -1 : 1),
    );
  const kept = new Map(entries.map((entry) => [identityOf(entry), entry]));
  const firstOf = new Map<string, string>();
  let count = updaters.length;
  for (const { entry, identity } of byAge) {
    if (count <= mostUpdateManagers) break;
    const { apiVersion } = entry;
    const first = firstOf.get(apiVersion);
    if (first === undefined) {
      firstOf.set(apiVersion, identity);
      continue;
    }
    const bucket: Manager = { manager: ancient, operation: 'Update', apiVersion, subresource: '' };
    const name = identityOf(bucket);
    const old = kept.get(name) ?? kept.get(first)!;
    if (!kept.has(name)) kept.delete(first);
    kept.set(name, new ManagedEntry(bucket, entry.time, unionOf(entry.fields, old.fields)));
    if (identity !== name) kept.delete(identity);
    count--;
  }
  return [...kept.values()];
}
