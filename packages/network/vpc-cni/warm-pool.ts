import type { AttachedInterface, InstancePlace } from './instance-network.ts';

/** How many addresses are kept ready, by aws-node's environment variables. */
export interface WarmTargets {
  /** WARM_ENI_TARGET: spare interfaces, each counted by all its addresses. Default 1. */
  readonly warmInterfaces: number;
  /** WARM_IP_TARGET, MINIMUM_IP_TARGET: either of them takes the place of the spare interfaces. */
  readonly warmAddresses: number | undefined;
  readonly minimumAddresses: number | undefined;
  /** MAX_ENI; the type's own limit holds too. */
  readonly maximumInterfaces: number | undefined;
}

/** What to do next about the pool; undefined when it is as it should be. */
export type PoolStep =
  | { readonly kind: 'assign'; readonly interfaceId: string; readonly count: number }
  | { readonly kind: 'attach'; readonly deviceIndex: number; readonly count: number }
  | { readonly kind: 'unassign'; readonly interfaceId: string; readonly addresses: readonly string[] }
  | { readonly kind: 'detach'; readonly interfaceId: string };

export interface PoolFacts {
  readonly place: InstancePlace;
  readonly targets: WarmTargets;
  readonly interfaces: readonly AttachedInterface[];
  /** Addresses that pods have, or had a moment ago. */
  readonly busy: ReadonlySet<string>;
}

/** Plans one step towards the targets: addresses on an interface with room first, then another interface. Pure. */
export function nextPoolStep(facts: PoolFacts): PoolStep | undefined {
  const wanted = wantedAddresses(facts);
  const total = facts.interfaces.reduce((sum, one) => sum + one.secondaryAddresses.length, 0);
  return total < wanted ? grow(facts, wanted - total) : shrink(facts, total);
}

/** How many addresses there should be, free and in use together. */
function wantedAddresses({ place, targets, busy }: PoolFacts): number {
  const perInterface = place.addressesPerInterface - 1;
  const { warmAddresses, minimumAddresses, warmInterfaces } = targets;
  if (warmAddresses !== undefined || minimumAddresses !== undefined)
    return Math.max(busy.size + (warmAddresses ?? 0), minimumAddresses ?? 0, 1);
  return Math.max(busy.size + perInterface * warmInterfaces, 1);
}

function grow(facts: PoolFacts, missing: number): PoolStep | undefined {
  const { place, targets, interfaces } = facts;
  const perInterface = place.addressesPerInterface - 1;
  const exact = targets.warmAddresses !== undefined || targets.minimumAddresses !== undefined;
  const roomy = interfaces.find((one) => one.secondaryAddresses.length < perInterface);
  if (roomy !== undefined) {
    const room = perInterface - roomy.secondaryAddresses.length;
    return { kind: 'assign', interfaceId: roomy.id, count: exact ? Math.min(missing, room) : room };
  }
  const most = Math.min(place.maximumInterfaces, targets.maximumInterfaces ?? Number.POSITIVE_INFINITY);
  if (interfaces.length >= most) return undefined;
  const taken = new Set(interfaces.map((one) => one.deviceIndex));
  let deviceIndex = 1;
  while (taken.has(deviceIndex)) deviceIndex++;
  return { kind: 'attach', deviceIndex, count: exact ? Math.min(missing, perInterface) : perInterface };
}

/** Gives back an interface that is not needed, or, with exact targets, addresses beyond them. */
function shrink(facts: PoolFacts, total: number): PoolStep | undefined {
  const { interfaces, busy } = facts;
  const wanted = wantedAddresses(facts);
  const idle = interfaces
    .filter((one) => one.deviceIndex > 0 && !one.secondaryAddresses.some((address) => busy.has(address)))
    .sort((one, other) => other.deviceIndex - one.deviceIndex);
  for (const one of idle)
    if (total - one.secondaryAddresses.length >= wanted) return { kind: 'detach', interfaceId: one.id };
  if (facts.targets.warmAddresses === undefined) return undefined;
  for (const one of [...interfaces].reverse()) {
    const free = one.secondaryAddresses.filter((address) => !busy.has(address)).slice(0, total - wanted);
    if (free.length > 0) return { kind: 'unassign', interfaceId: one.id, addresses: free };
  }
  return undefined;
}

/** Reads the targets from the environment. @throws Error for a value that is no number of things */
export function readWarmTargets(environment: Readonly<Record<string, string | undefined>>): WarmTargets {
  const number = (name: string): number | undefined => {
    const text = environment[name];
    if (text === undefined || text === '') return undefined;
    if (!/^\d{1,4}$/.test(text)) throw new Error(`${name} must be a number, and is ${JSON.stringify(text)}`);
    return Number(text);
  };
  const positive = (name: string) => number(name) || undefined;
  return {
    warmInterfaces: number('WARM_ENI_TARGET') ?? 1,
    warmAddresses: positive('WARM_IP_TARGET'),
    minimumAddresses: positive('MINIMUM_IP_TARGET'),
    maximumInterfaces: positive('MAX_ENI'),
  };
}
