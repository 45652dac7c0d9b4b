import type { ApiObject } from '@keelson/model';
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './contract.ts';
import { setDefaultResources } from './limits/default-resources.ts';
import { limitProblems } from './limits/limit-problems.ts';
import { forbidden } from './refusal.ts';

/** LimitRanger: gives containers the requests and limits of their namespace's LimitRanges, and holds objects to them. */
export class LimitRanger implements AdmissionPlugin {
  readonly name = 'LimitRanger';
  readonly #reader: ObjectReader;
  /** How many LimitRanges there are at all. */
  #count = 0;

  constructor(reader: ObjectReader) {
    this.#reader = reader;
    reader.observe('', 'limitranges', ({ current, previous }) => {
      this.#count += (current === undefined ? 0 : 1) - (previous === undefined ? 0 : 1);
    });
  }

  mutate(request: AdmissionRequest): void {
    if (this.#count === 0 || !isLimited(request) || request.resource.resource !== 'pods') return;
    for (const range of this.#ranges(request)) setDefaultResources(request.object!, range);
  }

  validate(request: AdmissionRequest): void {
    if (this.#count === 0 || !isLimited(request)) return;
    for (const range of this.#ranges(request)) {
      const problems = [...new Set(limitProblems(request.resource.resource, request.object!, range))];
      if (problems.length === 1) throw forbidden(request, problems[0]!);
      if (problems.length > 1) throw forbidden(request, `[${problems.join(', ')}]`);
    }
  }

  #ranges({ namespace }: AdmissionRequest): readonly Readonly<ApiObject>[] {
    return this.#reader.list('', 'limitranges', namespace);
  }
}

/** New pods, pods that are resized, and claims; not what is being deleted. */
function isLimited({ resource, subresource, operation, object }: AdmissionRequest): boolean {
  if (resource.group !== '' || object === undefined || object.metadata?.deletionTimestamp !== undefined) return false;
  if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
  if (resource.resource === 'persistentvolumeclaims') return subresource === '';
  if (resource.resource !== 'pods') return false;
  return operation === 'CREATE' ? subresource === '' : subresource === 'resize';
}
