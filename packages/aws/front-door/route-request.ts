import {
  formPairs,
  loadTable,
  type ServiceTable,
  type SignatureReading,
  splitTarget,
  type TableName,
  tableNames,
} from '@keelson/aws-protocol';
import type { HttpRequest } from '@keelson/base';

/** Which service a request is for. */
export type Destination =
  | { readonly outcome: 'service'; readonly table: ServiceTable }
  /** Named by the request, but not one that Keelson knows anything of. */
  | { readonly outcome: 'unknown'; readonly name: string }
  /** Not signed, and nothing in it names a service. */
  | { readonly outcome: 'none' };

/**
 * Finds the service: by the credential scope of a signed request; by X-Amz-Target, the first label of the host, or the
 * action of an unsigned one.
 */
export async function findDestination(request: HttpRequest, reading: SignatureReading): Promise<Destination> {
  if (reading.outcome === 'signed') return named(reading.signed.scope.service);
  const target = request.headers['x-amz-target'];
  if (target !== undefined) {
    for (const name of tableNames) {
      const table = await loadTable(name);
      if (target.startsWith(`${table.raw.target}.`)) return { outcome: 'service', table };
    }
    return { outcome: 'unknown', name: target };
  }
  const label = /^([a-z0-9-]+)\.(?:[a-z0-9-]+\.)?amazonaws\.com/.exec(request.headers['host'] ?? '')?.[1];
  if (label !== undefined) return named(label);
  return byAction(request);
}

async function named(name: string): Promise<Destination> {
  if (!tableNames.includes(name as TableName)) return { outcome: 'unknown', name };
  return { outcome: 'service', table: await loadTable(name as TableName) };
}

async function byAction(request: HttpRequest): Promise<Destination> {
  const { path } = splitTarget(request.target);
  if (path !== '/') return { outcome: 'none' };
  const pairs = new Map(formPairs(request));
  const action = pairs.get('Action');
  if (action === undefined) return { outcome: 'none' };
  for (const name of tableNames) {
    const table = await loadTable(name);
    const sameVersion = (pairs.get('Version') ?? table.raw.apiVersion) === table.raw.apiVersion;
    if (sameVersion && table.protocol.endsWith('Query') && table.operation(action) !== undefined)
      return { outcome: 'service', table };
  }
  return { outcome: 'none' };
}
