import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import { humanDuration } from '../../../table/human-duration.ts';
import { ageColumn } from '../../../table/table.ts';
import { conditionsOf, validate, validateApproval, validateStatusUpdate, validateUpdate } from './validation.ts';

/** Conditions without times get them: when the condition was written, and since when it is what it says. */
function dateConditions(object: ApiObject, previous: Readonly<ApiObject>, now: string): void {
  for (const condition of conditionsOf(object)) {
    condition['lastUpdateTime'] ??= now;
    const same = conditionsOf(previous).find(
      (one) => one['type'] === condition['type'] && one['status'] === condition['status'],
    );
    condition['lastTransitionTime'] ??= same?.['lastTransitionTime'] ?? now;
  }
}

function conditionText(object: Readonly<ApiObject>): string {
  const types = new Set(conditionsOf(object).map((condition) => condition['type']));
  const words = [types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending'];
  if (types.has('Failed')) words.push('Failed');
  if ((object['status']?.certificate ?? '') !== '') words.push('Issued');
  return words.join(',');
}

export const certificateSigningRequest: Strategy = {
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  nameForm: 'pathSegment',
  prepareForCreate(object, { user }) {
    const spec = (object['spec'] ??= {});
    for (const name of ['uid', 'groups', 'extra']) delete spec[name];
    spec.username = user.name;
    if (user.uid) spec.uid = user.uid;
    if (user.groups.length > 0) spec.groups = [...user.groups];
    if (Object.keys(user.extra ?? {}).length > 0) spec.extra = structuredClone(user.extra);
    object['status'] = {};
  },
  prepareForUpdate(object, previous) {
    object['spec'] = previous['spec'];
    object['status'] = previous['status'];
  },
  prepareForStatusUpdate(object, previous, { now }) {
    object['spec'] = previous['spec'];
    dateConditions(object, previous, now);
  },
  validate,
  validateUpdate,
  validateStatusUpdate,
  resetFields: { status: ['spec', 'status.conditions'], approval: ['spec', 'status.certificate'] },
  subresourceUpdates: {
    approval: {
      prepare(object, previous, { now }) {
        object['spec'] = previous['spec'];
        const status = (object['status'] ??= {});
        delete status.certificate;
        const certificate = previous['status']?.certificate;
        if (certificate !== undefined) status.certificate = certificate;
        dateConditions(object, previous, now);
      },
      validate: validateApproval,
    },
  },
  selectableFields: { 'spec.signerName': (object) => object['spec']?.signerName ?? '' },
  columns: [
    ageColumn,
    textColumn('SignerName', 'Who is asked to sign.', (object) => object['spec']?.signerName ?? ''),
    textColumn('Requestor', 'Who asks.', (object) => object['spec']?.username ?? ''),
    textColumn('RequestedDuration', 'How long the certificate should be valid.', (object) => {
      const seconds: number | undefined = object['spec']?.expirationSeconds;
      return seconds === undefined ? '<none>' : humanDuration(seconds * 1000);
    }),
    textColumn('Condition', 'What became of it.', conditionText),
  ],
};
