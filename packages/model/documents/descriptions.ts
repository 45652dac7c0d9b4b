import type { Descriptions } from './schema.ts';

/**
 * Descriptions for OpenAPI documents, from the text of the file that tools/describe-types.ts writes. The text is read
 * when the first document is asked for: it is long, and most processes never make one.
 * @throws SyntaxError, then, for a text that is not that file's
 */
export function descriptionsFrom(text: () => string): Descriptions {
  let table: Record<string, Record<string, string>> | undefined;
  return (type, field = '') => {
    table ??= JSON.parse(text()) as Record<string, Record<string, string>>;
    const fields = Object.hasOwn(table, type) ? table[type] : undefined;
    return fields !== undefined && Object.hasOwn(fields, field) ? fields[field] : undefined;
  };
}
