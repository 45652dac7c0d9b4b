import type { CelType } from '../cel-type.ts';
import type { Library, Overload } from './declaration.ts';
import { libraries } from './libraries.ts';

/** The functions of one environment. */
export interface FunctionIndex {
  readonly overloads: ReadonlyMap<string, readonly Overload[]>;
  /** The libraries' own types that have a name in expressions. */
  readonly types: ReadonlyMap<string, CelType>;
}

function isIn(library: Library, minor: number, patchTypes: boolean): boolean {
  if (library.patchTypes === true && !patchTypes) return false;
  return library.since <= minor && minor < (library.until ?? Number.POSITIVE_INFINITY);
}

const indexes = new Map<string, FunctionIndex>();

/** The functions that there are in Kubernetes 1.`minor`. */
export function functionsOf(minor: number, patchTypes: boolean): FunctionIndex {
  const key = `${minor} ${patchTypes}`;
  let index = indexes.get(key);
  if (index === undefined) {
    const overloads = new Map<string, Overload[]>();
    const types = new Map<string, CelType>();
    for (const library of libraries) {
      if (!isIn(library, minor, patchTypes)) continue;
      for (const overload of library.overloads) {
        const known = overloads.get(overload.function);
        if (known === undefined) overloads.set(overload.function, [overload]);
        else known.push(overload);
        for (const type of [overload.result, ...overload.parameters]) {
          if (type.name.startsWith('net.')) types.set(type.name, type);
        }
      }
    }
    index = { overloads, types };
    indexes.set(key, index);
  }
  return index;
}
