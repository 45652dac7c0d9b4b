import type { ApiObject } from '../../object.ts';
import { podSpecWarnings } from '../core/pod/warnings.ts';

/** Warnings for the pods that a workload will make. */
export function templateWarnings(object: Readonly<ApiObject>): string[] {
  return podSpecWarnings(object['spec']?.template?.spec ?? {}, 'spec.template.spec');
}
