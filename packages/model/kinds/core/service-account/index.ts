import type { ApiObject } from '../../../object.ts';
import type { Strategy } from '../../../strategy.ts';

/** Of a reference to a secret only the name means anything: it is always in the account's own namespace. */
function keepNamesOnly(object: ApiObject): void {
  const secrets: { name?: string }[] | undefined = object['secrets'];
  if (secrets === undefined) return;
  object['secrets'] = secrets.map((reference) => (reference.name === undefined ? {} : { name: reference.name }));
}

export const serviceAccount: Strategy = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  prepareForCreate: keepNamesOnly,
  prepareForUpdate: keepNamesOnly,
  columns: [
    {
      name: 'Secrets',
      type: 'string',
      priority: 0,
      description: 'How many secrets pods of this account may mount.',
      cell: (object) => (object['secrets'] ?? []).length,
    },
  ],
};
