import type { World } from '@keelson/base';
import { evaluatorOf } from '@keelson/model/quota/index.ts';
import type { AdmissionPlugin, AdmissionRequest, ObjectReader, StatusWriter } from '../contract.ts';
import { forbidden } from '../refusal.ts';
import { QuotaLedger } from './quota-ledger.ts';

/** ResourceQuota: nothing is created or grows beyond what the quotas of its namespace allow; what it uses is written down. */
export class ResourceQuota implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  readonly #reader: ObjectReader;
  readonly #ledger: QuotaLedger;
  /** How many quotas each namespace has: most have none. */
  readonly #quotas = new Map<string, number>();

  constructor(reader: ObjectReader, world: World) {
    this.#reader = reader;
    this.#ledger = new QuotaLedger(this.#reader, world.clock);
    reader.observe('', 'resourcequotas', ({ current, previous }) => {
      if (current !== undefined && previous !== undefined) return;
      const namespace = (current ?? previous)!.metadata?.namespace ?? '';
      const left = (this.#quotas.get(namespace) ?? 0) + (current === undefined ? -1 : 1);
      if (left > 0) this.#quotas.set(namespace, left);
      else this.#quotas.delete(namespace);
    });
  }

  attach(writer: StatusWriter): void {
    this.#ledger.attach(writer);
  }

  /** A creation that will be refused because the name is taken must not be charged. */
  #exists({ operation, subresource, resource, namespace, object }: AdmissionRequest): boolean {
    if (operation !== 'CREATE' || subresource !== '') return false;
    const name = object?.metadata?.name ?? '';
    return this.#reader.get(resource.storage.group, resource.resource, namespace, name) !== undefined;
  }

  validate(request: AdmissionRequest): Promise<void> | void {
    if (!this.#quotas.has(request.namespace) || request.object === undefined) return;
    const { group, resource } = request.resource;
    const evaluator = evaluatorOf(group, resource);
    if (evaluator === undefined || !evaluator.handles(request) || this.#exists(request)) return;
    const { operation, subresource, object, previous } = request;
    const write = { operation, subresource, object, previous };
    return this.#ledger.charge(request.namespace, evaluator, write, request.dryRun).then((refusal) => {
      if (refusal !== undefined) throw forbidden(request, refusal);
    });
  }
}
