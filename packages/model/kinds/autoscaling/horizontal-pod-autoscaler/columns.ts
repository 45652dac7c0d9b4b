import type { ApiObject } from '../../../object.ts';
import type { Column } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import type { Fields } from '../../core/pod/fields.ts';

const SHOWN = 2;
const UNKNOWN = '<unknown>';

/** `12%/80%`, `cpu: 12%/80%`, `300/1k (avg)`: what is, and what is aimed at. */
function metricText(spec: Fields, status: Fields | undefined): string {
  switch (spec['type']) {
    case 'External':
      return amounts(spec['external'].target, status?.['external']?.current);
    case 'Object':
      return amounts(spec['object'].target, status?.['object']?.current);
    case 'Pods':
      return `${status?.['pods']?.current?.averageValue ?? UNKNOWN}/${spec['pods'].target?.averageValue}`;
    case 'Resource':
      return resourceText(spec['resource'], status?.['resource']?.current);
    case 'ContainerResource':
      return resourceText(spec['containerResource'], status?.['containerResource']?.current);
    default:
      return '<unknown type>';
  }
}

function amounts(target: Fields, current: Fields | undefined): string {
  if (target['averageValue'] === undefined) return `${current?.['value'] ?? UNKNOWN}/${target['value']}`;
  return `${current?.['averageValue'] ?? UNKNOWN}/${target['averageValue']} (avg)`;
}

function resourceText({ name, target }: Fields, current: Fields | undefined): string {
  if (target.averageValue !== undefined) {
    return `${name}: ${current?.['averageValue'] ?? UNKNOWN}/${target.averageValue}`;
  }
  const percent = (value: number | undefined, absent: string) => (value === undefined ? absent : `${value}%`);
  const is = percent(current?.['averageUtilization'], UNKNOWN);
  return `${name}: ${is}/${percent(target.averageUtilization, '<auto>')}`;
}

function metricsText(object: Readonly<ApiObject>): string {
  const specs: Fields[] = object['spec']?.metrics ?? [];
  const statuses: Fields[] = object['status']?.currentMetrics ?? [];
  if (specs.length === 0) return '<none>';
  const texts = specs.map((spec, position) => metricText(spec, statuses[position]));
  const shown = texts.slice(0, SHOWN).join(', ');
  return texts.length > SHOWN ? `${shown} + ${texts.length - SHOWN} more...` : shown;
}

const plain = { type: 'string', priority: 0 } as const;

export const columns: readonly Column[] = [
  {
    name: 'Reference',
    ...plain,
    description: 'What is scaled.',
    cell: (object) => `${object['spec']?.scaleTargetRef?.kind}/${object['spec']?.scaleTargetRef?.name}`,
  },
  { name: 'Targets', ...plain, description: 'The metrics, as they are and as they should be.', cell: metricsText },
  {
    name: 'MinPods',
    ...plain,
    description: 'The fewest replicas.',
    cell: (object) => String(object['spec']?.minReplicas ?? '<unset>'),
  },
  {
    name: 'MaxPods',
    ...plain,
    description: 'The most replicas.',
    cell: (object) => object['spec']?.maxReplicas ?? 0,
  },
  {
    name: 'Replicas',
    ...plain,
    description: 'How many replicas there are.',
    cell: (object) => object['status']?.currentReplicas ?? 0,
  },
  ageColumn,
];
