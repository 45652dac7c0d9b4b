import type { ApiObject, Resource } from '@keelson/model';
import type { ApiServerOptions } from '../api-server-options.ts';
import { StatusError } from '../request/status-error.ts';
import type { ObjectWriter } from '../resources/object-writer.ts';
import { systemObjects } from './system-objects.ts';

/** Who creates what must be there. */
export const apiServerUser = { name: 'system:apiserver', groups: ['system:masters'] };

interface Wanted {
  readonly object: ApiObject;
  readonly resource: Resource;
}

/**
 * Creates the objects that a server needs and does not have: the system's own, as far as their kinds are served, and
 * those of the options. Those in no namespace come first, then the others; each lot at once, so that the store writes
 * many at a time. What exists stays as it is.
 */
export async function createMissing(options: ApiServerOptions, writer: ObjectWriter): Promise<void> {
  const wanted: Wanted[] = [];
  for (const object of [...systemObjects, ...(options.bootstrap ?? [])]) {
    const [first, second] = (object.apiVersion ?? '').split('/') as [string, string | undefined];
    const [group, version] = second === undefined ? ['', first] : [first, second];
    const resource = options.catalogue.findKind(group, version, object.kind ?? '');
    if (resource !== undefined) wanted.push({ object, resource });
  }
  for (const namespaced of [false, true]) {
    const lot = wanted.filter(({ resource }) => resource.namespaced === namespaced);
    await Promise.all(lot.map((one) => createOne(options, writer, one)));
  }
}

async function createOne(options: ApiServerOptions, writer: ObjectWriter, { object, resource }: Wanted): Promise<void> {
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
