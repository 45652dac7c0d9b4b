import { selectorText } from '../../../selectors/label-selector.ts';
import type { Strategy } from '../../../strategy.ts';
import { textColumn } from '../../../table/column-forms.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { validate } from './validation.ts';

export const networkPolicy: Strategy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  generation: true,
  defaults(object) {
    const spec = (object['spec'] ??= {});
    spec.podSelector ??= {};
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])] as Fields[]) {
      for (const port of (rule['ports'] ?? []) as Fields[]) port['protocol'] ??= 'TCP';
    }
    if ((spec.policyTypes ?? []).length === 0) {
      spec.policyTypes = ['Ingress', ...((spec.egress ?? []).length > 0 ? ['Egress'] : [])];
    }
  },
  validate,
  validateUpdate: validate,
  columns: [
    textColumn('Pod-Selector', 'The pods that it is for.', (object) => selectorText(object['spec']?.podSelector)),
  ],
};
