import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';
import { validate, validateUpdate } from './validation.ts';

function defaults(object: ApiObject): void {
  if ((object['type'] ?? '') === '') object['type'] = 'Opaque';
  // stringData is for writing only: it is laid over data, and never read back.
  const plain: Record<string, string> | undefined = object['stringData'];
  if (plain === undefined) return;
  const data: Record<string, string> = { ...object['data'] };
  for (const [name, value] of Object.entries(plain)) data[name] = Buffer.from(value).toString('base64');
  delete object['stringData'];
  if (Object.keys(data).length > 0) object['data'] = data;
}

export const secret: Strategy = {
  apiVersion: 'v1',
  kind: 'Secret',
  defaults,
  validate,
  validateUpdate,
  selectableFields: { type: (object) => object['type'] ?? '' },
  columns: [
    {
      name: 'Type',
      type: 'string',
      priority: 0,
      description: 'What the secret is for; decides which keys it must have.',
      cell: (object) => object['type'] ?? '',
    },
    {
      name: 'Data',
      type: 'string',
      priority: 0,
      description: 'How many keys it holds.',
      cell: (object) => Object.keys(object['data'] ?? {}).length,
    },
  ],
};
