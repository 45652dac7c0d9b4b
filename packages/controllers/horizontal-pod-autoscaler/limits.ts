import type { HorizontalPodAutoscaler, HPAScalingRules } from '@keelson/model/generated/types/autoscaling-v2.ts';

/** What was wanted, or done, at a time (milliseconds since 1970). */
export interface Entry {
  readonly at: number;
  readonly count: number;
}

/** What is remembered of an autoscaler: what it would have liked, and what it did. */
export interface Memory {
  readonly wishes: readonly Entry[];
  readonly added: readonly Entry[];
  readonly removed: readonly Entry[];
}

export const noMemory: Memory = { wishes: [], added: [], removed: [] };

/** A condition without its times. */
export interface Finding {
  readonly type: 'AbleToScale' | 'ScalingLimited';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

const defaultWindow = 300;
/** Nothing that is older is asked for: the longest window and the longest period. */
const longestMemory = 3_600_000;
const tooMany = ['TooManyReplicas', 'the desired replica count is more than the maximum replica count'] as const;
const tooFew = ['TooFewReplicas', 'the desired replica count is less than the minimum replica count'] as const;
const tooFast = ['ScaleUpLimit', 'the desired replica count is increasing faster than the maximum scale rate'] as const;
const tooSoon = [
  'ScaleDownLimit',
  'the desired replica count is decreasing faster than the maximum scale rate',
] as const;
const fitting = ['DesiredWithinRange', 'the desired count is within the acceptable range'] as const;

/** What is asked for, between what was asked for lately: a change must have been wished for all through its window. */
function stabilize(
  wished: number,
  current: number,
  upWindow: number,
  downWindow: number,
  wishes: readonly Entry[],
  now: number,
): number {
  const since = (seconds: number) => wishes.filter(({ at }) => at > now - seconds * 1000).map(({ count }) => count);
  const least = Math.min(wished, ...since(upWindow));
  const most = Math.max(wished, ...since(downWindow));
  return Math.min(Math.max(current, least), most);
}

function sumSince(entries: readonly Entry[], seconds: number, now: number): number {
  return entries.filter(({ at }) => at > now - seconds * 1000).reduce((sum, { count }) => sum + count, 0);
}

/** How far the rules let the count go from `current`, up (`sign` 1) or down (-1). */
function rateLimit(rules: HPAScalingRules, current: number, sign: 1 | -1, memory: Memory, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const limits = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const start = current - sumSince(memory.added, periodSeconds, now) + sumSince(memory.removed, periodSeconds, now);
    if (type === 'Pods') return start + sign * value;
    const share = start * (1 + (sign * value) / 100);
    return sign > 0 ? Math.ceil(share) : Math.floor(share);
  });
  const outermost = (rules.selectPolicy === 'Min') === sign > 0 ? Math.min : Math.max;
  const limit = outermost(...limits);
  return sign > 0 ? Math.max(limit, current) : Math.min(limit, current);
}

/** What may be done of what a metric asks for, with what people are told, and what is remembered. */
export interface Allowance {
  readonly replicas: number;
  readonly findings: readonly Finding[];
  readonly wishes: readonly Entry[];
}

/** `wished` within minimum, maximum, windows and rates. `least` is the minimum. */
export function allow(
  { spec }: HorizontalPodAutoscaler,
  memory: Memory,
  current: number,
  wished: number,
  least: number,
  now: number,
): Allowance {
  const { behavior, maxReplicas } = spec;
  const upWindow = behavior?.scaleUp?.stabilizationWindowSeconds ?? 0;
  const downWindow = behavior?.scaleDown?.stabilizationWindowSeconds ?? defaultWindow;
  const wishes = memory.wishes.filter(({ at }) => at > now - longestMemory);
  const stable =
    behavior === undefined
      ? Math.max(wished, ...wishes.filter(({ at }) => at > now - defaultWindow * 1000).map(({ count }) => count))
      : stabilize(wished, current, upWindow, downWindow, wishes, now);
  const [ceiling, above] = ceilingOf(behavior?.scaleUp, current, maxReplicas, memory, now);
  const [floor, below] = floorOf(behavior?.scaleDown, current, least, memory, now);
  // With rates of its own each direction knows its own limit only.
  const rising = behavior === undefined || stable > current;
  const falling = behavior === undefined || stable < current;
  const [replicas, [reason, message]] =
    falling && stable < floor ? [floor, below] : rising && stable > ceiling ? [ceiling, above] : [stable, fitting];
  const limited = replicas === stable ? 'False' : 'True';
  return {
    replicas,
    wishes: [...wishes, { at: now, count: wished }],
    findings: [
      stability(wished, stable, current, behavior === undefined),
      { type: 'ScalingLimited', status: limited, reason, message },
    ],
  };
}

function stability(wished: number, stable: number, current: number, onlyDown: boolean): Finding {
  const able = { type: 'AbleToScale', status: 'True' } as const;
  if (wished === stable) {
    return { ...able, reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
  }
  if (!onlyDown && wished >= current) {
    const message = 'recent recommendations were lower than current one, applying the lowest recent recommendation';
    return { ...able, reason: 'ScaleUpStabilized', message };
  }
  const message = 'recent recommendations were higher than current one, applying the highest recent recommendation';
  return { ...able, reason: 'ScaleDownStabilized', message };
}

type Why = readonly [reason: string, message: string];

function ceilingOf(
  rules: HPAScalingRules | undefined,
  current: number,
  most: number,
  memory: Memory,
  now: number,
): readonly [number, Why] {
  // Without rules it doubles, and goes to four at once.
  const limit = rules === undefined ? Math.max(2 * current, 4) : rateLimit(rules, current, 1, memory, now);
  return most > limit ? [limit, tooFast] : [most, tooMany];
}

function floorOf(
  rules: HPAScalingRules | undefined,
  current: number,
  least: number,
  memory: Memory,
  now: number,
): readonly [number, Why] {
  const limit = rules === undefined ? least : rateLimit(rules, current, -1, memory, now);
  return least < limit ? [limit, tooSoon] : [least, tooFew];
}

/** The memory after a change from `before` to `after` replicas. */
export function remember(memory: Memory, before: number, after: number, now: number): Memory {
  const recent = (entries: readonly Entry[]) => entries.filter(({ at }) => at > now - longestMemory);
  const change = { at: now, count: Math.abs(after - before) };
  return {
    wishes: memory.wishes,
    added: after > before ? [...recent(memory.added), change] : recent(memory.added),
    removed: after < before ? [...recent(memory.removed), change] : recent(memory.removed),
  };
}
