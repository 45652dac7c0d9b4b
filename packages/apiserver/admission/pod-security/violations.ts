import type { ObjectMeta } from '@keelson/model';
import { baselineChecks } from './baseline-checks.ts';
import type { Fields, Violation } from './pod-check.ts';
import { restrictedChecks } from './restricted-checks.ts';
import type { LevelVersion } from './security-policy.ts';

/**
 * What of a pod the level does not allow, in the standards' order. `newest` is the cluster's own minor: later versions
 * and `latest` mean it.
 */
export function violations(
  { level, version }: LevelVersion,
  metadata: Readonly<ObjectMeta>,
  spec: Fields,
  newest: number,
): Violation[] {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? newest : Math.min(version, newest);
  const restricted = level === 'restricted' ? restrictedChecks.filter(({ since }) => since <= minor) : [];
  const overridden = new Set(restricted.flatMap(({ overrides = [] }) => overrides));
  const baseline = baselineChecks.filter(({ id, since }) => since <= minor && !overridden.has(id));
  return [...baseline, ...restricted].flatMap(({ check }) => check(metadata, spec, minor) ?? []);
}

/** `privileged (container "c" must not …), hostPort (…)`. */
export function violationsText(found: readonly Violation[]): string {
  return found.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');
}
