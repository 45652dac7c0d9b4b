import { rfc3339 } from '@keelson/base';
import { type ApiObject, sameValue } from '@keelson/model';
import type { ApiServerOptions } from '../api-server-options.ts';
import type { ObjectWriter } from '../resources/object-writer.ts';
import { apiServerUser } from './create-missing.ts';

const name = 'kubernetes';

/** The ServiceCIDR `kubernetes`: the block that the server itself gives Services addresses from. */
export async function publishDefaultServiceCidr(
  options: ApiServerOptions,
  writer: ObjectWriter,
  block: string,
): Promise<void> {
  const resource = options.catalogue.find('networking.k8s.io', 'v1', 'servicecidrs');
  if (resource === undefined) return;
  const context = { resource, subresource: '', namespace: '', user: apiServerUser, dryRun: false, warnings: [] };
  const cache = options.caches.of(resource);
  const wanted: ApiObject = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name },
    spec: { cidrs: [block] },
  };
  if (cache?.get('', name) === undefined) await writer.create(context, () => structuredClone(wanted));
  const ready = (object: ApiObject) => {
    const conditions: { type: string }[] = object['status']?.conditions ?? [];
    const own = sameValue(object['spec']?.cidrs, [block]);
    if (!own || conditions.some(({ type }) => type === 'Ready')) return object;
    const condition = {
      type: 'Ready',
      status: 'True',
      lastTransitionTime: rfc3339(options.world.clock.now()),
      reason: '',
      message: 'Kubernetes default Service CIDR is ready',
    };
    object['status'] = { conditions: [...conditions, condition] };
    return object;
  };
  await writer.update({ ...context, subresource: 'status' }, name, ready, 'status');
}
