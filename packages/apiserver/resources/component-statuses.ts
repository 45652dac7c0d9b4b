import type { HttpResponse } from '@keelson/base';
import { type ApiObject, encodeObject, type Resource } from '@keelson/model';
import type { HealthCheck } from '../observe/health.ts';
import type { RequestContext } from '../request/request-context.ts';
import { methodNotAllowed, notFound } from '../request/status-error.ts';
import { CachedObject } from '../storage/cached-object.ts';
import type { ResourceVerbs } from './resource-verbs.ts';

/** Answers reads of a kind that is worked out when somebody asks, and never stored. */
export interface ComputedResource {
  readonly group: string;
  readonly resource: string;
  /** @throws StatusError */
  read(context: RequestContext, resource: Resource, verbs: ResourceVerbs): Promise<HttpResponse>;
}

/** `kubectl get componentstatuses`: how the parts of the control plane are, right now. */
export function componentStatuses(components: readonly HealthCheck[]): ComputedResource {
  return {
    group: '',
    resource: 'componentstatuses',
    async read(context, resource, verbs) {
      const { info, warnings } = context;
      if (info.verb !== 'get' && info.verb !== 'list') throw methodNotAllowed();
      warnings.push('v1 ComponentStatus is deprecated in v1.19+');
      const rendering = verbs.rendering(context, resource);
      if (info.verb === 'list') {
        const all = await Promise.all(components.map(statusOf));
        return rendering.list(
          all.map((object) => new CachedObject(resource, '', '', object.metadata!.name!, 0, encodeObject(object))),
          { resourceVersion: '' },
        );
      }
      const component = components.find(({ name }) => name === info.name);
      if (component === undefined) throw notFound(resource, info.name);
      return rendering.value(200, await statusOf(component));
    },
  };
}

async function statusOf({ name, check }: HealthCheck): Promise<ApiObject> {
  const reason = await check();
  const condition =
    reason === undefined
      ? { type: 'Healthy', status: 'True', message: 'ok' }
      : { type: 'Healthy', status: 'False', message: reason };
  return { apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name }, conditions: [condition] };
}
