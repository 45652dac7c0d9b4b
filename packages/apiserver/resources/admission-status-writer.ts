import type { ApiObject } from '@keelson/model';
import type { StatusWriter } from '../admission/contract.ts';
import { StatusError } from '../request/status-error.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import type { ObjectWriter } from './object-writer.ts';

const user = { name: 'system:apiserver', groups: ['system:masters'] };

/** Writes statuses for admission plug-ins, as the server itself. */
export class AdmissionStatusWriter implements StatusWriter {
  readonly #writer: ObjectWriter;
  readonly #caches: ResourceCaches;

  constructor(writer: ObjectWriter, caches: ResourceCaches) {
    this.#writer = writer;
    this.#caches = caches;
  }

  async updateStatus(
    group: string,
    resource: string,
    namespace: string,
    name: string,
    change: (object: ApiObject) => void,
  ): Promise<void> {
    const cache = this.#caches.named(group, resource);
    if (cache === undefined) return;
    const context = {
      resource: cache.resource,
      subresource: 'status',
      namespace,
      user,
      dryRun: false,
      warnings: [],
      admitted: true,
    };
    const modify = (present: ApiObject): ApiObject => {
      change(present);
      return present;
    };
    try {
      await this.#writer.update(context, name, modify, 'status');
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 404)) throw error;
    }
  }
}
