import type { ApiObject } from '@keelson/model';
import { type LevelVersion, levelText } from './security-policy.ts';
import { violations } from './violations.ts';

/** Most pods that are looked at when a namespace's level changes. */
const podLimit = 3000;

/** What a namespace's owner is told of pods that are there and would not be let in any more. */
export function namespaceWarnings(
  namespace: string,
  pods: readonly Readonly<ApiObject>[],
  enforce: LevelVersion,
  newest: number,
): string[] {
  const ordered = oneOfEachFirst(pods).slice(0, podLimit);
  const byReason = new Map<string, { name: string; count: number }>();
  for (const pod of ordered) {
    const found = violations(enforce, pod.metadata ?? {}, pod['spec'] ?? {}, newest);
    if (found.length === 0) continue;
    const reason = found.map((violation) => violation.reason).join(', ');
    const name = pod.metadata?.name ?? '';
    const seen = byReason.get(reason);
    if (seen === undefined) byReason.set(reason, { name, count: 1 });
    else byReason.set(reason, { name: name < seen.name ? name : seen.name, count: seen.count + 1 });
  }
  const warnings: string[] = [];
  if (ordered.length < pods.length)
    warnings.push(
      `new PodSecurity enforce level only checked against the first ${ordered.length} of ${pods.length} existing pods`,
    );
  if (byReason.size > 0)
    warnings.push(
      `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(levelText(enforce))}`,
    );
  const texts = [...byReason].map(([reason, { name, count }]) => `${name}${others(count - 1)}: ${reason}`);
  return [...warnings, ...texts.sort()];
}

function others(count: number): string {
  if (count === 0) return '';
  return count === 1 ? ' (and 1 other pod)' : ` (and ${count} other pods)`;
}

/** The first pod of each controller before its others, which are alike. */
function oneOfEachFirst(pods: readonly Readonly<ApiObject>[]): Readonly<ApiObject>[] {
  const seen = new Set<string>();
  const [first, rest]: [Readonly<ApiObject>[], Readonly<ApiObject>[]] = [[], []];
  for (const pod of pods) {
    const uid = pod.metadata?.ownerReferences?.find(({ controller }) => controller === true)?.uid;
    if (uid !== undefined && seen.has(uid)) rest.push(pod);
    else first.push(pod);
    if (uid !== undefined) seen.add(uid);
  }
  return [...first, ...rest];
}
