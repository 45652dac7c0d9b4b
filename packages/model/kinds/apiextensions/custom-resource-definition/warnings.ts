import { isKnownFormat } from '../../../custom-resources/formats.ts';
import { schemasIn } from '../../../custom-resources/structural-schema.ts';
import type { CustomResourceDefinition } from '../../../generated/types/apiextensions-v1.ts';

/** Formats that nothing is checked by, and sets of what cannot be told apart, as far as they are new. */
export function schemaWarnings(
  definition: Readonly<CustomResourceDefinition>,
  previous: Readonly<CustomResourceDefinition> | undefined,
): string[] {
  const before = new Set(previous === undefined ? [] : warningsOf(previous));
  return warningsOf(definition).filter((text) => !before.has(text));
}

function warningsOf({ spec }: Readonly<CustomResourceDefinition>): string[] {
  const formats = new Set<string>();
  const sets = new Set<string>();
  for (const { schema } of spec.versions) {
    for (const props of schemasIn(schema?.openAPIV3Schema)) {
      if (props.format && !isKnownFormat(props.format, props.type ?? ''))
        formats.add(`unrecognized format ${JSON.stringify(props.format)}`);
      const items = Array.isArray(props.items) ? undefined : props.items;
      if (props['x-kubernetes-list-type'] === 'set' && (items?.type === 'object' || items?.type === 'array'))
        sets.add(
          `x-kubernetes-list-type: set for items of type ${JSON.stringify(items.type)} is not supported by server-side apply or CEL validation rules`,
        );
    }
  }
  return [...formats, ...[...sets].sort()];
}
