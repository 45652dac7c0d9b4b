/** Where a pod may and should be placed. */
import {
  duplicate,
  type FieldError,
  forbidden,
  index,
  invalid,
  notSupported,
  required,
} from '../../../../field-error.ts';
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from '../../../../metadata/names.ts';
import { labelSelectorErrors } from '../../../../selectors/validate-label-selector.ts';
import type { Fields } from '../fields.ts';
import { problems } from './scalars.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

function tolerationErrors(at: string, toleration: Fields): FieldError[] {
  const errors: FieldError[] = [];
  const { key = '', operator = '', value = '', effect = '' } = toleration as Record<string, string>;
  if (key !== '') errors.push(...problems(`${at}.key`, key, qualifiedNameProblems));
  if (key === '' && operator !== 'Exists') {
    const text = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${at}.operator`, operator, text));
  }
  if (toleration['tolerationSeconds'] !== undefined && effect !== 'NoExecute') {
    errors.push(invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  if (operator === '' || operator === 'Equal') {
    const found = labelValueProblems(value);
    if (found.length > 0) errors.push(invalid(`${at}.operator`, value, found.join(';')));
  } else if (operator === 'Exists') {
    if (value !== '') errors.push(invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"));
  } else {
    errors.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists']));
  }
  if (effect !== '' && !EFFECTS.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, EFFECTS));
  return errors;
}

export function tolerationsErrors(at: string, tolerations: readonly Fields[]): FieldError[] {
  return tolerations.flatMap((toleration, position) => tolerationErrors(index(at, position), toleration));
}

function nodeExpressionErrors(at: string, expression: Fields, valuesToo: boolean): FieldError[] {
  const values: string[] = expression['values'] ?? [];
  const operator: string = expression['operator'] ?? '';
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) {
      errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    }
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    }
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) {
      errors.push(required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    }
  } else {
    errors.push(invalid(`${at}.operator`, operator, 'not a valid selector operator'));
  }
  errors.push(...problems(`${at}.key`, expression['key'] ?? '', qualifiedNameProblems));
  if (!valuesToo) return errors;
  return [...errors, ...values.flatMap((value, i) => problems(index(`${at}.values`, i), value, labelValueProblems))];
}

function nodeFieldErrors(at: string, expression: Fields): FieldError[] {
  const values: string[] = expression['values'] ?? [];
  const operator: string = expression['operator'] ?? '';
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(`${at}.operator`, operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${at}.values`, text));
  }
  if (expression['key'] !== 'metadata.name') {
    return [...errors, invalid(`${at}.key`, expression['key'] ?? '', 'not a valid field selector key')];
  }
  return [...errors, ...values.flatMap((value, i) => problems(index(`${at}.values`, i), value, dnsSubdomainProblems))];
}

function nodeTermErrors(at: string, term: Fields, valuesToo: boolean): FieldError[] {
  const expressions: Fields[] = term['matchExpressions'] ?? [];
  const fields: Fields[] = term['matchFields'] ?? [];
  return [
    ...expressions.flatMap((one, i) => nodeExpressionErrors(index(`${at}.matchExpressions`, i), one, valuesToo)),
    ...fields.flatMap((one, i) => nodeFieldErrors(index(`${at}.matchFields`, i), one)),
  ];
}

function weightErrors(at: string, weight: number | undefined): FieldError[] {
  const value = weight ?? 0;
  return value >= 1 && value <= 100 ? [] : [invalid(`${at}.weight`, value, 'must be in the range 1-100')];
}

/** A NodeSelector: terms of which a node has to fulfil one. */
export function nodeSelectorErrors(at: string, selector: Fields): FieldError[] {
  const terms: Fields[] = selector['nodeSelectorTerms'] ?? [];
  const field = `${at}.nodeSelectorTerms`;
  const none = terms.length === 0 ? [required(field, 'must have at least one node selector term')] : [];
  return [...none, ...terms.flatMap((term, i) => nodeTermErrors(index(field, i), term, true))];
}

function nodeAffinityErrors(at: string, affinity: Fields): FieldError[] {
  const errors: FieldError[] = [];
  if (affinity[REQUIRED] !== undefined) errors.push(...nodeSelectorErrors(`${at}.${REQUIRED}`, affinity[REQUIRED]));
  ((affinity[PREFERRED] ?? []) as Fields[]).forEach((preferred, i) => {
    const field = index(`${at}.${PREFERRED}`, i);
    errors.push(...weightErrors(field, preferred['weight']));
    errors.push(...nodeTermErrors(`${field}.preference`, preferred['preference'] ?? {}, false));
  });
  return errors;
}

function labelKeysErrors(at: string, term: Fields, name: 'matchLabelKeys' | 'mismatchLabelKeys'): FieldError[] {
  const keys: string[] = term[name] ?? [];
  const field = `${at}.${name}`;
  if (keys.length === 0) return [];
  if (term['labelSelector'] === undefined) {
    return [forbidden(field, 'must not be specified when labelSelector is not set')];
  }
  return keys.flatMap((key, i) => problems(index(field, i), key, qualifiedNameProblems));
}

function podTermErrors(at: string, term: Fields): FieldError[] {
  const topologyKey: string = term['topologyKey'] ?? '';
  const mismatched: string[] = term['mismatchLabelKeys'] ?? [];
  const both = ((term['matchLabelKeys'] ?? []) as string[]).flatMap((key, i) =>
    mismatched.includes(key)
      ? [invalid(index(`${at}.matchLabelKeys`, i), key, 'exists in both matchLabelKeys and mismatchLabelKeys')]
      : [],
  );
  return [
    ...labelSelectorErrors(`${at}.labelSelector`, term['labelSelector']),
    ...labelSelectorErrors(`${at}.namespaceSelector`, term['namespaceSelector']),
    ...((term['namespaces'] ?? []) as string[]).flatMap((name) => problems(`${at}.namespace`, name, dnsLabelProblems)),
    ...labelKeysErrors(at, term, 'matchLabelKeys'),
    ...labelKeysErrors(at, term, 'mismatchLabelKeys'),
    ...both,
    ...(topologyKey === '' ? [required(`${at}.topologyKey`, 'can not be empty')] : []),
    ...problems(`${at}.topologyKey`, topologyKey, qualifiedNameProblems),
  ];
}

function podAffinityErrors(at: string, affinity: Fields): FieldError[] {
  const needed: Fields[] = affinity[REQUIRED] ?? [];
  const wished: Fields[] = affinity[PREFERRED] ?? [];
  return [
    ...needed.flatMap((term, i) => podTermErrors(index(`${at}.${REQUIRED}`, i), term)),
    ...wished.flatMap((weighted, i) => {
      const field = index(`${at}.${PREFERRED}`, i);
      const term = podTermErrors(`${field}.podAffinityTerm`, weighted['podAffinityTerm'] ?? {});
      return [...weightErrors(field, weighted['weight']), ...term];
    }),
  ];
}

export function affinityErrors(at: string, affinity: Fields | undefined): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  return [
    ...(nodeAffinity === undefined ? [] : nodeAffinityErrors(`${at}.nodeAffinity`, nodeAffinity)),
    ...(podAffinity === undefined ? [] : podAffinityErrors(`${at}.podAffinity`, podAffinity)),
    ...(podAntiAffinity === undefined ? [] : podAffinityErrors(`${at}.podAntiAffinity`, podAntiAffinity)),
  ];
}

const HONOR = ['Honor', 'Ignore'];

function minDomainsErrors(at: string, constraint: Fields): FieldError[] {
  const domains: number | undefined = constraint['minDomains'];
  if (domains === undefined) return [];
  const errors = domains > 0 ? [] : [invalid(at, domains, 'must be greater than zero')];
  const action = constraint['whenUnsatisfiable'];
  if (action !== 'DoNotSchedule') {
    const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
    errors.push(invalid(at, domains, text));
  }
  return errors;
}

function spreadErrors(at: string, constraint: Fields, later: readonly Fields[]): FieldError[] {
  const { maxSkew = 0, topologyKey = '', whenUnsatisfiable = '', labelSelector } = constraint;
  const errors: FieldError[] = maxSkew > 0 ? [] : [invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero')];
  if (topologyKey === '') errors.push(required(`${at}.topologyKey`, 'can not be empty'));
  if (!['DoNotSchedule', 'ScheduleAnyway'].includes(whenUnsatisfiable)) {
    errors.push(notSupported(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']));
  }
  const repeated = later.some(
    (other) => other['topologyKey'] === topologyKey && other['whenUnsatisfiable'] === whenUnsatisfiable,
  );
  if (repeated) {
    errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${whenUnsatisfiable}}`));
  }
  errors.push(...minDomainsErrors(`${at}.minDomains`, constraint));
  for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy']) {
    const policy: string | undefined = constraint[name];
    if (policy !== undefined && !HONOR.includes(policy)) errors.push(notSupported(`${at}.${name}`, policy, HONOR));
  }
  return [
    ...errors,
    ...labelKeysErrors(at, constraint, 'matchLabelKeys'),
    ...labelSelectorErrors(`${at}.labelSelector`, labelSelector),
  ];
}

export function topologySpreadErrors(at: string, constraints: readonly Fields[]): FieldError[] {
  return constraints.flatMap((constraint, i) => spreadErrors(index(at, i), constraint, constraints.slice(i + 1)));
}

export function schedulingGatesErrors(at: string, gates: readonly Fields[]): FieldError[] {
  const seen = new Set<string>();
  return gates.flatMap((gate, i) => {
    const name: string = gate['name'] ?? '';
    const errors = problems(index(at, i), name, qualifiedNameProblems);
    if (seen.has(name)) errors.push(duplicate(index(at, i), name));
    seen.add(name);
    return errors;
  });
}
