import type { ApiObject } from '../object.ts';
import type { Column } from '../strategy.ts';

/** A column of text that every `kubectl get` shows. */
export function textColumn(
  name: string,
  description: string,
  cell: (object: Readonly<ApiObject>, now: number) => string | number | boolean,
): Column {
  return { name, type: 'string', priority: 0, description, cell };
}

/** The same for `-o wide` only. */
export function wideColumn(name: string, description: string, cell: (object: Readonly<ApiObject>) => string): Column {
  return { name, type: 'string', priority: 1, description, cell };
}

/** A column of whole numbers. */
export function numberColumn(name: string, description: string, cell: (object: Readonly<ApiObject>) => number): Column {
  return { name, type: 'integer', priority: 0, description, cell };
}

/** A column that says yes or no. */
export function booleanColumn(
  name: string,
  description: string,
  cell: (object: Readonly<ApiObject>) => boolean,
): Column {
  return { name, type: 'boolean', priority: 0, description, cell };
}
