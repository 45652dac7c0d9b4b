import type { ApiObject } from '@keelson/model';
import { systemObjects } from '../bootstrap/system-objects.ts';
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './contract.ts';
import { forbidden, isWriteTo } from './refusal.ts';

const group = 'scheduling.k8s.io';

const systemClasses: ReadonlyMap<string, ApiObject> = new Map(
  systemObjects.filter(({ kind }) => kind === 'PriorityClass').map((object) => [object.metadata!.name!, object]),
);

/** Priority: fills in a pod's priority and preemption policy from its class, and allows one default class only. */
export class Priority implements AdmissionPlugin {
  readonly name = 'Priority';
  readonly #reader: ObjectReader;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
  }

  mutate(request: AdmissionRequest): void {
    if (request.object === undefined || !isWriteTo(request, '', 'pods')) return;
    const spec = (request.object['spec'] ??= {});
    if (request.operation === 'CREATE') this.#resolve(request, spec);
    if (request.operation !== 'UPDATE') return;
    const before = request.previous?.['spec'] ?? {};
    spec.priority ??= before.priority;
    spec.preemptionPolicy ??= before.preemptionPolicy;
  }

  validate(request: AdmissionRequest): void {
    if (request.object?.['globalDefault'] !== true || !isWriteTo(request, group, 'priorityclasses')) return;
    const present = this.#defaultClass()?.metadata?.name;
    if (present === undefined) return;
    if (request.operation === 'UPDATE' && present === request.object.metadata?.name) return;
    throw forbidden(request, `PriorityClass ${present} is already marked as default. Only one default can exist`);
  }

  #resolve(request: AdmissionRequest, spec: Record<string, any>): void {
    const named: string = spec['priorityClassName'] ?? '';
    const chosen = named === '' ? this.#defaultClass() : this.#class(request, named);
    const priority: number = chosen?.['value'] ?? 0;
    const policy: string = chosen === undefined ? 'PreemptLowerPriority' : (chosen['preemptionPolicy'] ?? '');
    if (named === '' && chosen !== undefined) spec['priorityClassName'] = chosen.metadata?.name;
    const given: number | undefined | null = spec['priority'];
    if (given !== undefined && given !== null && given !== priority) {
      throw forbidden(
        request,
        `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
      );
    }
    spec['priority'] = priority;
    if (policy === '') return;
    const wanted: string = spec['preemptionPolicy'] ?? policy;
    if (wanted !== policy) {
      throw forbidden(
        request,
        `the string value of PreemptionPolicy (${wanted}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      );
    }
    spec['preemptionPolicy'] = policy;
  }

  #class(request: AdmissionRequest, name: string): Readonly<ApiObject> {
    // The system's classes count from the first moment on, also before they are written.
    const found = this.#reader.get(group, 'priorityclasses', '', name) ?? systemClasses.get(name);
    if (found === undefined) throw forbidden(request, `no PriorityClass with name ${name} was found`);
    return found;
  }

  /** Of several default classes, which only a race makes, the lowest. */
  #defaultClass(): Readonly<ApiObject> | undefined {
    let lowest: Readonly<ApiObject> | undefined;
    for (const object of this.#reader.list(group, 'priorityclasses')) {
      if (object['globalDefault'] !== true) continue;
      if (lowest === undefined || (object['value'] ?? 0) < (lowest['value'] ?? 0)) lowest = object;
    }
    return lowest;
  }
}
