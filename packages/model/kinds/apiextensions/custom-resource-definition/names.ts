import { child, type FieldError, index, invalid } from '../../../field-error.ts';
import type { CustomResourceDefinitionNames } from '../../../generated/types/apiextensions-v1.ts';
import { dns1035LabelProblems } from '../../../metadata/names.ts';

const mixedCase = 'may have mixed case, but should otherwise match: ';

/** Everything wrong with the names of a kind, as far as they are given. */
export function namesErrors(names: CustomResourceDefinitionNames, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const label = (place: string, value: string | undefined) => {
    const problems = value ? dns1035LabelProblems(value) : [];
    if (problems.length > 0) errors.push(invalid(place, value, problems.join(',')));
  };
  const kind = (name: 'kind' | 'listKind') => {
    const value = names[name];
    const problems = value ? dns1035LabelProblems(value.toLowerCase()) : [];
    if (problems.length > 0) errors.push(invalid(child(path, name), value, `${mixedCase}${problems.join(',')}`));
  };
  const labels = (name: 'shortNames' | 'categories') =>
    names[name]?.forEach((value, position) => {
      const problems = dns1035LabelProblems(value);
      if (problems.length > 0) errors.push(invalid(index(child(path, name), position), value, problems.join(',')));
    });
  label(child(path, 'plural'), names.plural);
  label(child(path, 'singular'), names.singular);
  kind('kind');
  kind('listKind');
  labels('shortNames');
  if (names.kind && names.kind === names.listKind)
    errors.push(invalid(child(path, 'listKind'), names.listKind, 'kind and listKind may not be the same'));
  labels('categories');
  return errors;
}
