import { type FieldError, forbidden } from '../../../../field-error.ts';
import { annotationsErrors, labelsErrors } from '../../../../metadata/validate-metadata.ts';
import type { Fields } from '../fields.ts';
import { podSpecErrors } from './pod-spec.ts';

/** Everything wrong with the pod template at `at`. */
export function podTemplateErrors(at: string, template: Fields): FieldError[] {
  const spec: Fields = template['spec'] ?? {};
  const errors = [
    ...labelsErrors(`${at}.labels`, template['metadata']?.labels),
    ...annotationsErrors(`${at}.annotations`, template['metadata']?.annotations),
    ...podSpecErrors(`${at}.spec`, spec, '', false),
  ];
  if ((spec['ephemeralContainers'] ?? []).length > 0) {
    errors.push(forbidden(`${at}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'));
  }
  return errors;
}
