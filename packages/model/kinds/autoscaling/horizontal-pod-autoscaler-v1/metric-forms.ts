/** Metrics as autoscaling/v1 writes them into its annotations, and as autoscaling/v2 has them. */
import type { Fields } from '../../core/pod/fields.ts';

/** The members of `fields` that have a value. */
function set(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}

const source: Readonly<Record<string, string>> = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
  External: 'external',
};

/** How each source of autoscaling/v2 is said in autoscaling/v1; `target` is its target, or its current value. */
const toOld: Readonly<Record<string, (value: Fields, target: Fields, prefix: string) => Fields>> = {
  object: ({ describedObject, metric }, target, prefix) => ({
    target: describedObject,
    metricName: metric?.name,
    [`${prefix}Value`]: target['value'] ?? '0',
    selector: metric?.selector,
    averageValue: target['averageValue'],
  }),
  pods: ({ metric }, target, prefix) => ({
    metricName: metric?.name,
    [`${prefix}AverageValue`]: target['averageValue'] ?? '0',
    selector: metric?.selector,
  }),
  resource: ({ name }, target, prefix) => ({
    name,
    [`${prefix}AverageUtilization`]: target['averageUtilization'],
    [`${prefix}AverageValue`]: target['averageValue'] ?? (prefix === 'current' ? '0' : undefined),
  }),
  containerResource: ({ name, container }, target, prefix) => ({
    name,
    [`${prefix}AverageUtilization`]: target['averageUtilization'],
    [`${prefix}AverageValue`]: target['averageValue'] ?? (prefix === 'current' ? '0' : undefined),
    container,
  }),
  external: ({ metric }, target, prefix) => ({
    metricName: metric?.name,
    metricSelector: metric?.selector,
    [`${prefix}Value`]: target['value'] ?? (prefix === 'current' ? '0' : undefined),
    [`${prefix}AverageValue`]: target['averageValue'],
  }),
};

function typed(target: Fields): Fields {
  const type =
    target['averageUtilization'] !== undefined
      ? 'Utilization'
      : target['averageValue'] !== undefined
        ? 'AverageValue'
        : 'Value';
  return { type, ...target };
}

/** And back. `prefix` is what the old names begin with: `target` or `current`. */
const toNew: Readonly<Record<string, (value: Fields, prefix: string) => { named: Fields; amounts: Fields }>> = {
  object: ({ target, metricName, selector, averageValue, ...rest }, prefix) => ({
    named: { describedObject: target, metric: set({ name: metricName, selector }) },
    amounts: { value: averageValue === undefined ? rest[`${prefix}Value`] : undefined, averageValue },
  }),
  pods: ({ metricName, selector, ...rest }, prefix) => ({
    named: { metric: set({ name: metricName, selector }) },
    amounts: { averageValue: rest[`${prefix}AverageValue`] },
  }),
  resource: ({ name, ...rest }, prefix) => ({
    named: { name },
    amounts: {
      averageUtilization: rest[`${prefix}AverageUtilization`],
      averageValue: rest[`${prefix}AverageValue`],
    },
  }),
  containerResource: ({ name, container, ...rest }, prefix) => ({
    named: { name, container },
    amounts: {
      averageUtilization: rest[`${prefix}AverageUtilization`],
      averageValue: rest[`${prefix}AverageValue`],
    },
  }),
  external: ({ metricName, metricSelector, ...rest }, prefix) => ({
    named: { metric: set({ name: metricName, selector: metricSelector }) },
    amounts: { value: rest[`${prefix}Value`], averageValue: rest[`${prefix}AverageValue`] },
  }),
};

/** A MetricSpec (`part` is `target`) or MetricStatus (`current`) in its autoscaling/v1 form. */
export function oldMetric(metric: Fields, part: 'target' | 'current'): Fields {
  const name = source[metric['type']];
  if (name === undefined || metric[name] === undefined) return { type: metric['type'] };
  return { type: metric['type'], [name]: set(toOld[name]!(metric[name], metric[name][part] ?? {}, part)) };
}

/** The same in its autoscaling/v2 form. */
export function newMetric(metric: Fields, part: 'target' | 'current'): Fields {
  const name = source[metric['type']];
  if (name === undefined || typeof metric[name] !== 'object' || metric[name] === null) return { type: metric['type'] };
  const { named, amounts } = toNew[name]!(metric[name], part);
  const values = set(amounts);
  return { type: metric['type'], [name]: { ...named, [part]: part === 'target' ? typed(values) : values } };
}
