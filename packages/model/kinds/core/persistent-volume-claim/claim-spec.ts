/** The spec of a claim, also where it stands in a template. */
import { type FieldError, invalid, required } from '../../../field-error.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../../../metadata/names.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import { canonicalQuantities } from '../../../quantity/canonical-quantities.ts';
import { quantityOrUndefined } from '../../../quantity/quantity.ts';
import { labelSelectorErrors } from '../../../selectors/validate-label-selector.ts';
import type { Fields } from '../pod/fields.ts';
import { problems, requiredText } from '../pod/validation/scalars.ts';
import { accessModeErrors, classNameErrors, volumeModeErrors } from '../storage-words.ts';

export function defaultClaimSpec(spec: Fields): void {
  spec['volumeMode'] ??= 'Filesystem';
  canonicalQuantities(spec['resources']?.limits);
  canonicalQuantities(spec['resources']?.requests);
}

function storageErrors(at: string, requests: Fields): FieldError[] {
  if (requests['storage'] === undefined) return [required(at)];
  const size = quantityOrUndefined(requests['storage']);
  return size === undefined || size.sign() > 0 ? [] : [invalid(at, size.toString(), 'must be greater than zero')];
}

function dataSourceErrors(at: string, source: Fields | undefined): FieldError[] {
  if (source === undefined) return [];
  const group: string = source['apiGroup'] ?? '';
  const errors = [...requiredText(`${at}.name`, source['name']), ...requiredText(`${at}.kind`, source['kind'])];
  if (group === '' && source['kind'] !== 'PersistentVolumeClaim') {
    const text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(invalid(at, source['kind'] ?? '', text));
  }
  if (group !== '') errors.push(...problems(`${at}.apiGroup`, group, dnsSubdomainProblems));
  const namespace: string = source['namespace'] ?? '';
  if (namespace !== '') errors.push(...problems(`${at}.namespace`, namespace, dnsLabelProblems));
  return errors;
}

function twoSourcesErrors(at: string, spec: Fields): FieldError[] {
  const [source, reference]: [Fields | undefined, Fields | undefined] = [spec['dataSource'], spec['dataSourceRef']];
  if (source === undefined || reference === undefined) return [];
  const field = `${at}.dataSource`;
  if ((reference['namespace'] ?? '') !== '') {
    return [invalid(at, field, 'may not be specified when dataSourceRef.namespace is specified')];
  }
  const same = ['apiGroup', 'kind', 'name'].every((name) => sameValue(source[name], reference[name]));
  return same ? [] : [invalid(at, field, 'must match dataSourceRef')];
}

/** Everything wrong with the spec of a claim at `at`. */
export function claimSpecErrors(at: string, spec: Fields): FieldError[] {
  return [
    ...accessModeErrors(`${at}.accessModes`, spec['accessModes'] ?? [], 'at least 1 access mode is required'),
    ...labelSelectorErrors(`${at}.selector`, spec['selector']),
    ...storageErrors(`${at}.resources[storage]`, spec['resources']?.requests ?? {}),
    ...classNameErrors(`${at}.storageClassName`, spec['storageClassName']),
    ...volumeModeErrors(`${at}.volumeMode`, spec['volumeMode']),
    ...dataSourceErrors(`${at}.dataSource`, spec['dataSource']),
    ...dataSourceErrors(`${at}.dataSourceRef`, spec['dataSourceRef']),
    ...twoSourcesErrors(at, spec),
    ...classNameErrors(`${at}.volumeAttributesClassName`, spec['volumeAttributesClassName']),
  ];
}
