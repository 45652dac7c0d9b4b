import { rfc3339 } from '@keelson/base';
import { type ApiObject, encodeObject, putManagedFields } from '@keelson/model';
import type { DeleteOptions } from '../request/delete-options.ts';
import { conflict } from '../request/status-error.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import { admissionRequest } from './admission-request.ts';
import { apartAs } from './object-form.ts';
import { metadataOf } from './object-metadata.ts';
import type { PlannerTools } from './planner-tools.ts';
import type { WriteContext, WritePlan } from './write-plan.ts';

const orphan = 'orphan';
const foreground = 'foregroundDeletion';

/**
 * The deletion of an object: it is removed at once, or marked when finalizers, dependents or a grace period hold it.
 * @throws StatusError
 */
export async function planDelete(
  tools: PlannerTools,
  context: WriteContext,
  present: CachedObject,
  options: DeleteOptions,
): Promise<WritePlan> {
  const { resource, dryRun } = context;
  checkPreconditions(context, present, options);
  const { object: previous, managed } = apartAs(resource, present);
  putManagedFields(metadataOf(previous), managed);
  const request = admissionRequest(context, { operation: 'DELETE', name: present.name, previous });
  if (!context.admitted) await tools.admission.mutate(request);
  if (!context.admitted) await tools.admission.validate(request);
  const { orphanWarning } = resource.strategy;
  if (orphanWarning !== undefined && options.propagationPolicy === undefined) context.warnings.push(orphanWarning);
  const { object } = present.decodeApart();
  const hooks = tools.hooks.of(resource);
  const fate = mark(tools, context, object, options);
  const plan = {
    context,
    name: present.name,
    key: present.key,
    expected: present.revision,
    object: previous,
    ttl: undefined,
    reservation: undefined,
    previous: present,
  };
  if (fate === 'pending') return { ...plan, outcome: 'unchanged', bytes: present.bytes };
  if (fate === 'removed') {
    const reservation = await hooks?.reserve?.({ previous, dryRun });
    return { ...plan, outcome: 'deleted', bytes: present.bytes, reservation };
  }
  delete metadataOf(object).resourceVersion;
  putManagedFields(metadataOf(object), managed);
  const bytes = resource.form === undefined ? encodeObject(object) : await resource.form.encode(object);
  if (Buffer.compare(bytes, present.bytes) === 0) return { ...plan, outcome: 'unchanged', bytes: present.bytes };
  return { ...plan, outcome: 'marked', bytes, object };
}

/** @throws StatusError 409 */
function checkPreconditions({ resource }: WriteContext, present: CachedObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const actual = uid === undefined ? undefined : present.object.metadata?.uid;
  if (uid !== undefined && uid !== actual) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${actual}). The object might have been deleted and then recreated`;
    throw conflict(resource, present.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== String(present.revision)) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${present.revision}). The object might have been modified`;
    throw conflict(resource, present.name, why);
  }
}

/** Changes `object` to what the deletion leaves for now, and tells what becomes of it. */
function mark(
  tools: PlannerTools,
  context: WriteContext,
  object: ApiObject,
  options: DeleteOptions,
): 'removed' | 'marked' | 'pending' {
  const { strategy } = context.resource;
  const meta = metadataOf(object);
  const hooks = tools.hooks.of(context.resource);
  const now = tools.world.clock.now();
  const before = meta.deletionGracePeriodSeconds;
  let grace = strategy.gracePeriod?.(object, options.gracePeriodSeconds) ?? 0;
  const finalizers = finalizersAfter(context, object, options);
  if (meta.deletionTimestamp === undefined)
    for (const name of hooks?.finalizers ?? []) if (!finalizers.includes(name)) finalizers.push(name);
  const held = finalizers.length > 0 || (hooks?.holdsDeletion?.(object) ?? false);
  setFinalizers(object, finalizers);
  if (meta.deletionTimestamp !== undefined) {
    const shorter = options.gracePeriodSeconds !== undefined && grace < (before ?? 0);
    if (before && !shorter) return 'pending';
    if (before) {
      // The period runs from when the deletion was asked for, as upstream's BeforeDelete reckons it.
      const asked = Date.parse(meta.deletionTimestamp) - before * 1000;
      if (grace > 0) meta.deletionTimestamp = rfc3339(asked + grace * 1000);
      else if (held) meta.deletionTimestamp = rfc3339(now);
      meta.deletionGracePeriodSeconds = grace;
    } else grace = 0;
    return grace > 0 || held ? 'marked' : 'removed';
  }
  if (grace === 0 && !held) return 'removed';
  meta.deletionTimestamp = rfc3339(now + grace * 1000);
  meta.deletionGracePeriodSeconds = grace;
  if (meta.generation) meta.generation++;
  hooks?.markDeleted?.(object);
  return 'marked';
}

function setFinalizers(object: ApiObject, finalizers: string[]): void {
  const meta = metadataOf(object);
  if (finalizers.length === 0) delete meta.finalizers;
  else meta.finalizers = finalizers;
}

/** The finalizers with those of the garbage collector as the propagation policy wants them. */
function finalizersAfter(context: WriteContext, object: ApiObject, options: DeleteOptions): string[] {
  const present = metadataOf(object).finalizers ?? [];
  const others = present.filter((name) => name !== orphan && name !== foreground);
  const policy = options.propagationPolicy;
  if (policy === 'Orphan') return [...others, orphan];
  if (policy === 'Foreground') return [...others, foreground];
  if (policy === 'Background') return others;
  if (present.length !== others.length) return [...present];
  return context.resource.strategy.defaultPropagation === 'Orphan' ? [...others, orphan] : others;
}
