import type { Fields } from '../../core/pod/fields.ts';
import { readAnnotation } from './read-annotation.ts';

/**
 * The behaviour in the annotation that autoscaling/v1 carries it in. Upstream writes there what it has in memory, whose
 * fields have capital names and are all present; it reads names in any case.
 */
export function behaviorText(behavior: Fields): string {
  const rules = (one: Fields | undefined) =>
    one === undefined
      ? null
      : {
          StabilizationWindowSeconds: one['stabilizationWindowSeconds'] ?? null,
          SelectPolicy: one['selectPolicy'] ?? null,
          Policies: one['policies']?.map(policyText) ?? null,
          Tolerance: one['tolerance'] ?? null,
        };
  return JSON.stringify({ ScaleUp: rules(behavior['scaleUp']), ScaleDown: rules(behavior['scaleDown']) });
}

function policyText({ type, value, periodSeconds }: Fields): Fields {
  return { Type: type, Value: value, PeriodSeconds: periodSeconds };
}

const NAMES = [
  'scaleUp',
  'scaleDown',
  'stabilizationWindowSeconds',
  'selectPolicy',
  'policies',
  'tolerance',
  'type',
  'value',
  'periodSeconds',
];
const byLowerCase = new Map(NAMES.map((name) => [name.toLowerCase(), name]));

/** The value with its fields named as the API names them, and what is null or unknown left out. */
function renamed(value: unknown): any {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).flatMap(([name, field]) => {
    const known = byLowerCase.get(name.toLowerCase());
    return known === undefined || field === null ? [] : [[known, renamed(field)] as const];
  });
  return Object.fromEntries(fields);
}

/** The behaviour that an annotation says; undefined when it says none or cannot be read. */
export function behaviorIn(text: string): Fields | undefined {
  const behavior = readAnnotation('autoscaling/v2.HorizontalPodAutoscalerBehavior', text, renamed);
  return behavior?.['scaleUp'] === undefined && behavior?.['scaleDown'] === undefined ? undefined : behavior;
}
