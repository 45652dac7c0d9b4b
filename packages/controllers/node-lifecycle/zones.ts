import type { Clock } from '@keelson/base';
import { TokenBucket } from '@keelson/controller-kit';
import type { Node } from '@keelson/model/generated/types/core-v1.ts';
import { readiness } from './taints.ts';

export type ZoneState = 'Normal' | 'PartialDisruption' | 'FullDisruption';

/** Nodes driven empty a second in a zone, and from how many nodes on a zone that is partly down still evicts (slower). */
const rate = { usual: 0.1, disrupted: 0.01 };
const largeZone = 50;
const unhealthyShare = 0.55;

/** Region and zone of a node, in one text. */
export function zoneOf(node: Node): string {
  const labels = node.metadata?.labels ?? {};
  return `${labels['topology.kubernetes.io/region'] ?? ''}:\0:${labels['topology.kubernetes.io/zone'] ?? ''}`;
}

/** How a zone is: fully disrupted when none is ready, partly when more than two and at least 55 % are not. */
export function zoneState(nodes: readonly Node[]): ZoneState {
  const down = nodes.filter((node) => readiness(node) !== 'True').length;
  if (down > 0 && down === nodes.length) return 'FullDisruption';
  return down > 2 && down / nodes.length >= unhealthyShare ? 'PartialDisruption' : 'Normal';
}

/** Nodes a second that may be driven empty in a zone. When every zone is down it is we who are cut off, and nobody is. */
export function evictionRate(state: ZoneState, size: number, allDown: boolean): number {
  if (allDown) return 0;
  if (state === 'PartialDisruption') return size > largeZone ? rate.disrupted : 0;
  return rate.usual;
}

/** Decides when a node may get the taint that drives its pods off. */
export class EvictionLimiter {
  readonly #clock: Clock;
  readonly #zones = new Map<string, { rate: number; bucket: TokenBucket }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the present nodes into account; a zone whose rate changes begins with one token. */
  observe(nodes: readonly Node[]): void {
    const zones = new Map<string, Node[]>();
    for (const node of nodes) {
      const zone = zoneOf(node);
      const members = zones.get(zone);
      if (members === undefined) zones.set(zone, [node]);
      else members.push(node);
    }
    const states = new Map([...zones].map(([zone, members]) => [zone, zoneState(members)]));
    const allDown = [...states.values()].every((state) => state === 'FullDisruption');
    for (const zone of this.#zones.keys()) if (!zones.has(zone)) this.#zones.delete(zone);
    for (const [zone, members] of zones) {
      const perSecond = evictionRate(states.get(zone)!, members.length, allDown);
      if (this.#zones.get(zone)?.rate !== perSecond)
        this.#zones.set(zone, { rate: perSecond, bucket: new TokenBucket(this.#clock, perSecond, 1) });
    }
  }

  /** True when this node may be driven empty now; that counts against its zone's rate. */
  tryTake(node: Node): boolean {
    const zone = this.#zones.get(zoneOf(node));
    return zone !== undefined && zone.rate > 0 && zone.bucket.tryTake();
  }
}
