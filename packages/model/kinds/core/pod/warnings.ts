import type { ApiObject } from '../../../object.ts';
import { everyContainer, type Fields } from './fields.ts';

/** Labels of nodes that have newer names. */
const OLD_NODE_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

function repeatedVariables(container: Fields, at: string): string[] {
  const seen = new Set<string>();
  const warnings: string[] = [];
  ((container['env'] ?? []) as Fields[]).forEach((variable, position) => {
    // A later variable may refer to the earlier one of the same name: then nothing is hidden.
    const refers = String(variable['value'] ?? '').includes(`$(${variable['name']})`);
    if (seen.has(variable['name']) && !refers) {
      const text = `hides previous definition of "${variable['name']}", which may be dropped when using apply`;
      warnings.push(`${at}.env[${position}]: ${text}`);
    }
    seen.add(variable['name']);
  });
  return warnings;
}

/** Warnings for the spec at `path` (`spec`, `spec.template.spec`). */
export function podSpecWarnings(spec: Fields, path: string): string[] {
  const warnings: string[] = [];
  for (const name of Object.keys(spec['nodeSelector'] ?? {})) {
    if (Object.hasOwn(OLD_NODE_LABELS, name)) warnings.push(`${path}.nodeSelector[${name}]: ${OLD_NODE_LABELS[name]}`);
  }
  ((spec['volumes'] ?? []) as Fields[]).forEach((volume, position) => {
    if (volume['gitRepo'] !== undefined) {
      warnings.push(`${path}.volumes[${position}].gitRepo: deprecated in v1.11, and disabled by default in v1.33+`);
    }
  });
  if (spec['terminationGracePeriodSeconds'] < 0) {
    warnings.push(
      `${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }
  for (const { list, position, container } of everyContainer(spec)) {
    warnings.push(...repeatedVariables(container, `${path}.${list}[${position}]`));
  }
  return warnings;
}

export function podWarnings(object: Readonly<ApiObject>): string[] {
  return podSpecWarnings(object['spec'] ?? {}, 'spec');
}
