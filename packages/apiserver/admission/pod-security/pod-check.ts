import type { ObjectMeta } from '@keelson/model';
import type { Level } from './security-policy.ts';

export type Fields = Readonly<Record<string, any>>;

/** Why a check does not let a pod pass: in a word, and what exactly. */
export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** One control of the Pod Security Standards. */
export interface PodCheck {
  readonly id: string;
  readonly level: Exclude<Level, 'privileged'>;
  /** The first minor that has it. */
  readonly since: number;
  /** Controls of the baseline that it takes the place of. */
  readonly overrides?: readonly string[];
  check(metadata: Readonly<ObjectMeta>, spec: Fields, minor: number): Violation | undefined;
}

/** Every container of a pod, in the order of the standards' messages. */
export function containersOf(spec: Fields): Fields[] {
  return [...(spec['initContainers'] ?? []), ...(spec['containers'] ?? []), ...(spec['ephemeralContainers'] ?? [])];
}

/** The names of the containers for which `bad` holds. */
export function badContainers(spec: Fields, bad: (security: Fields, container: Fields) => boolean): string[] {
  return containersOf(spec)
    .filter((container) => bad(container['securityContext'] ?? {}, container))
    .map((container) => container['name'] as string);
}

export function quotedList(items: Iterable<string>): string {
  return [...items].map((item) => `"${item}"`).join(', ');
}

export function plural(singular: string, several: string, count: number): string {
  return count === 1 ? singular : several;
}

/** `container "a"`, `containers "a", "b"`. */
export function containersText(names: readonly string[]): string {
  return `${plural('container', 'containers', names.length)} ${quotedList(names)}`;
}

/** Whoever sets something that is not allowed: `pod`, `containers "a", "b"`, both with `and` between. */
export function settersText(pod: boolean, containers: readonly string[]): string {
  return [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [containersText(containers)] : [])].join(' and ');
}

export function sorted(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}

/** Pods in a user namespace of their own are trusted with more since 1.35. */
export function hasUserNamespace(spec: Fields): boolean {
  return spec['hostUsers'] === false;
}

export function isWindows(spec: Fields): boolean {
  return spec['os']?.name === 'windows';
}
