import type { ApiObject } from '../../../object.ts';
import type { Column } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import { podSummary } from './pod-summary.ts';

function orNone(value: string | undefined): string {
  return value === undefined || value === '' ? '<none>' : value;
}

function readinessGates(object: Readonly<ApiObject>): string {
  const gates: { conditionType: string }[] = object['spec']?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const conditions: { type: string; status: string }[] = object['status']?.conditions ?? [];
  const passed = gates.filter(
    (gate) => conditions.find((condition) => condition.type === gate.conditionType)?.status === 'True',
  );
  return `${passed.length}/${gates.length}`;
}

const wide = { type: 'string', priority: 1 } as const;

export const columns: readonly Column[] = [
  {
    name: 'Ready',
    type: 'string',
    priority: 0,
    description: 'How many of the containers that go on running are ready.',
    cell: (object, now) => podSummary(object, now).ready,
  },
  {
    name: 'Status',
    type: 'string',
    priority: 0,
    description: 'What the pod is doing, told by its most telling container.',
    cell: (object, now) => podSummary(object, now).status,
  },
  {
    name: 'Restarts',
    type: 'string',
    priority: 0,
    description: 'How often its containers were restarted, and how long ago the last time was.',
    cell: (object, now) => podSummary(object, now).restarts,
  },
  ageColumn,
  {
    name: 'IP',
    ...wide,
    description: 'The address of the pod.',
    cell: (object) => orNone(object['status']?.podIPs?.[0]?.ip ?? object['status']?.podIP),
  },
  {
    name: 'Node',
    ...wide,
    description: 'The node that the pod is on.',
    cell: (object) => orNone(object['spec']?.nodeName),
  },
  {
    name: 'Nominated Node',
    ...wide,
    description: 'The node on which room is being made for the pod.',
    cell: (object) => orNone(object['status']?.nominatedNodeName),
  },
  {
    name: 'Readiness Gates',
    ...wide,
    description: 'How many of the conditions that others set for its readiness are true.',
    cell: readinessGates,
  },
];
