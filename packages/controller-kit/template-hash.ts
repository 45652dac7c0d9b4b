/** Hashes as Kubernetes puts them into names and labels: FNV-1a with 32 bits, its decimal digits in letters that spell nothing. */

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** `value` as JSON with the keys of every object sorted, so that equal values are equal text. Absent and undefined are one. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined && member !== null)
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

/** FNV-1a of the text's UTF-8 bytes. */
export function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The characters of `text` as ones that can stand in a name and form no word. */
export function safeEncode(text: string): string {
  let out = '';
  for (let index = 0; index < text.length; index++) out += alphabet[text.charCodeAt(index) % alphabet.length];
  return out;
}

/** The hash of a template; another `collisionCount` gives another one for the same template. */
export function templateHash(template: unknown, collisionCount: number | undefined): string {
  const count = collisionCount === undefined ? '' : String(collisionCount);
  return safeEncode(String(fnv32a(canonicalJson(template) + count)));
}
