import { duplicate, type FieldError, index, required } from '../../../field-error.ts';
import { labelValueProblems } from '../../../metadata/names.ts';
import { labelKeyErrors } from '../../../metadata/validate-metadata.ts';
import { problems } from '../../core/pod/validation/scalars.ts';

interface Requirement {
  key?: string;
  values?: string[];
}

interface Term {
  matchLabelExpressions?: Requirement[];
}

function requirementErrors(at: string, { key = '', values = [] }: Requirement): FieldError[] {
  const errors: FieldError[] = values.length === 0 ? [required(`${at}.values`)] : [];
  const seen = new Set<string>();
  values.forEach((value, position) => {
    if (seen.has(value)) errors.push(duplicate(index(`${at}.values`, position), value));
    seen.add(value);
    errors.push(...problems(index(`${at}.values`, position), value, labelValueProblems));
  });
  return [...errors, ...labelKeyErrors(`${at}.key`, key)];
}

function identityOf(term: Term): string {
  const parts = (term.matchLabelExpressions ?? []).map(({ key = '', values = [] }) => [key, [...values].sort()]);
  return JSON.stringify(parts.sort());
}

/** The topologies that a StorageClass makes volumes in: no key twice in a term, no term twice. */
export function topologiesErrors(at: string, terms: readonly Term[]): FieldError[] {
  const known = new Set<string>();
  return terms.flatMap((term, position) => {
    const field = `${index(at, position)}.matchLabelExpressions`;
    const keys = new Set<string>();
    const errors = (term.matchLabelExpressions ?? []).flatMap((requirement, i) => {
      const found = requirementErrors(index(field, i), requirement);
      if (keys.has(requirement.key ?? '')) found.push(duplicate(`${index(field, i)}.key`, requirement.key));
      keys.add(requirement.key ?? '');
      return found;
    });
    const identity = identityOf(term);
    if (known.has(identity)) errors.push(duplicate(field, ''));
    known.add(identity);
    return errors;
  });
}
