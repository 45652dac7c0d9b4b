import { rfc3339 } from '@keelson/base';
import { type ApiObject, applyTableDefaults, ManagedFields, validateObjectMeta, type WriteFacts } from '@keelson/model';
import { AppliedObject, takeSent } from '../apply/field-management.ts';
import { PlannedManagement } from '../apply/planned-management.ts';
import { invalid } from '../request/status-error.ts';
import { admissionRequest } from './admission-request.ts';
import { encodeFrom } from './object-form.ts';
import { metadataOf, settleNamespace, stampNew } from './object-metadata.ts';
import type { PlannerTools } from './planner-tools.ts';
import type { WriteContext, WritePlan } from './write-plan.ts';

/**
 * A new object, taken through defaults, admission, the kind's own rules and reservations.
 * @param made private to the call, of the resource's own form; of an applied configuration the managers are settled
 * @throws StatusError
 */
export async function planCreate(
  tools: PlannerTools,
  context: WriteContext,
  made: ApiObject | AppliedObject,
): Promise<WritePlan> {
  const { resource, namespace, dryRun } = context;
  const { strategy } = resource;
  const object = made instanceof AppliedObject ? made.object : made;
  settleNamespace(object, resource, namespace);
  takeSent(object);
  applyDefaults(context, object);
  const management = new PlannedManagement(object, await managersOfNew(tools, context, made));
  const request = admissionRequest(context, { operation: 'CREATE', name: metadataOf(object).name ?? '', object });
  if (!context.admitted) await tools.admission.mutate(request);
  management.settle(context.warnings);
  stampNew(object, resource, tools.world);
  strategy.prepareForCreate?.(object, factsOf(tools, context));
  applyDefaults(context, object);
  const meta = metadataOf(object);
  const { nameForm = 'dnsSubdomain', plainFinalizers = false } = strategy;
  const rules = { namespaced: resource.namespaced, nameForm, plainFinalizers };
  management.put();
  const problems = [...validateObjectMeta(meta, rules), ...(strategy.validate?.(object) ?? [])];
  if (problems.length > 0) throw invalid(resource, meta.name ?? '', problems);
  context.warnings.push(...(strategy.warnings?.(object) ?? []));
  if (!context.admitted) await tools.admission.validate(request);
  const name = meta.name!;
  const reservation = await tools.hooks.of(resource)?.reserve?.({ object, dryRun });
  try {
    return {
      context,
      name,
      key: tools.cacheOf(resource).keyOf(namespace, name),
      expected: 0,
      outcome: 'created',
      bytes: await management.encoded(() => encodeFrom(resource, object)),
      object,
      ttl: strategy.ttl,
      reservation,
      previous: undefined,
    };
  } catch (error) {
    reservation?.undo();
    throw error;
  }
}

async function managersOfNew(
  tools: PlannerTools,
  context: WriteContext,
  made: ApiObject | AppliedObject,
): Promise<ManagedFields> {
  if (made instanceof AppliedObject) return made.managed;
  return (await tools.management?.created(context, made)) ?? ManagedFields.none;
}

/** What the kind's preparation may know of the write. */
export function factsOf(tools: PlannerTools, { user }: WriteContext): WriteFacts {
  return { user, now: rfc3339(tools.world.clock.now()) };
}

/** Defaults of the tables, then the kind's own. Idempotent. */
export function applyDefaults({ resource }: Pick<WriteContext, 'resource'>, object: ApiObject): void {
  if (resource.form === undefined) applyTableDefaults(resource.type, object);
  resource.strategy.defaults?.(object);
}
