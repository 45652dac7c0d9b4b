/** The longest name of a field manager, in bytes (meta/v1 validation FieldManagerMaxLength). */
const longestName = 128;

/**
 * Who manages what a request changes: whom it names, or the first part of its user agent, as far as that can be printed.
 */
export function managerName(fieldManager: string, userAgent: string | undefined): string {
  if (fieldManager !== '') return fieldManager;
  const prefix = (userAgent ?? '').split('/', 1)[0]!;
  if (/^[ -~]*$/.test(prefix) && prefix.length <= longestName) return prefix;
  let name = '';
  for (const character of prefix) {
    if (character !== ' ' && /[\p{C}\p{Z}]/u.test(character)) continue;
    if (Buffer.byteLength(name) + Buffer.byteLength(character) > longestName) break;
    name += character;
  }
  return name;
}
