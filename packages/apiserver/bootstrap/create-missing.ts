import type { ApiObject } from '@keelson/model';
import type { ApiServerOptions } from '../api-server-options.ts';
import { StatusError } from '../request/status-error.ts';
import type { ObjectWriter } from '../resources/object-writer.ts';
import { systemObjects } from './system-objects.ts';

/** Who creates what must be there. */
export const apiServerUser = { name: 'system:apiserver', groups: ['system:masters'] };

/**
 * Creates the objects that a server needs and does not have: the system's own, as far as their kinds are served, then
 * those of the options. What exists stays as it is.
 */
export async function createMissing(options: ApiServerOptions, writer: ObjectWriter): Promise<void> {
  for (const object of [...systemObjects, ...(options.bootstrap ?? [])]) await createOne(options, writer, object);
}

async function createOne(options: ApiServerOptions, writer: ObjectWriter, object: ApiObject): Promise<void> {
  const [first, second] = (object.apiVersion ?? '').split('/') as [string, string | undefined];
  const [group, version] = second === undefined ? ['', first] : [first, second];
  const resource = options.catalogue.findKind(group, version, object.kind ?? '');
  if (resource === undefined) return;
  const { name = '', namespace = '' } = object.metadata ?? {};
  if (options.caches.of(resource)?.get(namespace, name) !== undefined) return;
  const context = { resource, subresource: '', namespace, user: apiServerUser, dryRun: false, warnings: [] };
  try {
    await writer.create(context, () => structuredClone(object));
  } catch (error) {
    // Another server of the same cluster may start at the same time.
    if (!(error instanceof StatusError && error.status.reason === 'AlreadyExists')) throw error;
  }
}
