import { quantityOrUndefined } from '../../../quantity/quantity.ts';
import { everyContainer, type Fields } from './fields.ts';

const THOUSAND = 1000n;

/** Amounts of bytes that are no whole numbers, in a map of quantities at `at`. */
export function fractionalBytes(at: string, quantities: Fields | undefined): string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) => {
    const quantity = quantityOrUndefined(quantities?.[name]);
    if (quantity === undefined || quantity.milliValue() % THOUSAND === 0n) return [];
    return [`${at}[${name}]: fractional byte value "${quantity}" is invalid, must be an integer`];
  });
}

function repeatedVariables(container: Fields, at: string): string[] {
  const seen = new Set<string>();
  const warnings: string[] = [];
  ((container['env'] ?? []) as Fields[]).forEach((variable, position) => {
    const { name, value = '', valueFrom } = variable;
    // A later variable may go on from the earlier one of the same name: then nothing is hidden.
    const reference = `$(${name})`;
    const goesOn = valueFrom === undefined && value !== reference && String(value).includes(reference);
    if (seen.has(name) && !goesOn) {
      const text = `hides previous definition of "${name}", which may be dropped when using apply`;
      warnings.push(`${at}.env[${position}]: ${text}`);
    }
    seen.add(name);
  });
  return warnings;
}

/** What is odd about two ports of one number and protocol; undefined when nothing is. */
function clash(port: Fields, other: Fields): string | undefined {
  const [ip, otherIp] = [port['hostIP'] ?? '', other['hostIP'] ?? ''];
  const [host, otherHost] = [port['hostPort'] ?? 0, other['hostPort'] ?? 0];
  if (ip === otherIp && host === otherHost) return 'duplicate';
  if (host === 0 || otherHost === 0) return 'overlapping';
  return host === otherHost && (ip === '') !== (otherIp === '') ? 'dangerously ambiguous' : undefined;
}

function clashingPorts(spec: Fields, path: string): string[] {
  const known = new Map<string, { readonly at: string; readonly port: Fields }[]>();
  const warnings: string[] = [];
  for (const { list, position, container } of everyContainer(spec)) {
    ((container['ports'] ?? []) as Fields[]).forEach((port, index) => {
      const at = `${path}.${list}[${position}].ports[${index}]`;
      const key = `${port['containerPort']}/${port['protocol'] ?? 'TCP'}`;
      const others = known.get(key) ?? [];
      for (const other of others) {
        const what = clash(port, other.port);
        if (what !== undefined) warnings.push(`${at}: ${what} port definition with ${other.at}`);
      }
      known.set(key, [...others, { at, port }]);
    });
  }
  return warnings;
}

/** Warnings for the containers of the spec at `path`. */
export function containerWarnings(spec: Fields, path: string): string[] {
  const own = everyContainer(spec).flatMap(({ list, position, container }) => {
    const at = `${path}.${list}[${position}]`;
    const { limits, requests } = container['resources'] ?? {};
    return [
      ...fractionalBytes(`${at}.resources.limits`, limits),
      ...fractionalBytes(`${at}.resources.requests`, requests),
      ...repeatedVariables(container, at),
    ];
  });
  return [...own, ...clashingPorts(spec, path)];
}
