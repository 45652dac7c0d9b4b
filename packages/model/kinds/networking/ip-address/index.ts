import { type FieldError, required } from '../../../field-error.ts';
import { dnsSubdomainProblems, pathSegmentProblems } from '../../../metadata/names.ts';
import { immutable } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import { nameColumn } from '../../../table/table.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { problems, problemsIfSet } from '../../core/pod/validation/scalars.ts';

function validate(object: Readonly<ApiObject>): FieldError[] {
  const parent: Fields | undefined = object['spec']?.parentRef;
  const at = 'spec.parentRef';
  if (parent === undefined) return [required(at)];
  return [
    ...problemsIfSet(`${at}.group`, parent['group'], dnsSubdomainProblems),
    ...['resource', 'name'].flatMap((name) => {
      const value: string = parent[name] ?? '';
      return value === '' ? [required(`${at}.${name}`)] : problems(`${at}.${name}`, value, pathSegmentProblems);
    }),
    ...problemsIfSet(`${at}.namespace`, parent['namespace'], pathSegmentProblems),
  ];
}

function parentText(object: Readonly<ApiObject>): string {
  const parent: Fields | undefined = object['spec']?.parentRef;
  if (parent === undefined) return '<none>';
  const group: string = parent['group'] ?? '';
  const resource = `${parent['resource'] ?? ''}${group === '' ? '' : `.${group}`}`.toLowerCase();
  return [resource, parent['namespace'] ?? '', parent['name'] ?? ''].filter((part) => part !== '').join('/');
}

export const ipAddress: Strategy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IPAddress',
  nameForm: 'ipAddress',
  validate,
  validateUpdate: (object, previous) =>
    immutable('spec.parentRef', object['spec']?.parentRef, previous['spec']?.parentRef),
  columns: [nameColumn, textColumn('ParentRef', 'The object that holds the address.', parentText)],
};
