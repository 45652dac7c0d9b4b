import type { ApiObject } from '../../../object.ts';
import { quantityOrUndefined } from '../../../quantity/quantity.ts';
import type { Fields } from '../../core/pod/fields.ts';

const CPU_UTILIZATION = 80;

/** What is scaled by when nobody says. */
export function defaultMetrics(): Fields[] {
  const target = { type: 'Utilization', averageUtilization: CPU_UTILIZATION };
  return [{ type: 'Resource', resource: { name: 'cpu', target } }];
}

function scaleUp(): Fields {
  const policies = [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ];
  return { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies };
}

function scaleDown(): Fields {
  return { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };
}

/** Rules that are given, with the gaps filled: whoever names one direction gets the other too. */
function filled(rules: Fields | undefined, gaps: Fields): Fields {
  const given = Object.entries(rules ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const all: Fields = { ...gaps, ...Object.fromEntries(given) };
  const tolerance = quantityOrUndefined(all['tolerance']);
  return tolerance === undefined ? all : { ...all, tolerance: tolerance.toString() };
}

export function defaults(object: ApiObject): void {
  const spec: Fields = (object['spec'] ??= {});
  spec['minReplicas'] ??= 1;
  if ((spec['metrics'] ?? []).length === 0) spec['metrics'] = defaultMetrics();
  for (const metric of spec['metrics'] as Fields[]) {
    for (const name of ['object', 'pods', 'resource', 'containerResource', 'external']) {
      const target: Fields | undefined = metric[name]?.target;
      for (const amount of ['value', 'averageValue']) {
        const quantity = quantityOrUndefined(target?.[amount]);
        if (quantity !== undefined) target![amount] = quantity.toString();
      }
    }
  }
  if (spec['behavior'] === undefined) return;
  const { scaleUp: up, scaleDown: down } = spec['behavior'];
  spec['behavior'] = { scaleUp: filled(up, scaleUp()), scaleDown: filled(down, scaleDown()) };
}
