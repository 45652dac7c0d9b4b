import { rfc3339 } from '@keelson/base';
import { type ApiObject, applyTableDefaults, validateObjectMeta, type WriteFacts } from '@keelson/model';
import { invalid } from '../request/status-error.ts';
import { admissionRequest } from './admission-request.ts';
import { encodeFrom } from './object-form.ts';
import { metadataOf, settleNamespace, stampNew } from './object-metadata.ts';
import type { PlannerTools } from './planner-tools.ts';
import type { WriteContext, WritePlan } from './write-plan.ts';

/**
 * A new object, taken through defaults, admission, the kind's own rules and reservations.
 * @param object private to the call, of the resource's own form
 * @throws StatusError
 */
export async function planCreate(tools: PlannerTools, context: WriteContext, object: ApiObject): Promise<WritePlan> {
  const { resource, namespace, dryRun } = context;
  const { strategy } = resource;
  settleNamespace(object, resource, namespace);
  applyDefaults(context, object);
  const request = admissionRequest(context, { operation: 'CREATE', name: metadataOf(object).name ?? '', object });
  if (!context.admitted) await tools.admission.mutate(request);
  stampNew(object, resource, tools.world);
  strategy.prepareForCreate?.(object, factsOf(tools, context));
  applyDefaults(context, object);
  const meta = metadataOf(object);
  const { nameForm = 'dnsSubdomain', plainFinalizers = false } = strategy;
  const rules = { namespaced: resource.namespaced, nameForm, plainFinalizers };
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
      bytes: await encodeFrom(resource, object),
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

/** What the kind's preparation may know of the write. */
export function factsOf(tools: PlannerTools, { user }: WriteContext): WriteFacts {
  return { user, now: rfc3339(tools.world.clock.now()) };
}

/** Defaults of the tables, then the kind's own. Idempotent. */
export function applyDefaults({ resource }: Pick<WriteContext, 'resource'>, object: ApiObject): void {
  if (resource.form === undefined) applyTableDefaults(resource.type, object);
  resource.strategy.defaults?.(object);
}
