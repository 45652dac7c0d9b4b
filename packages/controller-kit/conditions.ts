/** What every condition of a status has (meta/v1 Condition and its relatives). */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly [more: string]: unknown;
}

/** The condition of this type. */
export function conditionOf<C extends { readonly type?: string }>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * `conditions` with `wanted` in the place of the one of its type. lastTransitionTime is kept while the status stays the
 * same; the very list comes back when nothing but times would change.
 */
export function withCondition<C extends Condition>(conditions: readonly C[], wanted: C): readonly C[] {
  const present = conditionOf(conditions, wanted.type);
  if (present === undefined) return [...conditions, wanted];
  const same = present.status === wanted.status;
  if (same && present.reason === wanted.reason && present.message === wanted.message) return conditions;
  const lastTransitionTime = same
    ? (present.lastTransitionTime ?? wanted.lastTransitionTime)
    : wanted.lastTransitionTime;
  return conditions.map((condition) =>
    condition === present ? { ...wanted, ...(lastTransitionTime !== undefined && { lastTransitionTime }) } : condition,
  );
}

/** `conditions` without the one of this type; the very list when it has none. */
export function withoutCondition<C extends Condition>(conditions: readonly C[], type: string): readonly C[] {
  return conditions.some((condition) => condition.type === type)
    ? conditions.filter((condition) => condition.type !== type)
    : conditions;
}
