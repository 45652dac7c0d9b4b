import type { RawTable } from '../../packages/aws-protocol/raw-table.ts';

/** The module that holds `table`: JSON in a raw template literal, an entry to a line, so that it is parsed when it is wanted and a diff can be read. */
export function tableModule(table: RawTable): string {
  const entries = Object.entries(table).map(([key, value]) => `${JSON.stringify(key)}:${section(value)}`);
  const json = `{${entries.join(',\n')}}`;
  if (/`|\$\{/.test(json)) throw new Error(`the table of ${table.name} holds text that a template literal would read`);
  return `// Made by tools/aws-types/generate.ts. Do not edit.\nexport const text: string = String.raw\`${json}\`;\n`;
}

function section(value: unknown): string {
  if (value === null || typeof value !== 'object') return quote(value);
  const lines = Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}:${quote(entry)}`);
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}}`;
}

/** JSON in which nothing could end or open something in a template literal. */
function quote(value: unknown): string {
  return JSON.stringify(value).replaceAll('`', '\\u0060').replaceAll('${', '\\u0024{');
}
