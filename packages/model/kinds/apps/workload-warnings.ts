import { dnsLabelProblems } from '../../metadata/names.ts';
import type { ApiObject } from '../../object.ts';
import { podSpecWarnings } from '../core/pod/warnings.ts';

/** Warnings for the pods that a workload will make. */
export function templateWarnings(object: Readonly<ApiObject>): string[] {
  const { spec = {}, metadata } = object['spec']?.template ?? {};
  return podSpecWarnings(spec, 'spec.template.spec', metadata);
}

/** The warning for a new workload whose name its pods cannot have as host names. */
export function podNameWarnings(object: Readonly<ApiObject>): string[] {
  const problems = dnsLabelProblems(object.metadata?.name ?? '');
  if (problems.length === 0) return [];
  const use = 'this is used in Pod names and hostnames, which can result in surprising behavior';
  return [`metadata.name: ${use}; a DNS label is recommended: [${problems.join(' ')}]`];
}

/** Both, for the kinds that have nothing more to warn of. */
export function workloadWarnings(object: Readonly<ApiObject>, previous?: Readonly<ApiObject>): string[] {
  return [...(previous === undefined ? podNameWarnings(object) : []), ...templateWarnings(object)];
}
