import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Type (`core/v1.Pod`) → field → sentence; the type's own stands under the empty name. */
export type DescriptionTable = Record<string, Record<string, string>>;

function plain(text: string): string {
  return text.replace(/\\(.)/g, '$1').trim();
}

/**
 * Reads the sentences of types and fields from the Kubernetes client's package. They go into what is built and are not
 * kept here. @param folder the package's; @param types the names of all types of the tables.
 */
export function readDescriptions(folder: string, types: readonly string[]): DescriptionTable {
  const models = join(folder, 'dist/gen/models');
  const index = readFileSync(join(models, 'all.js'), 'utf8');
  const known = new Set([...index.matchAll(/'\.\.\/models\/(\w+)\.js'/g)].map((match) => match[1]!));
  const table: DescriptionTable = {};
  for (const type of types) {
    const dot = type.lastIndexOf('.');
    const short = type.slice(dot + 1);
    const [group, version] = type
      .slice(0, dot)
      .split('/')
      .map((part) => part[0]!.toUpperCase() + part.slice(1));
    const model = [`${group}${version}${short}`, `${version}${short}`].find((name) => known.has(name));
    if (model === undefined) continue;
    const text = readFileSync(join(models, `${model}.d.ts`), 'utf8');
    const names = new Map(
      [
        ...readFileSync(join(models, `${model}.js`), 'utf8').matchAll(/"name": "([^"]+)",\s+"baseName": "([^"]+)"/g),
      ].map((match) => [match[1]!, match[2]!]),
    );
    const fields: Record<string, string> = {};
    const own = /\/\*\*\n\* (.*)\n\*\/\nexport declare class/.exec(text)?.[1];
    if (own !== undefined) fields[''] = plain(own);
    for (const match of text.matchAll(/^ {4}\/\*\*\n {4}\* (.*)\n {4}\*\/\n {4}'([^']+)'\??: /gm)) {
      fields[names.get(match[2]!) ?? match[2]!] = plain(match[1]!);
    }
    if (Object.keys(fields).length > 0) table[type] = fields;
  }
  return table;
}
