import type { TypeTables } from './type-tables.ts';

const scalars: Record<string, string> = {
  string: 'string',
  time: 'string',
  microTime: 'string',
  duration: 'string',
  quantity: 'string',
  bytes: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  double: 'number',
  intOrString: 'number | string',
  raw: 'any',
  json: 'any',
  fieldsV1: 'any',
};
/** Written by hand in packages/model/object.ts, because the engine itself works with them. */
const byHand = ['ObjectMeta', 'OwnerReference', 'ManagedFieldsEntry'];

/** The file of a package's interfaces: first label of the group, or core, and the version. */
export function interfaceFile(group: string, version: string): string {
  return `${group === '' ? 'core' : group.split('.')[0]}-${version}.ts`;
}

function reference(expression: string, modules: Map<string, string>, files: ReadonlyMap<string, string>): string {
  if (expression.startsWith('*')) return reference(expression.slice(1), modules, files);
  if (expression.startsWith('map<')) return `Record<string, ${reference(expression.slice(4, -1), modules, files)}>`;
  if (expression.includes('|')) {
    return expression
      .split('|')
      .map((part) => reference(part, modules, files))
      .join(' | ');
  }
  if (expression.startsWith('[]')) {
    const element = reference(expression.slice(2), modules, files);
    return element.includes('|') ? `(${element})[]` : `${element}[]`;
  }
  const scalar = scalars[expression];
  if (scalar !== undefined) return scalar;
  const [home, name] = expression.includes('.') ? expression.split('.') : [undefined, expression];
  if (home === undefined) return name!;
  if (home === 'meta/v1' && name === 'ObjectMeta') {
    modules.set('ObjectMeta', "import type { ObjectMeta } from '../../object.ts';");
    return 'ObjectMeta';
  }
  const alias = home.replace(/\/v/, 'V');
  modules.set(alias, `import type * as ${alias} from './${files.get(home)}';`);
  return `${alias}.${name}`;
}

/** All fields of a type, with those of its embedded types. */
function flattened(tables: TypeTables, home: string, name: string): [string, string][] {
  const found: [string, string][] = [];
  for (const [field, expression] of Object.entries(tables[home]?.[name] ?? {})) {
    if (field === '@') continue;
    if (!field.startsWith('...')) {
      found.push([field, expression]);
      continue;
    }
    const embedded = expression.split(' ')[0]!;
    const [path, type] = embedded.includes('.') ? embedded.split('.') : [home, embedded];
    for (const [inner, text] of flattened(tables, path!, type!)) {
      const named = /^[*[\]a-z<]*[A-Z]/.test(text) && path !== home && !text.split(' ')[0]!.includes('.');
      found.push([inner, named ? text.replace(/^((?:\*|\[\]|map<)*)/, `$1${path}.`) : text]);
    }
  }
  return found;
}

/** The TypeScript of one package. Erasable: it holds types only. */
export function interfacesOf(tables: TypeTables, home: string, files: ReadonlyMap<string, string>): string {
  const modules = new Map<string, string>();
  const blocks: string[] = [];
  for (const name of Object.keys(tables[home]!)) {
    if (home === 'meta/v1' && byHand.includes(name)) continue;
    const lines = flattened(tables, home, name).map(([field, expression]) => {
      const type = expression.split(' ')[0]!;
      const required = type.endsWith('!');
      const key = /^[\w]+$/.test(field) ? field : JSON.stringify(field);
      return `  ${key}${required ? '' : '?'}: ${reference(type.replace(/!$/, ''), modules, files)};`;
    });
    blocks.push(`export interface ${name} {\n${lines.join('\n')}\n}`);
  }
  if (home === 'meta/v1') {
    modules.set(
      '',
      `import type { ${byHand.join(', ')} } from '../../object.ts';\nexport type { ${byHand.join(', ')} };`,
    );
  }
  const head = `// Made by tools/generate.ts: types of ${home}.\n`;
  const imports = [...modules.values()].sort().map((line) => `${line}\n`);
  return `${head}${imports.join('')}\n${blocks.join('\n\n')}\n`;
}
