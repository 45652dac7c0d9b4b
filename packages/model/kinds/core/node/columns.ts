import type { ApiObject } from '../../../object.ts';
import type { Column } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';

function status(object: Readonly<ApiObject>): string {
  const ready = (object['status']?.conditions ?? []).find((condition: { type: string }) => condition.type === 'Ready');
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (object['spec']?.unschedulable === true) words.push('SchedulingDisabled');
  return words.join(',');
}

function roles(object: Readonly<ApiObject>): string {
  const found = new Set<string>();
  for (const [name, value] of Object.entries(object.metadata?.labels ?? {})) {
    if (name.startsWith(ROLE_PREFIX)) found.add(name.slice(ROLE_PREFIX.length));
    else if (name === ROLE_LABEL) found.add(value);
  }
  found.delete('');
  return found.size === 0 ? '<none>' : [...found].sort().join(',');
}

function address(object: Readonly<ApiObject>, type: string): string {
  const addresses: { type: string; address: string }[] = object['status']?.addresses ?? [];
  return addresses.find((entry) => entry.type === type)?.address ?? '<none>';
}

function info(object: Readonly<ApiObject>, field: string): string {
  const value: string = object['status']?.nodeInfo?.[field] ?? '';
  return value === '' ? '<unknown>' : value;
}

const text = { type: 'string', priority: 0 } as const;
const wide = { type: 'string', priority: 1 } as const;

export const columns: readonly Column[] = [
  {
    name: 'Status',
    ...text,
    description: 'Whether the node is ready, and whether pods may be put on it.',
    cell: status,
  },
  { name: 'Roles', ...text, description: 'The roles that the labels of the node name.', cell: roles },
  ageColumn,
  {
    name: 'Version',
    ...text,
    description: 'The version of the kubelet.',
    cell: (object) => object['status']?.nodeInfo?.kubeletVersion ?? '',
  },
  {
    name: 'Internal-IP',
    ...wide,
    description: 'The address of the node inside the cluster.',
    cell: (object) => address(object, 'InternalIP'),
  },
  {
    name: 'External-IP',
    ...wide,
    description: 'The address of the node from outside.',
    cell: (object) => address(object, 'ExternalIP'),
  },
  { name: 'OS-Image', ...wide, description: 'The operating system.', cell: (object) => info(object, 'osImage') },
  {
    name: 'Kernel-Version',
    ...wide,
    description: 'The version of the kernel.',
    cell: (object) => info(object, 'kernelVersion'),
  },
  {
    name: 'Container-Runtime',
    ...wide,
    description: 'The container runtime and its version.',
    cell: (object) => info(object, 'containerRuntimeVersion'),
  },
];
