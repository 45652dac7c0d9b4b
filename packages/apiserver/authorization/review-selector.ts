interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** A selector of ResourceAttributes: FieldSelectorAttributes or LabelSelectorAttributes. */
interface SelectorAttributes {
  readonly rawSelector?: string;
  readonly requirements?: readonly Requirement[];
}

/**
 * A review's selector as the text that a request would carry. Requirements that cannot be read are left out, which
 * asks for more, never for less; `errors` says so.
 */
export function readSelector(
  selector: SelectorAttributes | undefined,
  field: 'fieldSelector' | 'labelSelector',
): { text: string; errors: string[] } {
  const requirements = selector?.requirements ?? [];
  if (requirements.length === 0) return { text: selector?.rawSelector ?? '', errors: [] };
  const terms = requirements.map((requirement) => termOf(requirement, field));
  const good = terms.filter((term) => term !== undefined);
  if (good.length === terms.length) return { text: good.join(','), errors: [] };
  const ignored = good.length > 0 ? 'partially ignored' : 'ignored';
  return { text: good.join(','), errors: [`spec.resourceAttributes.${field} ${ignored} due to parse error`] };
}

function termOf({ key, operator, values = [] }: Requirement, field: string): string | undefined {
  if (field === 'fieldSelector') {
    if (values.length !== 1) return undefined;
    if (operator === 'In') return `${key}=${values[0]}`;
    return operator === 'NotIn' ? `${key}!=${values[0]}` : undefined;
  }
  if (operator === 'Exists') return values.length === 0 ? key : undefined;
  if (operator === 'DoesNotExist') return values.length === 0 ? `!${key}` : undefined;
  if (values.length === 0) return undefined;
  if (operator === 'In') return `${key} in (${values.join(',')})`;
  return operator === 'NotIn' ? `${key} notin (${values.join(',')})` : undefined;
}
