import { duplicate, type FieldError, index } from '../../../field-error.ts';
import { dnsLabelProblems } from '../../../metadata/names.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import { immutable, labelsErrors } from '../../../metadata/validate-metadata.ts';
import type { ApiObject } from '../../../object.ts';
import { canonicalQuantities } from '../../../quantity/canonical-quantities.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { resourcesErrors } from '../../core/pod/validation/resources.ts';
import { problems } from '../../core/pod/validation/scalars.ts';
import { tolerationsErrors } from '../../core/pod/validation/scheduling.ts';

function schedulingErrors(at: string, scheduling: Fields): FieldError[] {
  const tolerations: Fields[] = scheduling['tolerations'] ?? [];
  const repeated = tolerations.flatMap((toleration, i) =>
    tolerations.slice(0, i).some((other) => sameValue(other, toleration))
      ? [duplicate(index(`${at}.tolerations`, i), toleration)]
      : [],
  );
  return [
    ...labelsErrors(`${at}.nodeSelector`, scheduling['nodeSelector']),
    ...tolerationsErrors(`${at}.tolerations`, tolerations),
    ...repeated,
  ];
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const { overhead, scheduling } = object;
  return [
    ...problems('handler', object['handler'] ?? '', dnsLabelProblems),
    ...(overhead === undefined ? [] : resourcesErrors('overhead', { limits: overhead.podFixed }, new Set())),
    ...(scheduling === undefined ? [] : schedulingErrors('scheduling', scheduling)),
  ];
}

export const runtimeClass: Strategy = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  unconditionalUpdate: false,
  defaults: (object) => canonicalQuantities(object['overhead']?.podFixed),
  validate,
  validateUpdate: (object, previous) => immutable('handler', object['handler'], previous['handler']),
  columns: [textColumn('Handler', "The runtime's configuration that is meant.", (object) => object['handler'] ?? '')],
};
