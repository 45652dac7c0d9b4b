import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { TypeTables } from './type-tables.ts';

/**
 * Which minor brought a field. The API's Go package carries, for each release that is still supported, one object of
 * every kind with every field set: a field that the newest has and an older one has not came in between.
 */
interface Owned {
  readonly name: string;
  readonly expression: string;
  readonly home: string;
  readonly owner: string;
}

/** The fields of a type, those of embedded types as theirs. */
function fieldsOf(tables: TypeTables, home: string, owner: string): Owned[] {
  return Object.entries(tables[home]?.[owner] ?? {}).flatMap(([name, expression]) => {
    if (name === '@') return [];
    if (!name.startsWith('...')) return [{ name, expression, home, owner }];
    const [path, type] = qualified(expression.split(' ')[0]!, home);
    return fieldsOf(tables, path, type);
  });
}

function qualified(type: string, home: string): [string, string] {
  const dot = type.lastIndexOf('.');
  return dot < 0 ? [home, type] : [type.slice(0, dot), type.slice(dot + 1)];
}

export class IntroducedFields {
  readonly #tables: TypeTables;
  /** `core/v1.PodSpec.field` → minors whose object had it, of those whose object has the struct. */
  readonly #seen = new Map<string, { with: Set<number>; without: Set<number> }>();

  constructor(tables: TypeTables) {
    this.#tables = tables;
  }

  #compare(type: string, home: string, newest: unknown, older: unknown, minor: number): void {
    const bare = type.replace(/[*!]/g, '');
    if (bare.includes('|')) return;
    if (bare.startsWith('[]')) {
      if (Array.isArray(newest) && Array.isArray(older)) this.#compare(bare.slice(2), home, newest[0], older[0], minor);
      return;
    }
    if (typeof newest !== 'object' || newest === null || typeof older !== 'object' || older === null) return;
    if (bare.startsWith('map<')) {
      this.#compare(bare.slice(4, -1), home, Object.values(newest)[0], Object.values(older)[0], minor);
      return;
    }
    const [path, name] = qualified(bare, home);
    for (const field of fieldsOf(this.#tables, path, name)) {
      const [now, then] = [newest, older].map((object) => (object as Record<string, unknown>)[field.name]);
      if (now === undefined) continue;
      const key = `${field.home} ${field.owner} ${field.name}`;
      const entry = this.#seen.get(key) ?? { with: new Set<number>(), without: new Set<number>() };
      (then === undefined ? entry.without : entry.with).add(minor);
      this.#seen.set(key, entry);
      this.#compare(field.expression.split(' ')[0]!, field.home, now, then, minor);
    }
  }

  /** Compares all objects of two releases. @param homes group and version to package. */
  #read(directory: string, minor: number, homes: ReadonlyMap<string, string>): void {
    for (const file of globSync(join(directory, `v1.${minor}.0/*.json`)).sort()) {
      const name = basename(file, '.json');
      const match = /^(.+)\.(v[^.]+)\.(\w+)$/.exec(name);
      const newest = join(directory, 'HEAD', `${name}.json`);
      const home = homes.get(`${match?.[1]}/${match?.[2]}`);
      if (match === null || home === undefined || !existsSync(newest)) continue;
      const [now, then] = [newest, file].map((path) => JSON.parse(readFileSync(path, 'utf8')) as unknown);
      this.#compare(match[3]!, home, now, then, minor);
    }
  }

  /** Writes `since(34)` to the fields that 1.33 had not, and so on. @param minors the older releases, ascending. */
  mark(directory: string, minors: readonly number[], newest: number, homes: ReadonlyMap<string, string>): void {
    for (const minor of minors) this.#read(directory, minor, homes);
    for (const [key, { with: having, without }] of this.#seen) {
      if (without.size === 0) continue;
      const last = Math.max(...without);
      const next = minors.find((minor) => minor > last && having.has(minor)) ?? newest;
      const [home, owner, field] = key.split(' ') as [string, string, string];
      const fields = this.#tables[home]![owner]!;
      const [head, ...facts] = fields[field]!.split(' ');
      fields[field] = [head, `since(${next})`, ...facts].join(' ');
    }
  }
}

/** The structs that a type names, whatever lists and maps are around them. */
function structsIn(expression: string, home: string): string[] {
  const names = expression.split(' ')[0]!.match(/(?:[\w.-]+\/v\w+\.)?\b[A-Z]\w*/g) ?? [];
  return names.map((name) => qualified(name, home).join('.'));
}

/** Types that an older minor had differently, in themselves or in what they are made of, with the last that changed them. */
export function changedTypes(tables: TypeTables): Record<string, number> {
  const own = new Map<string, number>();
  const parts = new Map<string, string[]>();
  for (const [home, types] of Object.entries(tables)) {
    for (const [name, fields] of Object.entries(types)) {
      const expressions = Object.entries(fields).filter(([field]) => field !== '@');
      const minors = expressions.map(([, text]) => Number(/ since\((\d+)\)/.exec(text)?.[1] ?? 0));
      own.set(`${home}.${name}`, Math.max(0, ...minors));
      parts.set(
        `${home}.${name}`,
        expressions.flatMap(([, text]) => structsIn(text, home)),
      );
    }
  }
  const changed: Record<string, number> = {};
  for (const name of own.keys()) {
    const reached = new Set([name]);
    for (const each of reached) for (const part of parts.get(each) ?? []) reached.add(part);
    const newest = Math.max(...[...reached].map((each) => own.get(each) ?? 0));
    if (newest > 0) changed[name] = newest;
  }
  return changed;
}
