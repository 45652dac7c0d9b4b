import { noSuchPath } from '../request/status-error.ts';
import type { SubresourceHandler } from './subresource-handler.ts';

/** A sub-resource through which the object itself is read and updated, by the rules that its kind has for it. */
export function updateThrough(group: string, resource: string, subresource: string): SubresourceHandler {
  return {
    group,
    resource,
    subresource,
    async handle(context, found, verbs) {
      const rules = found.strategy.subresourceUpdates?.[subresource];
      if (rules === undefined) throw noSuchPath();
      if (context.info.verb === 'get') return verbs.get(context, found);
      return context.info.verb === 'update' ? verbs.update(context, found, rules) : verbs.patch(context, found, rules);
    },
  };
}
