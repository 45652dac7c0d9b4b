/**
 * What an object of the API is: its type in the tables, its kind's own rules, its forms as bytes. Pure: no I/O, no
 * clock, no network.
 */

export type { Application, Applied } from './apply/apply-configuration.ts';
export { ApplyConflict } from './apply/apply-conflict.ts';
export * from './apply/apply-schema.ts';
export { type ApplyTarget, fieldSetOf, matchingPart } from './apply/apply-target.ts';
export { type FieldSet, outsideOf } from './apply/field-set.ts';
export { applyWithLastApplied } from './apply/last-applied.ts';
export { ListElementError } from './apply/list-element.ts';
export {
  ManagedFields,
  putManagedFields,
  sameButForTimes,
  showManagedFields,
  takeManagedFields,
} from './apply/managed-fields.ts';
export { FieldSetError } from './apply/path-element.ts';
export { emptyObject, tableApplyType } from './apply/table-types.ts';
export { type ManagerUpdate, updateManagers } from './apply/update-managers.ts';
export { validateConfiguration } from './apply/validate-configuration.ts';
export { GrowingCatalogue } from './catalogue/growing-catalogue.ts';
export { catalogueFor, newestMinor, oldestMinor } from './catalogue/kubernetes-catalogue.ts';
export * from './certificates/certificate-request.ts';
export * from './codec/decode.ts';
export * from './codec/decode-error.ts';
export { duplicateFields } from './codec/duplicate-fields.ts';
export { copyOf } from './codec/own-property.ts';
export * from './codec/protobuf/envelope.ts';
export * from './codec/stored-object.ts';
export { parseYaml } from './codec/yaml.ts';
export * from './custom-resources/index.ts';
export { descriptionsFrom } from './documents/descriptions.ts';
export { aggregatedDiscovery, apiGroupList, apiResourceList, apiVersions } from './documents/discovery.ts';
export { openApiV3, openApiV3Index, openApiV3Url } from './documents/openapi.ts';
export type { Descriptions } from './documents/schema.ts';
export * from './field-error.ts';
export * from './metadata/addresses.ts';
export * from './metadata/names.ts';
export * from './metadata/same-value.ts';
export * from './metadata/validate-metadata.ts';
export * from './object.ts';
export { goText } from './patch/go-text.ts';
export { jsonMergePatch } from './patch/json-merge-patch.ts';
export { jsonPatch } from './patch/json-patch.ts';
export * from './patch/patch-error.ts';
export { strategicMergePatch } from './patch/strategic-merge-patch.ts';
export * from './quantity/canonical-quantities.ts';
export * from './quantity/quantity.ts';
export { regionCatalogue } from './region/index.ts';
export * from './resources.ts';
export * from './selectors/field-selector.ts';
export * from './selectors/label-selector.ts';
export * from './selectors/selector-error.ts';
export * from './selectors/validate-label-selector.ts';
export * from './strategy.ts';
export * from './table/human-duration.ts';
export * from './table/table.ts';
export { applyTableDefaults } from './tables/defaults.ts';
export { findType, structType } from './tables/struct-type.ts';
