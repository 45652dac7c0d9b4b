import { type FieldError, forbidden } from '../../../field-error.ts';
import { annotationsErrors, immutable, labelsErrors } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { defaultDeviceClaim, deviceClaimErrors } from '../device-claim.ts';

function metadataErrors(at: string, metadata: Fields): FieldError[] {
  const others = Object.keys(metadata).filter((name) => !['annotations', 'labels', 'creationTimestamp'].includes(name));
  return [
    ...annotationsErrors(`${at}.annotations`, metadata['annotations']),
    ...labelsErrors(`${at}.labels`, metadata['labels']),
    ...others.map((name) => forbidden(`${at}.${name}`, 'cannot be set')),
  ];
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const { metadata = {}, spec = {} } = object['spec'] ?? {};
  return [...metadataErrors('spec.metadata', metadata), ...deviceClaimErrors('spec.spec.devices', spec.devices ?? {})];
}

export const resourceClaimTemplate: Strategy = {
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaimTemplate',
  defaults: (object) => defaultDeviceClaim(object['spec']?.spec?.devices),
  validate,
  validateUpdate: (object, previous) => immutable('spec', object['spec'], previous['spec']),
  columns: [],
};
