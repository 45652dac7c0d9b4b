import { messageOf, rfc3339, type World } from '@keelson/base';
import { type ApiObject, type Resource, type ResourceCatalogue, sameValue } from '@keelson/model';
import {
  autoUpdateAnnotation,
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
  suggestedFlowSchemas,
  suggestedPriorityLevels,
} from '@keelson/model/kinds/flowcontrol/bootstrap-configuration.ts';
import type { ObjectReader } from '../admission/contract.ts';
import { apiServerUser } from '../bootstrap/create-missing.ts';
import type { ObjectWriter } from '../resources/object-writer.ts';
import { flowControlGroup } from './flow-control.ts';

/** One write that brings the stored configuration to what it should be. */
export type ConfigurationStep =
  | { readonly action: 'create' | 'update' | 'status'; readonly object: ApiObject }
  | { readonly action: 'delete'; readonly object: Readonly<ApiObject> };

/**
 * What has to be written of one kind: what is missing is created; mandatory objects get their spec back; suggested ones
 * too, unless they are annotated `false`, or their owner changed them and they are not annotated; those that a former
 * version suggested and nobody wants any more go.
 */
export function reconcileConfiguration(
  stored: readonly Readonly<ApiObject>[],
  mandatory: readonly ApiObject[],
  suggested: readonly ApiObject[],
): ConfigurationStep[] {
  const byName = new Map(stored.map((object) => [object.metadata!.name!, object]));
  const wanted = new Set([...mandatory, ...suggested].map((object) => object.metadata!.name!));
  const steps = [...mandatory, ...suggested].flatMap((object): ConfigurationStep[] => {
    const present = byName.get(object.metadata!.name!);
    if (present === undefined) return [{ action: 'create', object: structuredClone(object) }];
    const keep = mandatory.includes(object) || keptUp(present);
    return updated(present, object, keep, mandatory.includes(object));
  });
  const unwanted = stored.filter(
    ({ metadata }) => metadata?.annotations?.[autoUpdateAnnotation] === 'true' && !wanted.has(metadata.name!),
  );
  return [...steps, ...unwanted.map((object) => ({ action: 'delete' as const, object }))];
}

/** Whether the server keeps a suggested object up: as it is annotated, else as long as nobody has changed it. */
function keptUp({ metadata }: Readonly<ApiObject>): boolean {
  const said = metadata?.annotations?.[autoUpdateAnnotation];
  return said === 'true' || (said !== 'false' && (metadata?.generation ?? 1) === 1);
}

function updated(
  present: Readonly<ApiObject>,
  wanted: ApiObject,
  keep: boolean,
  mandatory: boolean,
): ConfigurationStep[] {
  const spec = keep ? kept(present, wanted, mandatory) : present['spec'];
  const annotations = { ...present.metadata?.annotations, [autoUpdateAnnotation]: String(keep) };
  if (sameValue(spec, present['spec']) && sameValue(annotations, present.metadata?.annotations)) return [];
  const object = { ...structuredClone(present), spec: structuredClone(spec) } as ApiObject;
  object.metadata!.annotations = annotations;
  return [{ action: 'update', object }];
}

/** The seats of the exempt level are its owner's to choose. */
function kept(present: Readonly<ApiObject>, wanted: ApiObject, mandatory: boolean): unknown {
  const exempt = present['spec']?.exempt;
  return mandatory && exempt && wanted['spec'].exempt ? { ...wanted['spec'], exempt } : wanted['spec'];
}

/** The schemas whose condition does not say whether their level exists. `now` is RFC 3339. */
export function danglingSteps(
  schemas: readonly Readonly<ApiObject>[],
  levels: ReadonlySet<string>,
  now: string,
): ConfigurationStep[] {
  return schemas.flatMap((schema): ConfigurationStep[] => {
    const name: string = schema['spec']?.priorityLevelConfiguration?.name ?? '';
    const found = levels.has(name);
    const text = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)}`;
    const condition = {
      type: 'Dangling',
      status: found ? 'False' : 'True',
      reason: found ? 'Found' : 'NotFound',
      message: found ? `${text} and it exists` : `${text} but there is no such object`,
    };
    const conditions: readonly Record<string, unknown>[] = schema['status']?.conditions ?? [];
    const present = conditions.find(({ type }) => type === 'Dangling');
    if (present?.['status'] === condition.status && present['message'] === condition.message) return [];
    const others = conditions.filter(({ type }) => type !== 'Dangling');
    const object = structuredClone(schema) as ApiObject;
    object['status'] = { ...object['status'], conditions: [...others, { ...condition, lastTransitionTime: now }] };
    return [{ action: 'status', object }];
  });
}

/** Writes what `reconcileConfiguration` and `danglingSteps` want. A write that fails is logged, and wanted again later. */
export class FlowConfigurationKeeper {
  readonly #world: World;
  readonly #reader: ObjectReader;
  readonly #writer: ObjectWriter;
  readonly #resources: readonly [Resource, Resource] | undefined;
  #busy = false;

  constructor(options: { world: World; reader: ObjectReader; writer: ObjectWriter; catalogue: ResourceCatalogue }) {
    this.#world = options.world;
    this.#reader = options.reader;
    this.#writer = options.writer;
    const { catalogue } = options;
    const levels = catalogue.find(flowControlGroup, 'v1', 'prioritylevelconfigurations');
    const schemas = catalogue.find(flowControlGroup, 'v1', 'flowschemas');
    this.#resources = levels && schemas && [levels, schemas];
  }

  /** Does what is to be done now; nothing when it is at it already, or when the kinds are not served. Never rejects. */
  async keep(): Promise<void> {
    if (this.#busy || this.#resources === undefined) return;
    this.#busy = true;
    const [levels, schemas] = this.#resources;
    const stored = (resource: Resource) => this.#reader.list(flowControlGroup, resource.resource);
    await this.#write(levels, reconcileConfiguration(stored(levels), mandatoryPriorityLevels, suggestedPriorityLevels));
    await this.#write(schemas, reconcileConfiguration(stored(schemas), mandatoryFlowSchemas, suggestedFlowSchemas));
    const names = new Set(stored(levels).map(({ metadata }) => metadata!.name!));
    await this.#write(schemas, danglingSteps(stored(schemas), names, rfc3339(this.#world.clock.now())));
    this.#busy = false;
  }

  async #write(resource: Resource, steps: readonly ConfigurationStep[]): Promise<void> {
    const writes = steps.map((step) =>
      this.#step(resource, step).catch((error: unknown) => {
        const { name } = step.object.metadata!;
        this.#world.log.warn('keeping up the flow configuration failed', { name, error: messageOf(error) });
      }),
    );
    await Promise.all(writes);
  }

  async #step(resource: Resource, { action, object }: ConfigurationStep): Promise<void> {
    const subresource = action === 'status' ? 'status' : '';
    const context = { resource, subresource, namespace: '', user: apiServerUser, dryRun: false, warnings: [] };
    const name = object.metadata!.name!;
    if (action === 'create') await this.#writer.create(context, () => structuredClone(object));
    else if (action === 'delete') await this.#writer.delete(context, name, { dryRun: false });
    else {
      const rules = action === 'status' ? 'status' : 'main';
      await this.#writer.update(context, name, () => structuredClone(object) as ApiObject, rules);
    }
  }
}
