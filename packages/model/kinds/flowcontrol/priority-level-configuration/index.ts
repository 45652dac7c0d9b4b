import { type FieldError, forbidden, invalid, notSupported, required } from '../../../field-error.ts';
import type { ApiObject } from '../../../object.ts';
import type { Column, Strategy } from '../../../strategy.ts';
import { ageColumn } from '../../../table/table.ts';
import { mandatoryPriorityLevels } from '../bootstrap-configuration.ts';
import { conditionErrors } from '../conditions.ts';
import { mandatorySpecErrors } from '../mandatory-spec.ts';

const mostQueues = 10_000_000;
/** Bits of a flow's hash that shuffle sharding may use. */
const hashBits = 60;
const defaultShares = 30;

function defaults(object: ApiObject): void {
  const { limited, exempt } = object['spec'] ?? {};
  if (exempt) {
    exempt.nominalConcurrencyShares ??= 0;
    exempt.lendablePercent ??= 0;
  }
  if (limited) {
    limited.nominalConcurrencyShares ??= defaultShares;
    limited.lendablePercent ??= 0;
    const queuing = limited.limitResponse?.queuing;
    if (queuing) {
      queuing.handSize ||= 8;
      queuing.queues ||= 64;
      queuing.queueLengthLimit ||= 50;
    }
  }
}

function shareErrors(field: string, level: Record<string, any>): FieldError[] {
  const errors: FieldError[] = [];
  const { nominalConcurrencyShares: shares = 0, lendablePercent: lendable = 0 } = level;
  if (shares < 0) errors.push(invalid(`${field}.nominalConcurrencyShares`, shares, 'must be a non-negative integer'));
  if (lendable < 0 || lendable > 100)
    errors.push(invalid(`${field}.lendablePercent`, lendable, 'must be between 0 and 100, inclusive'));
  return errors;
}

function queuingErrors(field: string, queuing: Record<string, any>): FieldError[] {
  const { queueLengthLimit: length = 0, queues = 0, handSize = 0 } = queuing;
  const errors: FieldError[] = [];
  if (length <= 0) errors.push(invalid(`${field}.queueLengthLimit`, length, 'must be positive'));
  if (queues <= 0) errors.push(invalid(`${field}.queues`, queues, 'must be positive'));
  else if (queues > mostQueues)
    errors.push(invalid(`${field}.queues`, queues, `must not be greater than ${mostQueues}`));
  const hand = `${field}.handSize`;
  if (handSize <= 0) errors.push(invalid(hand, handSize, 'must be positive'));
  else if (handSize > queues) errors.push(invalid(hand, handSize, `should not be greater than queues (${queues})`));
  else if (Math.ceil(Math.log2(queues) * handSize) > hashBits) {
    const text = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${hashBits}`;
    errors.push(invalid(hand, handSize, text));
  }
  return errors;
}

function limitedErrors(field: string, limited: Record<string, any>): FieldError[] {
  const errors = shareErrors(field, limited).filter((error) => error.field.endsWith('Shares'));
  const { type = '', queuing } = limited['limitResponse'] ?? {};
  const at = `${field}.limitResponse`;
  if (type === 'Reject') {
    if (queuing !== undefined)
      errors.push(forbidden(`${at}.queuing`, 'must be nil if limited.limitResponse.type is not Limited'));
  } else if (type === 'Queue') {
    if (queuing === undefined)
      errors.push(required(`${at}.queuing`, 'must not be empty if limited.limitResponse.type is Limited'));
    else errors.push(...queuingErrors(`${at}.queuing`, queuing));
  } else {
    errors.push(notSupported(`${at}.type`, type, ['Queue', 'Reject']));
  }
  errors.push(...shareErrors(field, limited).filter((error) => error.field.endsWith('Percent')));
  const borrowing = limited['borrowingLimitPercent'];
  if (borrowing !== undefined && borrowing < 0) {
    const text = 'if specified, must be a non-negative integer';
    errors.push(invalid(`${field}.borrowingLimitPercent`, borrowing, text));
  }
  return errors;
}

function specErrors(object: Readonly<ApiObject>): FieldError[] {
  const { type = '', limited, exempt } = object['spec'] ?? {};
  const errors: FieldError[] = [];
  if ((object.metadata?.name === 'exempt') !== (type === 'Exempt'))
    errors.push(invalid('spec.type', type, "type must be 'Exempt' if and only if name is 'exempt'"));
  if (type === 'Exempt') {
    if (limited !== undefined) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'));
    if (exempt === undefined) errors.push(required('spec.exempt', 'must not be empty when type is Exempt'));
    else errors.push(...shareErrors('spec.exempt', exempt));
  } else if (type === 'Limited') {
    if (exempt !== undefined) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'));
    if (limited === undefined) errors.push(required('spec.limited', 'must not be empty when type is Limited'));
    else errors.push(...limitedErrors('spec.limited', limited));
  } else {
    errors.push(notSupported('spec.type', type, ['Exempt', 'Limited']));
  }
  return errors;
}

function validate(object: Readonly<ApiObject>): FieldError[] {
  const spec = object['spec'] ?? {};
  // How many seats the exempt level counts for, and lends, may be chosen.
  const fixed = mandatoryPriorityLevels.find((one) => one.metadata!.name === object.metadata?.name)?.['spec'];
  const compared = spec.exempt && fixed?.exempt ? { ...spec, exempt: fixed.exempt } : spec;
  return [
    ...specErrors(object),
    ...mandatorySpecErrors(object, mandatoryPriorityLevels, compared),
    ...conditionErrors(object),
  ];
}

function queuingColumn(name: string, field: string, description: string): Column {
  const cell = (object: Readonly<ApiObject>) => object['spec']?.limited?.limitResponse?.queuing?.[field] ?? '<none>';
  return { name, type: 'string', priority: 0, description, cell };
}

export const priorityLevelConfiguration: Strategy = {
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'PriorityLevelConfiguration',
  generation: true,
  defaults,
  prepareForCreate(object) {
    object['status'] = {};
  },
  prepareForUpdate(object, previous) {
    object['status'] = previous['status'];
  },
  resetFields: { status: ['metadata', 'spec'] },
  prepareForStatusUpdate(object, previous) {
    object['spec'] = previous['spec'];
  },
  validate,
  validateUpdate: validate,
  validateStatusUpdate: conditionErrors,
  columns: [
    {
      name: 'Type',
      type: 'string',
      priority: 0,
      description: 'Whether requests of this level are limited.',
      cell: (object) => object['spec']?.type ?? '',
    },
    {
      name: 'NominalConcurrencyShares',
      type: 'string',
      priority: 0,
      description: "The level's share of the server's seats.",
      cell: (object) => object['spec']?.limited?.nominalConcurrencyShares ?? '<none>',
    },
    queuingColumn('Queues', 'queues', 'How many queues the level has.'),
    queuingColumn('HandSize', 'handSize', 'How many queues one flow may use.'),
    queuingColumn('QueueLengthLimit', 'queueLengthLimit', 'How many requests may wait in one queue.'),
    ageColumn,
  ],
};
