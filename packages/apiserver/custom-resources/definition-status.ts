import { definitionCondition, isConditionTrue, sameValue, structuralErrors, structuralProblem } from '@keelson/model';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
} from '@keelson/model/generated/types/apiextensions-v1.ts';
import { approvalCondition } from '@keelson/model/kinds/apiextensions/custom-resource-definition/api-approval.ts';
import { isCaBundle } from '@keelson/model/kinds/apiextensions/custom-resource-definition/conversion.ts';

type Definition = Readonly<CustomResourceDefinition>;
type Condition = CustomResourceDefinitionCondition;

export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** The conditions with one of them set; the time is that of its last change of status. */
export function withDefinitionCondition(definition: Definition, condition: Condition, now: string): Condition[] {
  const present = definition.status?.conditions ?? [];
  const old = definitionCondition(definition, condition.type);
  const kept = old?.status === condition.status && old.lastTransitionTime;
  const next = { ...condition, lastTransitionTime: kept || now };
  if (old === undefined) return [...present, next];
  return present.map((each) => (each === old ? next : each));
}

/**
 * What the status of a definition should be, given the others of its group. A name belongs to whoever had it accepted
 * first; a kind is served once all its names are.
 */
export function nextStatus(
  definition: Definition,
  others: readonly Definition[],
  now: string,
): NonNullable<CustomResourceDefinition['status']> {
  let next: CustomResourceDefinition = { ...definition, status: { ...definition.status } };
  const set = (condition: Condition) => {
    next = { ...next, status: { ...next.status, conditions: withDefinitionCondition(next, condition, now) } };
  };
  if (!sameValue(definition.spec.names, definition.status?.acceptedNames)) {
    const { names, condition } = acceptNames(definition, others);
    next = { ...next, status: { ...next.status, acceptedNames: names } };
    set(condition);
  }
  if (!isConditionTrue(next, 'Established')) set(establishedCondition(next));
  const schema = schemaCondition(definition);
  if (schema !== undefined) set(schema);
  else if (definitionCondition(next, 'NonStructuralSchema') !== undefined) {
    const conditions = next.status!.conditions!.filter(({ type }) => type !== 'NonStructuralSchema');
    next = { ...next, status: { ...next.status, conditions } };
  }
  const approval = approvalCondition(definition);
  if (approval !== undefined) set(approval);
  return next.status!;
}

/** The names that are in use by others: of resources, and of kinds. */
function usedNames(others: readonly Definition[]): { resources: Set<string>; kinds: Set<string> } {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { status } of others) {
    const { plural, singular, shortNames = [], kind, listKind } = status?.acceptedNames ?? { plural: '', kind: '' };
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name);
    for (const name of [kind, listKind]) if (name) kinds.add(name);
  }
  return { resources, kinds };
}

function acceptNames(
  { spec, status }: Definition,
  others: readonly Definition[],
): { names: CustomResourceDefinitionNames; condition: Condition } {
  const used = usedNames(others);
  const accepted = status?.acceptedNames ?? { plural: '', kind: '' };
  const names: CustomResourceDefinitionNames = { ...accepted };
  let refusal: Pick<Condition, 'reason' | 'message'> | undefined;
  const claim = (field: 'plural' | 'singular' | 'kind' | 'listKind', taken: Set<string>, reason: string) => {
    const wanted = spec.names[field] ?? '';
    if (wanted !== (accepted[field] ?? '') && taken.has(wanted))
      refusal = { reason, message: `${JSON.stringify(wanted)} is already in use` };
    else if (wanted !== '') names[field] = wanted;
  };
  claim('plural', used.resources, 'PluralConflict');
  claim('singular', used.resources, 'SingularConflict');
  const clashes = (spec.names.shortNames ?? []).filter(
    (name) => !accepted.shortNames?.includes(name) && used.resources.has(name),
  );
  if (clashes.length > 0) {
    const texts = [...new Set(clashes)].map((name) => `${JSON.stringify(name)} is already in use`);
    refusal = { reason: 'ShortNamesConflict', message: texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]` };
  } else if (spec.names.shortNames === undefined) delete names.shortNames;
  else names.shortNames = spec.names.shortNames;
  claim('kind', used.kinds, 'KindConflict');
  claim('listKind', used.kinds, 'ListKindConflict');
  if (spec.names.categories === undefined) delete names.categories;
  else names.categories = spec.names.categories;
  const type = 'NamesAccepted';
  if (refusal !== undefined) return { names, condition: { type, status: 'False', ...refusal } };
  return { names, condition: { type, status: 'True', reason: 'NoConflicts', message: 'no conflicts found' } };
}

function establishedCondition(definition: Definition): Condition {
  const type = 'Established';
  if (!isConditionTrue(definition, 'NamesAccepted'))
    return { type, status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  const bundle = definition.spec.conversion?.webhook?.clientConfig?.caBundle;
  if (bundle && !isCaBundle(bundle)) {
    const message = 'The conversion webhook CABundle is invalid';
    return { type, status: 'False', reason: 'InvalidCABundle', message };
  }
  return { type, status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' };
}

/** Says what keeps schemas from being structural; absent when they all are. */
function schemaCondition({ spec }: Definition): Condition | undefined {
  const type = 'NonStructuralSchema';
  const problems: string[] = [];
  if (spec.preserveUnknownFields === true)
    problems.push('spec.preserveUnknownFields: Invalid value: true: must be false');
  for (const [position, { name, schema }] of spec.versions.entries()) {
    const props = schema?.openAPIV3Schema;
    if (props === undefined) continue;
    const problem = structuralProblem(props);
    if (problem !== undefined) {
      const message = `failed to check validation schema for version ${name}: ${problem}`;
      return { type, status: 'Unknown', reason: 'StructuralError', message };
    }
    const path = `spec.versions[${position}].schema.openAPIV3Schema`;
    problems.push(...structuralErrors(props, path).map(({ field, message }) => `${field}: ${message}`));
  }
  if (problems.length === 0) return undefined;
  const message = problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`;
  return { type, status: 'True', reason: 'Violations', message };
}
