import type { Ruleset } from './ruleset.ts';

/** Connections of UDP that the kernel still forwards to where no Service sends them now; each a list of arguments. */
export type FlowDeletion = readonly string[];

const limit = 1000;

/**
 * What `conntrack` has to forget after a change, as its arguments. A UDP client that keeps its source port would else be
 * sent to an endpoint that is gone for as long as it keeps asking. TCP needs none of it: a dead endpoint resets.
 */
export function staleUdpFlows(before: Ruleset, after: Ruleset): FlowDeletion[] {
  const deletions: FlowDeletion[] = [];
  for (const [name, chain] of before.chains) {
    const target = udpTarget(chain.rules);
    if (target === undefined || after.chains.has(name)) continue;
    deletions.push(['-D', '-p', 'udp', '--dst-nat', target.address, '--reply-port-src', target.port]);
  }
  // A flow that began while there was no endpoint was not rewritten, and would stay so.
  const was = before.collections.get('service-ips')?.elements ?? new Map<string, string>();
  for (const key of after.collections.get('service-ips')?.elements?.keys() ?? []) {
    const [address = '', protocol, port = ''] = key.split(' . ');
    if (protocol === 'udp' && !was.has(key))
      deletions.push(['-D', '-p', 'udp', '--orig-dst', address, '--orig-port-dst', port]);
  }
  return deletions.slice(0, limit);
}

function udpTarget(rules: readonly string[]): { readonly address: string; readonly port: string } | undefined {
  for (const rule of rules) {
    const match = /^meta l4proto udp dnat to ([\d.]+):(\d+)$/.exec(rule);
    if (match) return { address: match[1]!, port: match[2]! };
  }
  return undefined;
}
