import {
  type ApiObject,
  type FieldError,
  type ManagedFields,
  putManagedFields,
  type SubresourceUpdate,
  validateObjectMetaUpdate,
} from '@keelson/model';
import { type ApiManagedFields, AppliedObject, takeSent } from '../apply/field-management.ts';
import { PlannedManagement } from '../apply/planned-management.ts';
import { conflict, invalid } from '../request/status-error.ts';
import type { CachedObject } from '../storage/cached-object.ts';
import { admissionRequest } from './admission-request.ts';
import { apartAs, encodeFrom } from './object-form.ts';
import { metadataOf, raiseGeneration, settleName, settleNamespace, stampChanged } from './object-metadata.ts';
import { applyDefaults, factsOf } from './plan-create.ts';
import type { PlannerTools } from './planner-tools.ts';
import { sameJson } from './same-json.ts';
import type { WriteContext, WritePlan } from './write-plan.ts';

/**
 * Makes the new object from the present one, both of the resource's own form and private to the call; the present one
 * carries its resourceVersion, and not its managed fields, which are apart. It is called again when another write came
 * between.
 */
export type Modify = (present: ApiObject, managed: ManagedFields) => Modified | Promise<Modified>;
/** Of an applied configuration the managers are settled; of any other change they follow from it. */
export type Modified = ApiObject | AppliedObject;

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
  const { object: previous, managed: kept } = apartAs(resource, present);
  const modified = await modify(apartAs(resource, present).object, kept);
  const object = modified instanceof AppliedObject ? modified.object : modified;
  const sent = takeSent(object);
  settleName(object, present.name);
  settleNamespace(object, resource, namespace);
  checkRevision(context, object, present, rules);
  stampChanged(object, previous, resource);
  applyDefaults(context, object);
  const management = new PlannedManagement(
    object,
    modified instanceof AppliedObject
      ? modified.managed
      : await managersAfter(tools, context, { rules, previous, object, kept, sent }),
  );
  putManagedFields(metadataOf(previous), kept);
  const request = admissionRequest(context, { operation: 'UPDATE', name: present.name, object, previous });
  if (!context.admitted) await tools.admission.mutate(request);
  management.settle(context.warnings);
  prepare(tools, context, object, previous, rules);
  management.put();
  const problems = validate(context, object, previous, rules);
  if (problems.length > 0) throw invalid(resource, present.name, problems);
  if (rules === 'main') context.warnings.push(...(resource.strategy.warnings?.(object, previous) ?? []));
  if (!context.admitted) await tools.admission.validate(request);
  return finishUpdate(tools, context, present, { previous, object, kept, management });
}

/** A sub-resource that knows what it changes (a binding) is nobody's to manage. */
async function managersAfter(
  tools: PlannerTools,
  context: WriteContext,
  change: {
    readonly rules: UpdateRules;
    readonly previous: ApiObject;
    readonly object: ApiObject;
    readonly kept: ManagedFields;
    readonly sent: ApiManagedFields;
  },
): Promise<ManagedFields> {
  const { rules, previous, object, kept, sent } = change;
  if (tools.management === undefined || rules === 'none') return kept;
  return tools.management.updated(context, previous, object, kept, sent);
}

interface PreparedChange {
  readonly previous: ApiObject;
  readonly object: ApiObject;
  readonly kept: ManagedFields;
  readonly management: PlannedManagement;
}

async function finishUpdate(
  tools: PlannerTools,
  context: WriteContext,
  present: CachedObject,
  { previous, object, kept, management }: PreparedChange,
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
    const same = !removed && management.sameAs(kept) && sameObject(object, previous);
    if (same) management.restore(kept);
    const stored = same && resource.form === undefined;
    const bytes = stored ? present.bytes : await management.encoded(() => encodeFrom(resource, object));
    const unchanged = stored || (same && (await tools.isStored(present.key, bytes)));
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

/** Whether nothing but the managed fields is different, or the order in which it is written. */
function sameObject(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): boolean {
  const { resourceVersion: _, managedFields: __, ...before } = previous.metadata ?? {};
  const { managedFields: ___, ...after } = object.metadata ?? {};
  return sameJson({ ...object, metadata: after }, { ...previous, metadata: before });
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
