/**
 * Objects that came out of JSON can have any names, `__proto__` and `constructor` among them. These read and write such
 * names as plain data.
 */
export type Properties = Record<string, unknown>;

export function isProperties(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object's own property, never one that it inherits. */
export function getOwn(source: Properties, name: string): unknown {
  return Object.hasOwn(source, name) ? source[name] : undefined;
}

/** Sets a property as JSON.parse would. */
export function setOwn(target: Properties, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else target[name] = value;
}

/** A copy that shares nothing: whoever gets the result may change it. */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (!isProperties(value)) return value;
  const result: Properties = {};
  for (const name of Object.keys(value)) setOwn(result, name, copyOf(value[name]));
  return result as T;
}
