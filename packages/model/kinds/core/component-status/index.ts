import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import { nameColumn } from '../../../table/table.ts';

interface Condition {
  type: string;
  status?: string;
  message?: string;
  error?: string;
}

function health(object: Readonly<ApiObject>): Condition | undefined {
  const conditions: Condition[] = object['conditions'] ?? [];
  return conditions.find(({ type }) => type === 'Healthy');
}

function statusText(object: Readonly<ApiObject>): string {
  const condition = health(object);
  if (condition === undefined) return 'Unknown';
  return condition.status === 'True' ? 'Healthy' : 'Unhealthy';
}

/** How a part of the control plane is. It is worked out when somebody asks. */
export const componentStatus: Strategy = {
  apiVersion: 'v1',
  kind: 'ComponentStatus',
  virtual: true,
  columns: [
    nameColumn,
    textColumn('Status', 'Whether it is well.', statusText),
    textColumn('Message', 'What it says.', (object) => health(object)?.message ?? ''),
    textColumn('Error', 'What is wrong with it.', (object) => health(object)?.error ?? ''),
  ],
};
