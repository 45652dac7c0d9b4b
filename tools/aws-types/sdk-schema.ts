import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The SDK's runtime schemas are tuples. A number is a simple type (see `simpleTypes`), a tuple `[kind, namespace, name,
 * traits, …]` is a shape, a function returns one, and `[schema, traits]` adds traits to one. Traits are a record, or a
 * number of bits.
 */
export type Schema = number | readonly unknown[] | (() => Schema);
export type Traits = Readonly<Record<string, unknown>>;

export const simpleTypes: Readonly<Record<number, string>> = {
  0: 'string',
  1: 'number',
  2: 'boolean',
  4: 'timestamp',
  5: 'timestamp:date-time',
  6: 'timestamp:http-date',
  7: 'timestamp:epoch-seconds',
  15: 'document',
  17: 'number',
  19: 'number',
  21: 'blob',
  42: 'blob',
};
export const listBit = 64;
export const mapBit = 128;
export const kinds = { simple: 0, list: 1, map: 2, structure: 3, union: 4, operation: 9, error: -3 } as const;

const traitBits: readonly (readonly [number, string])[] = [
  [1, 'httpLabel'],
  [2, 'idempotent'],
  [4, 'idempotencyToken'],
  [8, 'sensitive'],
  [16, 'httpPayload'],
  [32, 'httpResponseCode'],
  [64, 'httpQueryParams'],
];

export interface SdkService {
  readonly protocol: string;
  readonly apiVersion: string;
  readonly serviceId: string;
  readonly xmlNamespace: string | undefined;
  readonly target: string;
  /** Operations in the order of their names. */
  readonly operations: readonly (readonly unknown[])[];
  readonly errors: readonly (readonly unknown[])[];
  /** The errors that an operation's documentation names, by operation. */
  readonly thrown: ReadonlyMap<string, readonly string[]>;
  /** The values of the enumeration that the SDK exports under this name; empty when it has none. */
  enumeration(name: string): readonly string[];
}

/** Reads @aws-sdk/client-<client>. */
export async function loadSdkService(client: string): Promise<SdkService> {
  const entry = createRequire(import.meta.url).resolve(`@aws-sdk/client-${client}`);
  const module = (await import(entry)).default as Record<string, unknown>;
  const clientName = Object.keys(module).find((name) => name.endsWith('Client') && !name.startsWith('__'))!;
  const Client = module[clientName] as new (options: unknown) => { config: any };
  const { config } = new Client({ region: 'us-east-1', credentials: { accessKeyId: '-', secretAccessKey: '-' } });
  const shapes = Object.entries(module)
    .filter(([name, value]) => name.endsWith('$') && Array.isArray(value))
    .map(([, value]) => value as readonly unknown[]);
  const byName = (left: readonly unknown[], right: readonly unknown[]) => (String(left[2]) < String(right[2]) ? -1 : 1);
  return {
    protocol: config.protocol.getShapeId(),
    apiVersion: config.apiVersion,
    serviceId: config.serviceId,
    xmlNamespace: config.protocolSettings.xmlNamespace,
    target: config.protocolSettings.serviceTarget,
    operations: shapes.filter((shape) => shape[0] === kinds.operation).sort(byName),
    errors: shapes.filter((shape) => shape[0] === kinds.error && !String(shape[1]).startsWith('smithy')).sort(byName),
    thrown: readThrown(join(dirname(entry), '../dist-types/commands')),
    enumeration(name) {
      const values = Object.hasOwn(module, name) ? module[name] : undefined;
      if (values === null || typeof values !== 'object' || Array.isArray(values)) return [];
      return Object.values(values).filter((value) => typeof value === 'string');
    },
  };
}

function readThrown(folder: string): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('Command.d.ts'))) {
    const text = readFileSync(join(folder, file), 'utf8');
    const names = [...text.matchAll(/@throws \{@link (\w+)\} \((?:client|server) fault\)/g)].map((match) => match[1]!);
    found.set(file.slice(0, -'Command.d.ts'.length), names);
  }
  return found;
}

export function traitsOf(raw: unknown): Traits {
  if (raw !== null && typeof raw === 'object') return raw as Traits;
  if (typeof raw !== 'number') return {};
  return Object.fromEntries(traitBits.filter(([bit]) => (raw & bit) !== 0).map(([, name]) => [name, 1]));
}

/** Follows functions and member tuples to the shape, and gathers the member's own traits. */
export function resolveMember(raw: unknown): { schema: Schema; traits: Traits } {
  let schema = raw;
  let traits: Traits = {};
  while (typeof schema === 'function' || isTraitPair(schema)) {
    if (typeof schema === 'function') {
      schema = schema();
    } else {
      traits = { ...traitsOf(schema[1]), ...traits };
      schema = schema[0];
    }
  }
  return { schema: schema as Schema, traits };
}

function isTraitPair(schema: unknown): schema is readonly unknown[] {
  return Array.isArray(schema) && schema.length === 2 && typeof schema[1] !== 'string';
}
