import type { CelType } from '../cel-type.ts';
import type { CostEstimate } from '../contract.ts';

/** Ranges of sizes and costs, and arithmetic on them that stops at 2⁶⁴ as cel-go's does. */

export type SizeEstimate = CostEstimate;

export const most = 2 ** 64;
export const unknownSize: SizeEstimate = { min: 0, max: most };
export const noCost: CostEstimate = { min: 0, max: 0 };

export function fixed(size: number): SizeEstimate {
  return { min: size, max: size };
}

export function plus(left: SizeEstimate, right: SizeEstimate): SizeEstimate {
  return { min: Math.min(most, left.min + right.min), max: Math.min(most, left.max + right.max) };
}

export function times(left: SizeEstimate, right: SizeEstimate): SizeEstimate {
  return { min: Math.min(most, left.min * right.min), max: Math.min(most, left.max * right.max) };
}

export function scaled(size: SizeEstimate, factor: number): CostEstimate {
  return { min: Math.min(most, Math.ceil(size.min * factor)), max: Math.min(most, Math.ceil(size.max * factor)) };
}

export function union(left: SizeEstimate, right: SizeEstimate): SizeEstimate {
  return { min: Math.min(left.min, right.min), max: Math.max(left.max, right.max) };
}

/** Sizes of the keys (or indices) and values of a list or map. */
export interface EntrySize {
  readonly container: 'list' | 'map';
  readonly key: SizeEstimate;
  readonly value: SizeEstimate;
}

export function entryUnion(left: EntrySize | undefined, right: EntrySize | undefined): EntrySize | undefined {
  if (left === undefined || right === undefined) return undefined;
  return { container: left.container, key: union(left.key, right.key), value: union(left.value, right.value) };
}

const unsized = new Set(['string', 'bytes', 'list', 'map', 'dyn', 'opaque', 'parameter']);

/** The type at a path below a variable: field names, `@items`, `@values`, `@keys`. */
function typeAt(root: CelType, path: readonly string[]): CelType | undefined {
  let type: CelType | undefined = root;
  for (const name of path) {
    if (type === undefined) return undefined;
    if (name === '@items') type = type.kind === 'list' ? type.parameters[0] : undefined;
    else if (name === '@values') type = type.kind === 'map' ? type.parameters[1] : undefined;
    else if (name === '@keys') type = type.kind === 'map' ? type.parameters[0] : undefined;
    else type = type.field?.(name);
  }
  return type;
}

/** What the schema of a variable says about the size of what is at a path; undefined when it says nothing. */
export function declaredSize(
  variables: Readonly<Record<string, CelType>>,
  path: readonly string[] | undefined,
): SizeEstimate | undefined {
  const [name, ...rest] = path ?? [];
  if (name === undefined) return undefined;
  // Kubernetes takes whatever a path begins with for the object that a rule is about.
  const root = Object.hasOwn(variables, name) ? variables[name] : variables['self'];
  const type = root === undefined ? undefined : typeAt(root, rest);
  if (type === undefined) return undefined;
  if (type.maxElements !== undefined) return { min: 0, max: type.maxElements };
  // Kubernetes takes what has no length of its own for empty.
  return unsized.has(type.kind) ? undefined : { min: 0, max: 0 };
}
