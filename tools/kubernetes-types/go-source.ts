import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** One field of a Go struct, as it stands in the source. */
export interface GoField {
  /** Empty when the field is embedded. */
  readonly name: string;
  /** `*int32`, `[]v1.Container`, `map[string]string`. */
  readonly type: string;
  readonly json: string;
  readonly protobuf: string;
  readonly patchStrategy: string;
  readonly patchMergeKey: string;
  /** The comment lines that start with `+`, without it. */
  readonly markers: readonly string[];
  /** import name → path, of the file that it stands in. */
  readonly imports: ReadonlyMap<string, string>;
}

export interface GoType {
  readonly name: string;
  readonly markers: readonly string[];
  /** Set for a struct. */
  readonly fields?: readonly GoField[];
  /** Set for everything else: what stands after the name. */
  readonly underlying?: string;
  readonly imports: ReadonlyMap<string, string>;
}

export interface Lifecycle {
  introduced?: number;
  deprecated?: number;
  removed?: number;
  replacement?: string;
}

export interface GoPackage {
  /** `k8s.io/api/core/v1`. */
  readonly path: string;
  /** `apps`; the core group is ''. */
  readonly group: string;
  readonly types: Map<string, GoType>;
  /** Values of the string constants by name, and by type. */
  readonly constants: Map<string, string>;
  readonly enums: Map<string, string[]>;
  /** By kind, in minors of Kubernetes 1. */
  readonly lifecycle: Map<string, Lifecycle>;
  /** Messages of generated.proto. */
  readonly messages: Set<string>;
}

function tag(tags: string, name: string): string {
  return new RegExp(`(?:^|\\s)${name}:"([^"]*)"`).exec(tags)?.[1] ?? '';
}

function importsOf(text: string): Map<string, string> {
  const imports = new Map<string, string>();
  for (const match of text.matchAll(/^(?:import)?\s+(?:(\w+)\s+)?"([\w./-]+)"$/gm)) {
    imports.set(match[1] ?? basename(match[2]!), match[2]!);
  }
  return imports;
}

/** Reads the declarations of one file, line by line: gofmt leaves one field and one type to a line. */
function readDeclarations(text: string, into: GoPackage): void {
  const imports = importsOf(text);
  let markers: string[] = [];
  let struct: { name: string; markers: string[]; fields: GoField[] } | undefined;
  for (const line of text.split('\n')) {
    const comment = /^\s*\/\/\s?(.*)$/.exec(line);
    if (comment !== null) {
      const marker = /^\+(\S.*)$/.exec(comment[1]!.trim());
      if (marker !== null) markers.push(marker[1]!);
      continue;
    }
    if (line.trim() === '') continue;
    if (struct !== undefined) {
      if (line.startsWith('}')) {
        into.types.set(struct.name, { ...struct, imports });
        struct = undefined;
      }
      const field = /^\s+(?:([A-Z]\w*)\s+)?([\w.[\]*{}]+)\s+`(.*)`/.exec(line);
      if (field !== null) {
        struct?.fields.push({
          name: field[1] ?? '',
          type: field[2]!,
          json: tag(field[3]!, 'json'),
          protobuf: tag(field[3]!, 'protobuf'),
          patchStrategy: tag(field[3]!, 'patchStrategy'),
          patchMergeKey: tag(field[3]!, 'patchMergeKey'),
          markers,
          imports,
        });
      }
      markers = [];
      continue;
    }
    const opened = /^type (\w+) struct ?\{(\})?/.exec(line);
    const named = /^type (\w+) =? ?([\w.[\]*{}]+)(?:\s*\/\/.*)?$/.exec(line);
    if (opened !== null) {
      struct = { name: opened[1]!, markers, fields: [] };
      if (opened[2] !== undefined) {
        into.types.set(struct.name, { ...struct, imports });
        struct = undefined;
      }
    } else if (named !== null) {
      into.types.set(named[1]!, { name: named[1]!, markers, underlying: named[2]!, imports });
    }
    readConstant(line, markers, into);
    markers = [];
  }
}

function readConstant(line: string, markers: readonly string[], into: GoPackage): void {
  const typed =
    /^\s*(?:const\s+)?(\w+)\s+(\w+)\s*=\s*"([^"]*)"/.exec(line) ??
    /^\s*(?:const\s+)?(\w+)()\s*=\s*"([^"]*)"/.exec(line) ??
    /^\s*(?:const\s+)?(\w+)\s*=\s*(\w+)\("([^"]*)"\)/.exec(line);
  if (typed === null || !/^[A-Z]/.test(typed[1]!)) return;
  into.constants.set(typed[1]!, typed[3]!);
  const type = typed[2]!;
  if (type === '' || markers.some((marker) => marker.startsWith('k8s:enumExclude'))) return;
  const values = into.enums.get(type) ?? [];
  if (!values.includes(typed[3]!)) values.push(typed[3]!);
  into.enums.set(type, values);
}

function readLifecycle(text: string, into: GoPackage): void {
  const entry = (kind: string): Lifecycle => {
    const found = into.lifecycle.get(kind) ?? {};
    into.lifecycle.set(kind, found);
    return found;
  };
  const minors = /func \(in \*(\w+)\) APILifecycle(Introduced|Deprecated|Removed)\(\)[^\n]*\n\treturn 1, (\d+)/g;
  for (const match of text.matchAll(minors)) {
    const name = match[2]!.toLowerCase() as 'introduced' | 'deprecated' | 'removed';
    entry(match[1]!)[name] = Number(match[3]);
  }
  const replacements =
    /func \(in \*(\w+)\) APILifecycleReplacement\(\)[^\n]*\n\treturn [\w.]+\{Group: "([^"]*)", Version: "([^"]*)", Kind: "([^"]*)"\}/g;
  for (const match of text.matchAll(replacements)) {
    entry(match[1]!).replacement = [match[2] === '' ? match[3] : `${match[2]}/${match[3]}`, match[4]].join(' ');
  }
}

/** Reads every declaration of one Go package. @param root the folder of k8s.io; @param path below it, `api/core/v1`. */
export function readGoPackage(root: string, path: string): GoPackage {
  const read: GoPackage = {
    path: `k8s.io/${path}`,
    group: '',
    types: new Map(),
    constants: new Map(),
    enums: new Map(),
    lifecycle: new Map(),
    messages: new Set(),
  };
  let group = '';
  for (const name of globSync('*', { cwd: join(root, path) }).sort()) {
    const ignored = name.endsWith('_test.go') || name === 'generated.pb.go' || name.includes('swagger');
    if (ignored || !/\.(go|proto)$/.test(name)) continue;
    const text = readFileSync(join(root, path, name), 'utf8');
    if (name === 'generated.proto') {
      for (const match of text.matchAll(/^message (\w+) \{/gm)) read.messages.add(match[1]!);
    } else if (name.endsWith('prerelease-lifecycle.go')) readLifecycle(text, read);
    else if (!name.startsWith('zz_')) {
      readDeclarations(text, read);
      group = /GroupName\s*=\s*"([^"]*)"/.exec(text)?.[1] ?? group;
    }
  }
  return { ...read, group };
}
