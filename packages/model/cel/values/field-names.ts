/** How names of fields are written where an expression can hold only identifiers (Kubernetes' pkg/cel/escaping.go). */

const reserved: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};
const unescapes: Readonly<Record<string, string>> = { underscores: '__', dot: '.', dash: '-', slash: '/' };

/** The identifier for a field's name; undefined when an expression cannot name it. */
export function escapeFieldName(name: string): string | undefined {
  if (!/^[A-Za-z_.\-/][A-Za-z0-9_.\-/]*$/.test(name)) return undefined;
  if (reserved.has(name)) return `__${name}__`;
  return name.replace(/__|[-./]/g, (found) => escapes[found]!);
}

const known = new Map<string, string | undefined>();
/** As many names are remembered. */
const maxKnown = 5_000;

function readEscapes(escaped: string): string | undefined {
  let whole = true;
  const name = escaped.replace(/__[^_]+__/g, (found) => {
    const contents = found.slice(2, -2);
    const character = unescapes[contents];
    if (character !== undefined && Object.hasOwn(unescapes, contents)) return character;
    if (!reserved.has(contents) || found.length !== escaped.length) whole = false;
    return contents;
  });
  return whole ? name : undefined;
}

/** The field's name for an identifier; undefined when its escapes are none. */
export function unescapeFieldName(escaped: string): string | undefined {
  if (!escaped.includes('__')) return escaped;
  if (known.has(escaped)) return known.get(escaped);
  const name = readEscapes(escaped);
  if (known.size >= maxKnown) known.clear();
  known.set(escaped, name);
  return name;
}
