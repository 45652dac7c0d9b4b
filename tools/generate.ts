/**
 * Makes packages/model/generated from the Kubernetes client's package and Debian's Go sources.
 *
 *     npm run generate -- <cache directory>
 *
 * The cache directory receives what is downloaded. Everything written is sorted, so the same inputs give the same bytes.
 */
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aggregatorTypes } from './kubernetes-types/aggregator-types.ts';
import { readModels, readOperations } from './kubernetes-types/client-node.ts';
import { kubernetesSources } from './kubernetes-types/debian-sources.ts';
import { type GoPackage, readGoPackage } from './kubernetes-types/go-source.ts';
import { interfaceFile, interfacesOf } from './kubernetes-types/interfaces.ts';
import { changedTypes, IntroducedFields } from './kubernetes-types/introduced-fields.ts';
import { type ResourceRow, resourceRows } from './kubernetes-types/resource-tables.ts';
import { shortPath, TableBuilder, type TypeTables } from './kubernetes-types/type-tables.ts';

const repository = join(import.meta.dirname, '..');
const generated = join(repository, 'packages/model/generated');
/** The oldest minor that Keelson serves: what was gone by then is left out. */
const oldestMinor = 33;
/** The minor that the sources are of. */
const newestMinor = 36;

function packagesOf(root: string): GoPackage[] {
  const paths = [
    'apimachinery/pkg/apis/meta/v1',
    ...globSync('api/*/v*', { cwd: root })
      .filter((path) => !path.startsWith('api/testdata/'))
      .sort(),
    'apiextensions-apiserver/pkg/apis/apiextensions/v1',
  ];
  return paths
    .map((path) => readGoPackage(root, path))
    .filter((each) => {
      const removed = [...each.lifecycle.values()].map((kind) => kind.removed ?? Number.POSITIVE_INFINITY);
      return removed.length === 0 || Math.max(...removed) > oldestMinor;
    });
}

/** APIService as a package of Go, so that its resource is found like every other. */
function aggregatorPackage(): GoPackage {
  const types = new Map(
    Object.keys(aggregatorTypes).map((name) => [name, { name, markers: [], fields: [], imports: new Map() }]),
  );
  return {
    path: 'k8s.io/kube-aggregator/pkg/apis/apiregistration/v1',
    group: 'apiregistration.k8s.io',
    types,
    constants: new Map(),
    enums: new Map(),
    lifecycle: new Map([['APIService', { introduced: 10 }]]),
    messages: new Set(),
  };
}

function json(tables: TypeTables): string {
  const homes = Object.entries(tables).map(([home, types]) => {
    const lines = Object.entries(types).map(([name, fields]) => `${JSON.stringify(name)}:${JSON.stringify(fields)}`);
    return `${JSON.stringify(home)}:{\n${lines.join(',\n')}\n}`;
  });
  return `{\n${homes.join(',\n')}\n}\n`;
}

function rowsJson(groups: Record<string, string>, rows: readonly ResourceRow[]): string {
  return `{"groups":${JSON.stringify(groups)},\n"resources":[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]}\n`;
}

async function generate(cache: string): Promise<void> {
  const { root, versions } = kubernetesSources(cache);
  const packages = packagesOf(root);
  const builder = new TableBuilder(packages, readModels(repository));
  const tables = { ...builder.build(), 'apiregistration/v1': aggregatorTypes };
  const homes = new Map(
    packages.map((each) => [`${each.group || 'core'}/${each.path.split('/').pop()}`, shortPath(each.path)]),
  );
  const older = Array.from({ length: newestMinor - oldestMinor }, (_, index) => oldestMinor + index);
  new IntroducedFields(tables).mark(join(root, 'api/testdata'), older, newestMinor, homes);
  const withAggregator = [...packages, aggregatorPackage()];
  const rows = resourceRows(readOperations(repository), withAggregator, (path, type) => builder.modelName(path, type));
  const groups = Object.fromEntries(withAggregator.map((each) => [shortPath(each.path), each.group]));
  const files = new Map<string, string>();
  for (const each of withAggregator) {
    const home = shortPath(each.path);
    const group = home === 'meta/v1' ? 'meta' : each.group;
    files.set(home, interfaceFile(group, home.split('/')[1]!));
  }
  const outputs = new Map<string, string>();
  outputs.set('kubernetes-types.json', json(tables));
  outputs.set('changed-types.json', `${JSON.stringify(changedTypes(tables), null, 1)}\n`);
  outputs.set('kubernetes-resources.json', rowsJson(groups, rows));
  for (const [home, file] of files) outputs.set(`types/${file}`, interfacesOf(tables, home, files));
  const hashes = Object.fromEntries(
    [...outputs].map(([name, text]) => [name, createHash('sha256').update(text).digest('hex')]),
  );
  const client = '2.0.1';
  outputs.set(
    'sources.json',
    `${JSON.stringify({ inputs: { ...versions, '@kubernetes/client-node': client }, outputs: hashes }, null, 1)}\n`,
  );
  rmSync(generated, { recursive: true, force: true });
  for (const [name, text] of outputs) {
    mkdirSync(join(generated, name, '..'), { recursive: true });
    writeFileSync(join(generated, name), text);
  }
  console.log(`${Object.values(tables).reduce((sum, types) => sum + Object.keys(types).length, 0)} types`);
  console.log(`${rows.length} resources`);
  for (const difference of builder.differences) console.log(difference);
  // Imported only now: it reads what has just been written.
  const { roundTripProblems } = await import('./kubernetes-types/round-trip.ts');
  const problems = roundTripProblems(join(root, 'api/testdata/HEAD'), homes);
  if (problems.length > 0) throw new Error(`upstream's objects do not survive:\n${problems.join('\n')}`);
}

const cache = process.argv[2];
if (cache === undefined) throw new Error('usage: generate.ts <cache directory>');
await generate(cache);
