import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalize } from '../codec/decode.ts';
import type { ApiObject } from '../object.ts';
import { applyTableDefaults } from '../tables/defaults.ts';
import { ApplyConflict } from './apply-conflict.ts';
import { type ApplyType, deducedType } from './apply-schema.ts';
import { type ApplyTarget, fieldSetOf } from './apply-target.ts';
import { outsideOf, pathsOf } from './field-set.ts';
import { applyWithLastApplied } from './last-applied.ts';
import { ManagedFields } from './managed-fields.ts';
import { pathElementsText } from './path-element.ts';
import { emptyObject, tableApplyType } from './table-types.ts';
import { updateManagers } from './update-managers.ts';

/** Everything can be changed but these. */
const except =
  (...paths: string[]): ApplyTarget['changeable'] =>
  (_, set) =>
    outsideOf(set, fieldSetOf(paths));

/** One object and its managers, written to as a server would. */
class Written {
  object: ApiObject | undefined;
  managed = ManagedFields.none;
  readonly target: ApplyTarget;
  readonly #type: string | undefined;
  #seconds = 0;

  constructor(target: Partial<ApplyTarget> & { type: ApplyType; apiVersion: string; kind: string }, table?: string) {
    const schema = { typeOf: () => target.type, convert: (object: ApiObject) => object };
    const empty = () => (table === undefined ? null : emptyObject(table));
    this.target = { schema, subresource: '', changeable: except('status'), empty, ...target };
    this.#type = table;
  }

  #now(): string {
    return `2026-01-01T00:00:${String(++this.#seconds).padStart(2, '0')}Z`;
  }

  #settled(value: unknown): ApiObject {
    if (this.#type === undefined) return value as ApiObject;
    const object = structuredClone(normalize(this.#type, value).object);
    applyTableDefaults(this.#type, object);
    return object;
  }

  async update(manager: string, object: object, target: Partial<ApplyTarget> = {}): Promise<this> {
    const { apiVersion, kind } = this.target;
    const settled = this.#settled({ apiVersion, kind, ...object });
    this.managed = await updateManagers({
      target: { ...this.target, ...target },
      live: this.object,
      object: settled,
      managed: this.managed,
      manager,
      now: this.#now(),
    });
    this.object = settled;
    return this;
  }

  async apply(manager: string, config: object, force = false): Promise<this> {
    const { apiVersion, kind } = this.target;
    const applied = await applyWithLastApplied({
      target: this.target,
      live: this.object,
      managed: this.managed,
      config: { apiVersion, kind, ...config },
      manager,
      force,
      now: this.#now(),
    });
    this.object = this.#settled(applied.object);
    this.managed = applied.managed;
    return this;
  }

  /** `manager`, with what it manages; `manager/sub` for a sub-resource, `=` after it for an apply. */
  get owners(): Record<string, string[]> {
    return Object.fromEntries(
      this.managed.entries.map((entry) => {
        const name = `${entry.manager}${entry.subresource && `/${entry.subresource}`}`;
        return [entry.operation === 'Apply' ? `${name}=` : name, pathsOf(entry.fields).map(pathElementsText)];
      }),
    );
  }
}

function tableObject(table: string, apiVersion: string): Written {
  const kind = table.slice(table.lastIndexOf('.') + 1);
  return new Written({ type: tableApplyType(table)!, apiVersion, kind }, table);
}

const configMap = () => tableObject('core/v1.ConfigMap', 'v1');
const deployment = () => tableObject('apps/v1.Deployment', 'apps/v1');
const metadata = { name: 'a', namespace: 'b' };
const withData = (data: Record<string, string>) => ({ metadata, data });

async function conflictOf(work: Promise<unknown>): Promise<ApplyConflict> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ApplyConflict, `${error}`);
  return error;
}

const nginx = {
  metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'nginx', image: 'nginx:1', ports: [{ containerPort: 80 }] }] },
    },
  },
};

test('who creates an object manages what it said and what was filled in, but for structs that are always there', async () => {
  const { owners } = await deployment().update('kubectl-create', nginx);
  assert.deepEqual(owners, {
    'kubectl-create': [
      '.metadata.labels',
      '.metadata.labels.app',
      '.spec.selector',
      '.spec.template.metadata.labels',
      '.spec.template.metadata.labels.app',
      '.spec.template.spec.containers[name="nginx"]',
      '.spec.template.spec.containers[name="nginx"].image',
      '.spec.template.spec.containers[name="nginx"].name',
      '.spec.template.spec.containers[name="nginx"].ports',
      '.spec.template.spec.containers[name="nginx"].resources',
      '.spec.template.spec.containers[name="nginx"].ports[containerPort=80,protocol="TCP"]',
      '.spec.template.spec.containers[name="nginx"].ports[containerPort=80,protocol="TCP"].containerPort',
      '.spec.template.spec.containers[name="nginx"].ports[containerPort=80,protocol="TCP"].protocol',
    ],
  });
});

test('who applies manages what the configuration says and nothing else', async () => {
  const written = await deployment().apply('ci', nginx);
  assert.deepEqual(written.owners, {
    'ci=': [
      '.metadata.labels.app',
      '.spec.selector',
      '.spec.template.metadata.labels.app',
      '.spec.template.spec.containers[name="nginx"]',
      '.spec.template.spec.containers[name="nginx"].image',
      '.spec.template.spec.containers[name="nginx"].name',
      '.spec.template.spec.containers[name="nginx"].ports[containerPort=80,protocol="TCP"]',
      '.spec.template.spec.containers[name="nginx"].ports[containerPort=80,protocol="TCP"].containerPort',
    ],
  });
  assert.equal(written.managed.entries[0]!.time, '2026-01-01T00:00:01Z');
});

test('an apply that changes a value of another manager is refused, and takes it when forced', async () => {
  const written = await configMap().apply('one', withData({ key: '1', mine: 'x' }));
  const error = await conflictOf(written.apply('two', withData({ key: '2' })));
  assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "one": .data.key');
  assert.deepEqual(error.causes(), [
    { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.key' },
  ]);
  await written.apply('two', withData({ key: '2' }), true);
  assert.deepEqual(written.object!['data'], { key: '2', mine: 'x' });
  assert.deepEqual(written.owners, { 'one=': ['.data.mine'], 'two=': ['.data.key'] });
});

test('conflicts with several managers are told one manager after the other', async () => {
  const written = await configMap().apply('one', withData({ a: '1' }));
  await written.update('two', withData({ a: '1', b: '1' }));
  const error = await conflictOf(written.apply('three', withData({ a: '2', b: '2' })));
  assert.equal(
    error.message,
    'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\nconflicts with "two" using v1:\n- .data.b',
  );
});

test('the same value is shared, and goes when the last who applied it gives it up', async () => {
  const written = await configMap().apply('one', withData({ key: '1', x: 'x' }));
  await written.apply('two', withData({ key: '1' }));
  assert.equal(written.managed.entries[0]!.time, undefined, 'nothing was changed');
  assert.deepEqual(written.owners, { 'two=': ['.data.key'], 'one=': ['.data.key', '.data.x'] });
  await written.apply('one', withData({ x: 'x' }));
  assert.deepEqual(written.object!['data'], { key: '1', x: 'x' });
  await written.apply('two', { metadata });
  assert.deepEqual(written.object!['data'], { x: 'x' });
  assert.deepEqual(written.owners, { 'one=': ['.data.x'] });
});

test('what an update changed is not pruned by whom applied it before', async () => {
  const written = await configMap().apply('one', withData({ key: '1', x: 'x' }));
  await written.update('two', withData({ key: '2', x: 'x' }));
  assert.deepEqual(written.owners, { 'one=': ['.data.x'], two: ['.data.key'] });
  await written.apply('one', withData({ x: 'x' }));
  assert.deepEqual(written.object!['data'], { key: '2', x: 'x' });
});

test('elements of lists are merged by key, in an order that keeps both', async () => {
  const containers = (...names: string[]) => ({
    metadata,
    spec: {
      selector: {},
      template: { spec: { containers: names.map((name) => ({ name, image: name.toUpperCase() })) } },
    },
  });
  const cases: [string[], string[], string[]][] = [
    [['a', 'b'], ['c'], ['a', 'b', 'c']],
    [
      ['a', 'b'],
      ['b', 'a'],
      ['b', 'a'],
    ],
    [
      ['a', 'b', 'c'],
      ['c', 'x', 'a'],
      ['b', 'c', 'x', 'a'],
    ],
    [
      ['a', 'b', 'c'],
      ['a', 'x', 'c'],
      ['a', 'b', 'x', 'c'],
    ],
  ];
  for (const [live, applied, result] of cases) {
    const written = await deployment().update('someone', containers(...live));
    await written.apply('ci', containers(...applied));
    const now = written.object!['spec'].template.spec.containers.map(({ name }: { name: string }) => name);
    assert.deepEqual(now, result, `${live} with ${applied}`);
  }
});

test('an element that is given up goes whole, or keeps what others have in it', async () => {
  const ports = (...list: object[]) => ({ metadata, spec: { ports: list } });
  const service = tableObject('core/v1.Service', 'v1');
  await service.apply('one', ports({ port: 80, name: 'web' }, { port: 443, protocol: 'TCP', name: 'tls' }));
  await service.apply('two', ports({ port: 443, targetPort: 8443 }));
  await service.apply('one', ports({ port: 80, name: 'web' }));
  assert.deepEqual(
    service.object!['spec'].ports.map(({ port, name, targetPort }: any) => [port, name, targetPort]),
    [
      [80, 'web', undefined],
      [443, undefined, 8443],
    ],
  );
  await service.apply('two', { metadata });
  assert.deepEqual(
    service.object!['spec'].ports.map(({ port }: any) => port),
    [80],
  );
});

test('sets are merged by value, and lists and maps that are atomic are replaced', async () => {
  const written = await configMap().apply('one', { metadata: { ...metadata, finalizers: ['x/a', 'x/b'] } });
  await written.apply('two', { metadata: { ...metadata, finalizers: ['x/c', 'x/a'] } });
  assert.deepEqual(written.object!.metadata!.finalizers, ['x/c', 'x/a', 'x/b']);
  await written.apply('one', { metadata: { ...metadata, finalizers: ['x/b'] } });
  assert.deepEqual(written.object!.metadata!.finalizers, ['x/c', 'x/a', 'x/b']);
  await written.apply('two', { metadata: { ...metadata, finalizers: ['x/c'] } });
  assert.deepEqual(written.object!.metadata!.finalizers, ['x/c', 'x/b']);
  const spec = (selector: object) => ({ metadata, spec: { selector } });
  const service = await tableObject('core/v1.Service', 'v1').apply('one', spec({ a: '1', b: '2' }));
  const error = await conflictOf(service.apply('two', spec({ c: '3' })));
  assert.match(error.message, /: \.spec\.selector$/);
  await service.apply('two', spec({ c: '3' }), true);
  assert.deepEqual(service.object!['spec'].selector, { c: '3' });
  assert.deepEqual(service.owners, { 'two=': ['.spec.selector'] });
});

test('a configuration that is none of the kind is refused in upstream words', async () => {
  const cases: [object, string][] = [
    [{ kind: 'Secret' }, 'invalid object type: /v1, Kind=Secret'],
    [{ metadata: { managedFields: [] } }, 'metadata.managedFields must be nil'],
    [
      { metadata, spec: {} },
      'failed to create typed patch object (b/a; /v1, Kind=ConfigMap): .spec: field not declared in schema',
    ],
    [
      { metadata, data: { a: 1 } },
      'failed to create typed patch object (b/a; /v1, Kind=ConfigMap): .data.a: expected string, got &value.valueUnstructured{Value:1}',
    ],
    [
      { metadata: { ...metadata, finalizers: ['x/a', 'x/a'] } },
      'failed to create typed patch object (b/a; /v1, Kind=ConfigMap): .metadata.finalizers: duplicate entries for key [="x/a"]',
    ],
    [
      { metadata: { ...metadata, labels: ['x'] } },
      'failed to create typed patch object (b/a; /v1, Kind=ConfigMap): .metadata.labels: expected map, got &{[x]}',
    ],
  ];
  for (const [config, message] of cases) await assert.rejects(configMap().apply('ci', config), { message });
});

test('kubectl takes over what it applied on the client side, and keeps its annotation up to date', async () => {
  const last = 'kubectl.kubernetes.io/last-applied-configuration';
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: '1', b: '1' } };
  const live = { metadata: { ...metadata, annotations: { [last]: JSON.stringify(config) } }, data: { a: '1', b: '1' } };
  const written = await configMap().update('kubectl-client-side-apply', live);
  await conflictOf(written.apply('other', withData({ a: '2' })));
  await written.apply('kubectl', withData({ a: '2', b: '1' }));
  assert.deepEqual(written.object!['data'], { a: '2', b: '1' });
  assert.equal(
    written.object!.metadata!.annotations![last],
    '{"apiVersion":"v1","data":{"a":"2","b":"1"},"kind":"ConfigMap","metadata":{"name":"a","namespace":"b"}}\n',
  );
  const changed = { ...written.object, data: { a: '2', b: '9' } };
  await written.update('someone', changed);
  const error = await conflictOf(written.apply('kubectl', withData({ a: '3', b: '3' })));
  assert.deepEqual(
    error.causes().map(({ field }) => field),
    ['.data.b'],
  );
});

test('what was there before managers were kept belongs to one of its own when somebody applies', async () => {
  const written = configMap();
  written.object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, uid: 'u' }, data: { a: '1' } };
  await written.update('someone', { metadata: { ...metadata, uid: 'u' }, data: { a: '2' } });
  assert.deepEqual(written.owners, {});
  await written.apply('ci', withData({ b: '1' }));
  assert.deepEqual(written.owners, { 'ci=': ['.data.b'], 'before-first-apply': ['.data', '.data.a'] });
});

test('the oldest of many managers that update become one', async () => {
  const written = configMap();
  const data: Record<string, string> = {};
  for (let index = 10; index < 25; index++) {
    data[`k${index}`] = 'x';
    await written.update(`m${index}`, { metadata, data: { ...data } });
  }
  const { owners } = written;
  assert.equal(Object.keys(owners).length, 10);
  assert.deepEqual(owners['ancient-changes'], ['.data', ...[10, 11, 12, 13, 14, 15].map((index) => `.data.k${index}`)]);
  assert.equal(written.managed.entries[0]!.time, '2026-01-01T00:00:06Z');
});

test('writes through a sub-resource are managed apart, and own nothing that they cannot change', async () => {
  const written = await deployment().update('kubectl', nginx);
  const changeable = except('spec', 'metadata.labels');
  const object = { ...written.object, spec: { ...written.object!['spec'], paused: true }, status: { replicas: 1 } };
  await written.update('controller', object, { subresource: 'status', changeable });
  assert.deepEqual(written.owners['controller/status'], ['.status.replicas']);
  assert.ok(!written.owners['kubectl']!.includes('.status.replicas'));
});

test('values without a schema are merged name by name, and their lists are replaced', async () => {
  const custom = new Written({ type: deducedType, apiVersion: 'x.example/v1', kind: 'Thing' });
  await custom.apply('one', { metadata, spec: { a: { b: 1, c: 'x' }, list: [1, 2] } });
  await custom.apply('two', { metadata, spec: { a: { d: true } } });
  assert.deepEqual(custom.object!['spec'], { a: { b: 1, c: 'x', d: true }, list: [1, 2] });
  const error = await conflictOf(custom.apply('two', { metadata, spec: { a: 5, list: [3] } }));
  assert.deepEqual(
    error.causes().map(({ field }) => field),
    ['.spec.a', '.spec.list'],
  );
  assert.deepEqual(custom.owners['one='], ['.spec', '.spec.a', '.spec.list', '.spec.a.b', '.spec.a.c']);
});

test('fields of another version are told from objects of that version', async () => {
  const rename = (object: ApiObject, from: string, to: string): ApiObject => {
    const { [from]: value, ...rest } = object['spec'] ?? {};
    return { ...object, spec: value === undefined ? rest : { ...rest, [to]: value } };
  };
  const schema = {
    typeOf: (apiVersion: string) => (apiVersion === 'x.example/v3' ? undefined : deducedType),
    convert: (object: ApiObject, apiVersion: string) =>
      apiVersion === 'x.example/v1' ? rename(object, 'new', 'old') : rename(object, 'old', 'new'),
  };
  const v1 = { schema, apiVersion: 'x.example/v1' };
  const v2 = { schema, apiVersion: 'x.example/v2' };
  const written = new Written({ type: deducedType, kind: 'Thing', ...v1 });
  await written.apply('one', { metadata, spec: { old: 'a', keep: '1' } });
  const later = new Written({ type: deducedType, kind: 'Thing', ...v2 });
  later.object = { ...schema.convert(written.object!, v2.apiVersion), apiVersion: v2.apiVersion };
  later.managed = written.managed;
  const error = await conflictOf(later.apply('two', { metadata, spec: { new: 'b' } }));
  assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "one": .spec.old');
  await later.apply('one', { metadata, spec: { new: 'b' } });
  assert.deepEqual(later.object!['spec'], { new: 'b' });
  assert.deepEqual(
    later.managed.entries.map(({ apiVersion }) => apiVersion),
    [v2.apiVersion],
  );
});
