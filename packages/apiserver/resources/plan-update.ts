import { type ApiObject, type FieldError, type SubresourceUpdate, validateObjectMetaUpdate } from '@keelson/model';
import { conflict, invalid } from '../request/status-error.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import { admissionRequest } from './admission-request.ts';
import { decodeAs, encodeFrom } from './object-form.ts';
import { metadataOf, raiseGeneration, settleName, settleNamespace, stampChanged } from './object-metadata.ts';
import { applyDefaults, factsOf } from './plan-create.ts';
import type { PlannerTools } from './planner-tools.ts';
import { sameJson } from './same-json.ts';
import type { WriteContext, WritePlan } from './write-plan.ts';

/**
 * Makes the new object from the present one, both of the resource's own form and private to the call; the present one
 * carries its resourceVersion. It is called again when another write came between.
 */
export type Modify = (present: ApiObject) => ApiObject | Promise<ApiObject>;

/**
 * Which rules of the kind hold: those of an update, of its status, of another sub-resource of the kind's, or none
 * (sub-resources that know what they change).
 */
export type UpdateRules = 'main' | 'status' | 'none' | SubresourceUpdate;

/** The refusal of an update that must say which revision it was made from. */
const revisionRequired: FieldError = {
  type: 'FieldValueInvalid',
  field: 'metadata.resourceVersion',
  message: 'Invalid value: 0x0: must be specified for an update',
};

/**
 * A change of an object that exists, taken through defaults, admission, the kind's own rules and reservations. An update
 * that takes away the last finalizer of an object that is being deleted removes it.
 * @throws StatusError
 */
export async function planUpdate(
  tools: PlannerTools,
  context: WriteContext,
  present: CachedObject,
  modify: Modify,
  rules: UpdateRules,
): Promise<WritePlan> {
  const { resource, namespace } = context;
  const previous = decodeAs(resource, present);
  const object = await modify(decodeAs(resource, present));
  settleName(object, present.name);
  settleNamespace(object, resource, namespace);
  checkRevision(context, object, present, rules);
  stampChanged(object, previous, resource);
  applyDefaults(context, object);
  const request = admissionRequest(context, { operation: 'UPDATE', name: present.name, object, previous });
  if (!context.admitted) await tools.admission.mutate(request);
  prepare(tools, context, object, previous, rules);
  const problems = validate(context, object, previous, rules);
  if (problems.length > 0) throw invalid(resource, present.name, problems);
  if (rules === 'main') context.warnings.push(...(resource.strategy.warnings?.(object, previous) ?? []));
  if (!context.admitted) await tools.admission.validate(request);
  return finishUpdate(tools, context, present, previous, object);
}

async function finishUpdate(
  tools: PlannerTools,
  context: WriteContext,
  present: CachedObject,
  previous: ApiObject,
  object: ApiObject,
): Promise<WritePlan> {
  const { resource, dryRun } = context;
  const hooks = tools.hooks.of(resource);
  const meta = metadataOf(object);
  const removed =
    meta.deletionTimestamp !== undefined &&
    (meta.finalizers ?? []).length === 0 &&
    !meta.deletionGracePeriodSeconds &&
    !hooks?.holdsDeletion?.(object);
  const reservation = await hooks?.reserve?.(removed ? { previous, dryRun } : { object, previous, dryRun });
  try {
    const bytes = await encodeFrom(resource, object);
    const unchanged = !removed && (await isUnchanged(tools, present, bytes, object, previous));
    return {
      context,
      name: present.name,
      key: present.key,
      expected: present.revision,
      outcome: removed ? 'deleted' : unchanged ? 'unchanged' : 'updated',
      bytes,
      object,
      ttl: resource.strategy.ttl,
      reservation,
      previous: present,
    };
  } catch (error) {
    reservation?.undo();
    throw error;
  }
}

/** Whether writing would change nothing: neither the object nor the version that it is stored as. */
async function isUnchanged(
  tools: PlannerTools,
  present: CachedObject,
  bytes: Uint8Array,
  object: ApiObject,
  previous: ApiObject,
): Promise<boolean> {
  if (present.resource.form === undefined) return bytes.length === present.bytes.length && sameObject(object, previous);
  return sameObject(object, previous) && tools.isStored(present.key, bytes);
}

/** Whether nothing is different but the order in which it is written. */
function sameObject(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): boolean {
  const { resourceVersion: _, ...metadata } = previous.metadata ?? {};
  return sameJson(object, { ...previous, metadata });
}

/** @throws StatusError 409 when the object was made from another revision, 422 when it must say which */
function checkRevision(context: WriteContext, object: ApiObject, present: CachedObject, rules: UpdateRules): void {
  const { resource } = context;
  const sent = metadataOf(object).resourceVersion;
  if (sent) {
    if (sent !== String(present.revision)) throw conflict(resource, present.name);
  } else if (rules !== 'none' && resource.strategy.unconditionalUpdate === false) {
    throw invalid(resource, present.name, [revisionRequired]);
  }
}

function prepare(
  tools: PlannerTools,
  context: WriteContext,
  object: ApiObject,
  previous: ApiObject,
  rules: UpdateRules,
): void {
  const { strategy } = context.resource;
  if (rules === 'main') {
    strategy.prepareForUpdate?.(object, previous);
    applyDefaults(context, object);
    if (strategy.generation) raiseGeneration(object, previous);
  } else if (rules === 'status') {
    if (strategy.prepareForStatusUpdate) strategy.prepareForStatusUpdate(object, previous, factsOf(tools, context));
    else keepAllButStatus(object, previous);
  } else if (rules !== 'none') {
    rules.prepare(object, previous, factsOf(tools, context));
    applyDefaults(context, object);
    if (strategy.generation) raiseGeneration(object, previous);
  }
}

/** An update through /status changes the status alone. */
function keepAllButStatus(object: ApiObject, previous: ApiObject): void {
  for (const name of Object.keys(object)) if (name !== 'status' && !(name in previous)) delete object[name];
  for (const name of Object.keys(previous)) if (name !== 'status') object[name] = previous[name];
  delete object.metadata?.resourceVersion;
}

function validate(
  { resource }: WriteContext,
  object: ApiObject,
  previous: ApiObject,
  rules: UpdateRules,
): readonly FieldError[] {
  const { strategy } = resource;
  const problems = validateObjectMetaUpdate(metadataOf(object), metadataOf(previous), strategy);
  if (rules === 'main') return [...problems, ...(strategy.validateUpdate?.(object, previous) ?? [])];
  if (rules === 'status') return [...problems, ...(strategy.validateStatusUpdate?.(object, previous) ?? [])];
  if (rules !== 'none') return [...problems, ...rules.validate(object, previous)];
  return problems;
}
