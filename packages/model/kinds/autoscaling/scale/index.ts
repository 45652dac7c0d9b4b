import { type FieldError, invalid } from '../../../field-error.ts';
import type { ApiObject } from '../../../object.ts';
import type { ScaleForm } from '../../../strategy.ts';

/** What is wrong with a Scale that a client wants to put. */
export function scaleErrors(scale: Readonly<ApiObject>): FieldError[] {
  const replicas = scale['spec']?.replicas ?? 0;
  return replicas < 0 ? [invalid('spec.replicas', replicas, 'must be greater than or equal to 0')] : [];
}

/** The /scale of a kind that has spec.replicas and status.replicas; `selector` prints its pods' selector. */
export function replicasScale(selector: (object: Readonly<ApiObject>) => string): ScaleForm {
  return {
    read(object) {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
      const metadata = Object.fromEntries(
        Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp }).filter(
          ([, value]) => value !== undefined,
        ),
      );
      const chosen = selector(object);
      return {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata,
        spec: { replicas: object['spec']?.replicas ?? 0 },
        status: { replicas: object['status']?.replicas ?? 0, ...(chosen === '' ? {} : { selector: chosen }) },
      };
    },
    write(object, scale) {
      object['spec'] = { ...object['spec'], replicas: scale['spec']?.replicas ?? 0 };
    },
    validate: scaleErrors,
  };
}
