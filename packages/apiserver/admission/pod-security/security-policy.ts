/** Which Pod Security Standard holds in a namespace (https://kubernetes.io/docs/concepts/security/pod-security-admission/). */
import { type FieldError, invalid, key } from '@keelson/model';

export type Level = 'privileged' | 'baseline' | 'restricted';

/** A level in the version of a Kubernetes minor; `latest` is the cluster's own. */
export interface LevelVersion {
  readonly level: Level;
  readonly version: number | 'latest';
}

export interface SecurityPolicy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
}

export const labelPrefix = 'pod-security.kubernetes.io/';
const levels: readonly Level[] = ['privileged', 'baseline', 'restricted'];

/** `baseline:v1.25`, `restricted:latest`. */
export function levelText({ level, version }: LevelVersion): string {
  return `${level}:${version === 'latest' ? version : `v1.${version}`}`;
}

/** How strict a level is, for comparison. */
export function strictness(level: Level): number {
  return levels.indexOf(level);
}

export function sameLevel(left: LevelVersion, right: LevelVersion): boolean {
  return left.level === right.level && left.version === right.version;
}

export function isPrivileged(policy: SecurityPolicy): boolean {
  return [policy.enforce, policy.audit, policy.warn].every(({ level }) => level === 'privileged');
}

/**
 * The policy that a namespace's labels ask for over `standard`, and what is wrong with them. A wrong enforce level counts
 * as restricted, a wrong audit or warn level as privileged.
 */
export function policyOf(
  labels: Readonly<Record<string, string>> | undefined,
  standard: SecurityPolicy,
): { readonly policy: SecurityPolicy; readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = [];
  if (labels === undefined || !Object.keys(labels).some((name) => name.startsWith(labelPrefix)))
    return { policy: standard, errors };
  const label = (name: string): string | undefined =>
    Object.hasOwn(labels, labelPrefix + name) ? labels[labelPrefix + name] : undefined;
  const wrong = (name: string, value: string, text: string) =>
    errors.push(invalid(key('metadata.labels', labelPrefix + name), value, text));
  const read = (mode: 'enforce' | 'audit' | 'warn', fallback: Level): LevelVersion => {
    const [level, version] = [label(mode), label(`${mode}-version`)];
    const good = level === undefined ? standard[mode].level : levels.find((one) => one === level);
    if (good === undefined) wrong(mode, level!, 'must be one of privileged, baseline, restricted');
    const match = /^v1\.(0|[1-9][0-9]{0,5})$/.exec(version ?? '');
    if (version !== undefined && version !== 'latest' && match === null)
      wrong(`${mode}-version`, version, 'must be "latest" or "v1.x"');
    const minor = version === undefined ? standard[mode].version : match === null ? 'latest' : Number(match[1]);
    return { level: good ?? fallback, version: minor };
  };
  const enforce = read('enforce', 'restricted');
  const audit = read('audit', 'privileged');
  let warn = read('warn', 'privileged');
  const given = levels.some((one) => one === label('enforce'));
  if (label('warn') === undefined && given && strictness(enforce.level) > strictness(warn.level))
    warn = { level: enforce.level, version: label('warn-version') === undefined ? enforce.version : warn.version };
  return { policy: { enforce, audit, warn }, errors };
}
