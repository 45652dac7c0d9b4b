/** What the documents claim is compared with the code, so that neither moves on without the other. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ec2Service } from '@keelson/aws/ec2/index.ts';
import { eksService } from '@keelson/aws/eks/index.ts';
import { createIam } from '@keelson/aws/iam/index.ts';
import type { AwsService } from '@keelson/aws/service.ts';
import { createSts } from '@keelson/aws/sts/index.ts';
import { loadTable } from '@keelson/aws-protocol';
import { virtualWorld } from '@keelson/base';
import { allStrategies } from '@keelson/model/kinds/index.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const tracked = (pattern: string) =>
  globSync(pattern, { cwd: root, exclude: (name) => /^(node_modules|dist|\.cache)$/.test(name) });

/** The services as objects: nothing of what they are given is used before an operation is called. */
async function services(): Promise<AwsService[]> {
  const world = virtualWorld('documents');
  const environment = { client: {}, world, region: 'ap-northeast-2', account: '000000000000', zones: [] } as never;
  const options = { store: {}, sealer: {}, roles: {}, world, account: '000000000000' };
  return [
    await eksService(environment),
    await ec2Service(environment),
    createIam({ ...options, table: await loadTable('iam') } as never).service,
    createSts({ ...options, table: await loadTable('sts') } as never),
  ];
}

/** The part of a document below a heading, up to the next one of its level or above. */
function section(document: string, heading: string): string {
  const level = /^#+/.exec(heading)![0].length;
  const start = document.indexOf(`\n${heading}\n`);
  assert.ok(start >= 0, `no heading ${heading}`);
  const rest = document.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end < 0 ? rest : rest.slice(0, end);
}

const quoted = (text: string) => new Set([...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));

test('docs/compatibility.md lists every AWS operation that is supported, under its service', async () => {
  const document = read('docs/compatibility.md');
  for (const { table, operations } of await services()) {
    const listed = quoted(section(document, `### ${table.name.toUpperCase()}`).split('Not supported (')[0]!);
    const missing = Object.keys(operations).filter((name) => !listed.has(name));
    assert.deepEqual(missing, [], `operations of ${table.name} that docs/compatibility.md does not list`);
  }
});

test('docs/compatibility.md lists every operation of EKS that is not supported, and none that is', async () => {
  const eks = section(read('docs/compatibility.md'), '### EKS');
  const refused = quoted(
    section(`\n# ${eks}`.replace('Not supported (', '\n## Not\n('), '## Not').split('Differences:')[0]!,
  );
  const [{ table, operations }] = (await services()) as [AwsService, ...AwsService[]];
  const supported = new Set(Object.keys(operations));
  const missing = Object.keys(table.raw.operations).filter((name) => !supported.has(name) && !refused.has(name));
  assert.deepEqual(missing, []);
  assert.deepEqual(
    [...refused].filter((name) => supported.has(name)),
    [],
  );
});

test('docs/compatibility.md lists every kind that a cluster serves', () => {
  const rows = section(read('docs/compatibility.md'), '## Kubernetes API').split('Not served yet')[0]!;
  const served = allStrategies.filter((one) => one.kind !== 'TokenRequest' && one.kind !== 'Scale');
  const missing = served.filter(({ kind, apiVersion }) => {
    const row = rows.split('\n').find((line) => line.startsWith(`| ${apiVersion === 'v1' ? 'core/v1' : apiVersion} |`));
    return !row?.split(/[|,]\s*/).some((cell) => cell.trim() === kind);
  });
  assert.deepEqual(
    missing.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`),
    [],
  );
});

test('docs/dependencies.md has a line for every npm dependency, and no line for any other', () => {
  const document = read('docs/dependencies.md');
  const names = new Set<string>();
  for (const file of tracked(
    '{package.json,{packages,apps}/*/package.json,tools/package.json,tests/package.json,bench/package.json}',
  )) {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read(file));
    for (const name of Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      if (!name.startsWith('@keelson/')) names.add(name);
    }
  }
  const listed = new Set([...document.matchAll(/^\| `((?:@[\w-]+\/)?[\w.-]+)` \| npm /gm)].map((match) => match[1]!));
  assert.deepEqual([...listed].sort(), [...names].sort());
});

test('docs/dependencies.md has a line for every Debian package that is installed', () => {
  const document = read('docs/dependencies.md');
  const suites = read('tools/test.ts').matchAll(/\{ name: '([^']+)', programs: /g);
  const prerequisites = /const packages[^{]*\{([\s\S]*?)\n\}/.exec(read('apps/keelson/linux-prerequisites.ts'))![1]!;
  const wanted = [
    ...[...suites].map(([, name]) => name!),
    ...[...prerequisites.matchAll(/^ {2}'?([\w-]+)'?:/gm)].map((match) => match[1]!),
  ];
  assert.ok(wanted.includes('containerd') && wanted.includes('etcd-server'));
  assert.deepEqual(
    wanted.filter((name) => !document.includes(`\`${name}\``)),
    [],
  );
});

test('README.md has every command of the command line, with its options', () => {
  const table = section(read('README.md'), '## Commands');
  const missing: string[] = [];
  for (const file of tracked('apps/keelson/commands/*.ts')) {
    const declarations = read(file).matchAll(/: Command = \{([\s\S]*?)\n\};/g);
    for (const [, body] of declarations) {
      if (/internal: true/.test(body!)) continue;
      const name = /name: '([^']+)'/.exec(body!)![1]!;
      const usage = /usage:\s*'([^']*)'/.exec(body!)?.[1] ?? '';
      const line = `| \`keelson ${name}${usage && ` ${usage.replaceAll('|', '\\|')}`}\` |`;
      if (!table.includes(line)) missing.push(line);
    }
  }
  assert.deepEqual(missing, []);
});

test('links between documents lead to files and headings that exist', () => {
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-');
  const broken: string[] = [];
  for (const file of tracked('{*.md,docs/**/*.md}')) {
    const text = read(file).replace(/```[\s\S]*?```/g, '');
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [path, anchor] = target!.split('#') as [string, string | undefined];
      const full = path === '' ? join(root, file) : join(root, dirname(file), path);
      if (!existsSync(full)) broken.push(`${file}: ${target}`);
      else if (anchor !== undefined) {
        const headings = [...readFileSync(full, 'utf8').matchAll(/^#+ (.*)$/gm)].map((match) => slug(match[1]!));
        if (!headings.includes(anchor)) broken.push(`${file}: ${target}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

test('documents name no place on the machine they were written on', () => {
  for (const file of tracked('{*.md,docs/**/*.md}')) {
    assert.doesNotMatch(read(file), /(?<!\/var)\/(tmp|work|root|home)\/|registry\.npmjs|localhost:\d{4}\/npm/, file);
  }
});
