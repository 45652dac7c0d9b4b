import type { AutoScalingGroup, Instance } from '@keelson/model/region/object-types.ts';

/** The tag by which an instance belongs to its group. */
export const groupTag = 'aws:autoscaling:groupName';

/** What the group needs next. */
export interface GroupPlan {
  /** How many instances to launch in which subnet. */
  readonly launch: readonly { readonly subnetId: string; readonly count: number }[];
  /** Which instances to terminate. */
  readonly terminate: readonly string[];
}

function counts(instance: Instance): boolean {
  return instance.spec.desiredState !== 'terminated' && instance.status?.state !== 'terminated';
}

/** The instances of the group that are meant to stay. */
export function membersOf(group: AutoScalingGroup, all: readonly Instance[]): Instance[] {
  const name = group.metadata.name;
  return all.filter((one) => counts(one) && one.spec.tags?.some((tag) => tag.key === groupTag && tag.value === name));
}

/**
 * What brings the group to its desired capacity. New instances go where fewest are, in the order of the subnets given;
 * those that leave are the ones told to first, then from where most are, the oldest of them (the default termination
 * policy, without launch templates to compare).
 */
export function planGroup(group: AutoScalingGroup, members: readonly Instance[]): GroupPlan {
  const { desiredCapacity, subnetIds, instancesToTerminate = [] } = group.spec;
  const leaving = members.filter((one) => instancesToTerminate.includes(one.metadata.name!));
  const staying = members.filter((one) => !leaving.includes(one));
  const perSubnet = new Map(subnetIds.map((id) => [id, staying.filter((one) => one.spec.subnetId === id).length]));
  const launched = new Map<string, number>();
  for (let missing = desiredCapacity - staying.length; missing > 0; missing--) {
    const [subnetId, count] = [...perSubnet].reduce((best, next) => (next[1] < best[1] ? next : best));
    perSubnet.set(subnetId, count + 1);
    launched.set(subnetId, (launched.get(subnetId) ?? 0) + 1);
  }
  const terminate = leaving.map((one) => one.metadata.name!);
  const rest = [...staying].sort((one, other) => one.spec.launchTime.localeCompare(other.spec.launchTime));
  while (rest.length > desiredCapacity) {
    const size = (id: string) => rest.filter((one) => one.spec.subnetId === id).length;
    const victim = rest.reduce((best, next) => (size(next.spec.subnetId) > size(best.spec.subnetId) ? next : best));
    terminate.push(victim.metadata.name!);
    rest.splice(rest.indexOf(victim), 1);
  }
  return { launch: [...launched].map(([subnetId, count]) => ({ subnetId, count })), terminate };
}
