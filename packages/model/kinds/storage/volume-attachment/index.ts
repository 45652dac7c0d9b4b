import { type FieldError, forbidden, invalid, required, tooLong } from '../../../field-error.ts';
import { dnsSubdomainProblems } from '../../../metadata/names.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import { IMMUTABLE } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import { canonicalQuantities } from '../../../quantity/canonical-quantities.ts';
import type { Strategy } from '../../../strategy.ts';
import { booleanColumn, textColumn } from '../../../table/column-forms.ts';
import { driverNameErrors } from '../../core/persistent-volume/sources.ts';
import { inlineVolumeErrors } from '../../core/persistent-volume/validation.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { problems } from '../../core/pod/validation/scalars.ts';

const LARGEST_METADATA = 256 * 1024;
const LONGEST_MESSAGE = 1024;

function sourceErrors(at: string, source: Fields): FieldError[] {
  const { persistentVolumeName: name, inlineVolumeSpec: inline } = source;
  const text = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (name === undefined && inline === undefined) return [required(at, text)];
  if (name !== undefined && inline !== undefined) return [forbidden(at, text)];
  if (name === '') return [required(`${at}.persistentVolumeName`, 'must specify non empty persistentVolumeName')];
  return inline === undefined ? [] : inlineVolumeErrors(`${at}.inlineVolumeSpec`, inline);
}

function statusErrors(status: Fields): FieldError[] {
  const metadata = Object.entries((status['attachmentMetadata'] ?? {}) as Record<string, string>);
  const size = metadata.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  const errors = size > LARGEST_METADATA ? [tooLong('status.attachmentMetadata', LARGEST_METADATA)] : [];
  for (const name of ['attachError', 'detachError']) {
    const length = Buffer.byteLength(status[name]?.message ?? '');
    if (length > LONGEST_MESSAGE) errors.push(tooLong(`status.${name}.message`, LARGEST_METADATA));
  }
  return errors;
}

function standingErrors(object: Readonly<ApiObject>): FieldError[] {
  const spec: Fields = object['spec'] ?? {};
  return [
    ...((spec['attacher'] ?? '') === '' ? [required('spec.attacher')] : []),
    ...sourceErrors('spec.source', spec['source'] ?? {}),
    ...problems('spec.nodeName', spec['nodeName'] ?? '', dnsSubdomainProblems),
    ...statusErrors(object['status'] ?? {}),
  ];
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const { attacher = '', source = {} } = object['spec'] ?? {};
  const name: string | undefined = source.persistentVolumeName;
  return [
    ...standingErrors(object),
    ...driverNameErrors('spec.attacher', attacher),
    ...(name === undefined ? [] : problems('spec.source.persistentVolumeName', name, dnsSubdomainProblems)),
  ];
}

function validateUpdate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  const same = sameValue(object['spec'], previous['spec']);
  return [...standingErrors(object), ...(same ? [] : [invalid('spec', object['spec'], IMMUTABLE)])];
}

export const volumeAttachment: Strategy = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'VolumeAttachment',
  unconditionalUpdate: false,
  defaults: (object) => canonicalQuantities(object['spec']?.source?.inlineVolumeSpec?.capacity),
  prepareForCreate(object) {
    object['status'] = { attached: false };
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  validate,
  validateUpdate,
  validateStatusUpdate: validateUpdate,
  columns: [
    {
      ...textColumn('Attacher', 'Who attaches the volume.', (object) => object['spec']?.attacher ?? ''),
      format: 'name',
    },
    textColumn('PV', 'The volume.', (object) => object['spec']?.source?.persistentVolumeName ?? ''),
    textColumn('Node', 'The node that it is attached to.', (object) => object['spec']?.nodeName ?? ''),
    booleanColumn('Attached', 'Whether it is attached.', (object) => object['status']?.attached ?? false),
  ],
};
