/**
 * Kinds that a CustomResourceDefinition brings: how their objects are read, pruned, filled in, validated and shown, as the
 * definition's structural schemas say. Pure: nothing here serves a kind or converts between its versions.
 */
export { type CustomResource, customResources } from './custom-resources.ts';
export type { Conversion } from './custom-versions.ts';
export { definitionCondition, isConditionTrue, storageVersion } from './definition-names.ts';
export { structuralErrors, structuralProblem } from './structural-errors.ts';
