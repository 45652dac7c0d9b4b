import { compareVersions } from '../catalogue/resource-index.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionSpec,
} from '../generated/types/apiextensions-v1.ts';

/** The condition of a definition, if it has it. */
export function definitionCondition(
  definition: Readonly<CustomResourceDefinition>,
  type: string,
): CustomResourceDefinitionCondition | undefined {
  return definition.status?.conditions?.find((condition) => condition.type === type);
}

/** Whether a condition of a definition is True. */
export function isConditionTrue(definition: Readonly<CustomResourceDefinition>, type: string): boolean {
  return definitionCondition(definition, type)?.status === 'True';
}

/** The version that instances are stored as; a valid definition has one. */
export function storageVersion(spec: CustomResourceDefinitionSpec): string {
  return spec.versions.find(({ storage }) => storage)?.name ?? '';
}

/** The warning for using a deprecated version, which names the best one that is not. */
export function deprecationWarning(spec: CustomResourceDefinitionSpec, name: string): string | undefined {
  const version = spec.versions.find((each) => each.name === name);
  if (version?.deprecated !== true) return undefined;
  if (version.deprecationWarning !== undefined) return version.deprecationWarning;
  const [best] = spec.versions
    .filter((each) => each.served && each.deprecated !== true && compareVersions(each.name, name) < 0)
    .map((each) => each.name)
    .sort(compareVersions);
  const text = `${spec.group}/${name} ${spec.names.kind} is deprecated`;
  return best === undefined ? text : `${text}; use ${spec.group}/${best} ${spec.names.kind}`;
}
