import type { ApiObject } from '../../object.ts';
import { selectorText } from '../../selectors/label-selector.ts';
import type { Column } from '../../strategy.ts';

function containers(object: Readonly<ApiObject>): { name?: string; image?: string }[] {
  return object['spec']?.template?.spec?.containers ?? [];
}

const wide = { type: 'string', priority: 1 } as const;

/** The columns that `-o wide` adds for everything that has a pod template. */
export const templateColumns: readonly Column[] = [
  {
    name: 'Containers',
    ...wide,
    description: "Names of the template's containers.",
    cell: (object) =>
      containers(object)
        .map((container) => container.name ?? '')
        .join(','),
  },
  {
    name: 'Images',
    ...wide,
    description: "Images of the template's containers.",
    cell: (object) =>
      containers(object)
        .map((container) => container.image ?? '')
        .join(','),
  },
];

export const selectorColumn: Column = {
  name: 'Selector',
  ...wide,
  description: 'The labels by which it finds its pods.',
  cell: (object) => selectorText(object['spec']?.selector),
};

/** A column with a number of the status. */
export function countColumn(name: string, field: string, description: string): Column {
  return { name, type: 'integer', priority: 0, description, cell: (object) => object['status']?.[field] ?? 0 };
}
