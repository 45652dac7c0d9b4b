import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';

/**
 * Who may import whom. A package's row names everything below it; what is not named it meets only through API objects.
 * The order keeps the core free of the edges: the store knows nothing of Kubernetes, a controller nothing of the API
 * server's inside, and only apps/ names concrete drivers.
 */
const mayImport: Record<string, readonly string[]> = {
  'packages/base': [],
  'packages/model': ['packages/base'],
  'packages/store': ['packages/base'],
  'packages/aws-protocol': ['packages/base'],
  'packages/registry': ['packages/base'],
  'packages/client': ['packages/base', 'packages/model'],
  'packages/apiserver': ['packages/base', 'packages/model', 'packages/store'],
  'packages/controller-kit': ['packages/base', 'packages/model', 'packages/client'],
};
const kit = ['packages/base', 'packages/model', 'packages/client', 'packages/controller-kit'];
for (const name of ['controllers', 'scheduler', 'kubelet', 'network']) mayImport[`packages/${name}`] = kit;
mayImport['packages/compute'] = [...kit, 'packages/network', 'packages/kubelet'];
mayImport['packages/cluster'] = [
  ...kit,
  'packages/store',
  'packages/apiserver',
  'packages/controllers',
  'packages/scheduler',
  'packages/network',
];
mayImport['packages/aws'] = [...kit, 'packages/aws-protocol', 'packages/network'];

/** Folders in which each sub-folder is a package of its own: siblings there do not import each other either. */
const families = ['packages/controllers', 'packages/aws'];
const root = join(import.meta.dirname, '..');

function packageOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

function memberOf(path: string): string | undefined {
  const family = families.find((name) => path.startsWith(`${name}/`));
  const parts = path.split('/');
  return family !== undefined && parts.length > 3 ? parts[2] : undefined;
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(
    /^\s*(?:import|export)\b[^'";]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...found].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

function resolve(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('@keelson/')) {
    const [, name, ...rest] = specifier.split('/');
    const folder =
      name === 'app'
        ? 'apps/keelson'
        : name === 'node-agent'
          ? 'apps/node'
          : name === 'tools' || name === 'bench'
            ? name
            : `packages/${name}`;
    return [folder, ...(rest.length > 0 ? rest : ['index.ts'])].join('/');
  }
  return specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : undefined;
}

function violations(): string[] {
  const files = globSync(['packages/**/*.ts', 'apps/**/*.ts'], {
    cwd: root,
    exclude: (name) => /node_modules|dist/.test(name),
  });
  const found: string[] = [];
  for (const file of files.map((path) => relative('.', path))) {
    const own = packageOf(file);
    for (const specifier of importsOf(file)) {
      const target = resolve(file, specifier);
      if (target === undefined) continue;
      const other = packageOf(target);
      const allowed = mayImport[own];
      const isTest = /\.test\.ts$|\/suite\//.test(file);
      const viaTestkit = isTest && other === 'packages/testkit';
      if (other !== own && allowed && !allowed.includes(other) && !viaTestkit)
        found.push(`${file} imports ${specifier}: ${own} may import ${allowed.join(', ') || 'nothing of ours'}`);
      const member = memberOf(file);
      const sibling = memberOf(target);
      if (other === own && member && sibling && member !== sibling && !isTest)
        found.push(
          `${file} imports ${specifier}: ${member} and ${sibling} are siblings and meet only through API objects`,
        );
    }
  }
  return found;
}

test('imports go one way: base, then model, store and aws-protocol, then what stands on them', () => {
  assert.deepEqual(violations(), []);
});
