/** For tests: what a kind says of an object that came through the server's steps. */
import type { FieldError } from '../../field-error.ts';
import type { ApiObject } from '../../object.ts';
import type { Strategy, WriteFacts } from '../../strategy.ts';

export const facts: WriteFacts = {
  user: { name: 'jane', uid: '7', groups: ['developers', 'system:authenticated'] },
  now: '2026-01-01T00:00:00Z',
};

export function lines(errors: readonly FieldError[] | undefined): string[] {
  return (errors ?? []).map((error) => `${error.field}: ${error.message}`);
}

/** A new object as the server would keep it. */
export function created(strategy: Strategy, object: ApiObject): ApiObject {
  const own = structuredClone(object);
  strategy.defaults?.(own);
  strategy.prepareForCreate?.(own, facts);
  return own;
}

/** The reasons for which a new object is refused. */
export function refusals(strategy: Strategy, object: ApiObject): string[] {
  return lines(strategy.validate?.(created(strategy, object)));
}

/** The reasons for which a change is refused; `change` edits a copy of what the server keeps. */
export function changeRefusals(strategy: Strategy, object: ApiObject, change: (object: any) => void): string[] {
  const previous = created(strategy, object);
  const next = structuredClone(previous);
  change(next);
  strategy.defaults?.(next);
  strategy.prepareForUpdate?.(next, previous);
  return lines(strategy.validateUpdate?.(next, previous));
}

/** The same for a report of the status. */
export function statusRefusals(strategy: Strategy, object: ApiObject, change: (object: any) => void): string[] {
  const previous = created(strategy, object);
  const next = structuredClone(previous);
  change(next);
  strategy.prepareForStatusUpdate?.(next, previous, facts);
  return lines(strategy.validateStatusUpdate?.(next, previous));
}
