import { type FieldError, forbidden } from '../../../field-error.ts';
import { sameValue } from '../../../metadata/same-value.ts';
import type { ApiObject } from '../../../object.ts';
import type { SubresourceUpdate } from '../../../strategy.ts';
import type { Fields } from './fields.ts';
import { keepAllBut } from './kept.ts';
import { MIRROR, standingErrors } from './validation/pod.ts';

const LIST = 'spec.ephemeralContainers';

function validate(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
  if (previous.metadata?.annotations?.[MIRROR] !== undefined) {
    // The error is about the whole object, whose path upstream prints as `[]`.
    return [forbidden('[]', 'static pods do not support ephemeral containers')];
  }
  const errors = standingErrors(object);
  const next: Fields[] = object['spec']?.ephemeralContainers ?? [];
  for (const old of (previous['spec']?.ephemeralContainers ?? []) as Fields[]) {
    const same = next.find((container) => container['name'] === old['name']);
    const shown = JSON.stringify(old['name']);
    if (same === undefined) {
      errors.push(forbidden(LIST, `existing ephemeral containers ${shown} may not be removed\n`));
    } else if (!sameValue(same, old)) {
      errors.push(forbidden(LIST, `existing ephemeral containers ${shown} may not be changed\n`));
    }
  }
  return errors;
}

/** pods/ephemeralcontainers: containers for looking into a pod that runs are added, and nothing else changes. */
export const ephemeralContainersUpdate: SubresourceUpdate = {
  prepare(object, previous) {
    const ephemeralContainers: Fields[] | undefined = object['spec']?.ephemeralContainers;
    const spec = { ...structuredClone(previous['spec']), ephemeralContainers };
    if (ephemeralContainers === undefined) delete spec.ephemeralContainers;
    keepAllBut(object, previous, spec);
  },
  validate,
};
