import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemWorld } from '@keelson/base';
import { type Store, StoreError } from '../../store.ts';
import { eventually, put, Recorder, rejects, remove, text, write } from '../../suite/store-under-test.ts';
import { EtcdProcess, etcdMissing, freePort } from './etcd-process.ts';
import { type EtcdStoreOptions, openEtcdStore } from './index.ts';

const skip = etcdMissing();
const world = systemWorld();

async function temporary(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-etcd-'));
  context.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function startEtcd(context: TestContext, extra: string[] = [], scheme = 'http'): Promise<EtcdProcess> {
  const directory = await temporary(context);
  const ports = { client: await freePort(), peer: await freePort() };
  const etcd = new EtcdProcess(join(directory, 'data'), ports, scheme, extra);
  context.after(() => etcd.stop('SIGKILL'));
  await etcd.start();
  return etcd;
}

async function open(context: TestContext, options: Omit<EtcdStoreOptions, 'world'>): Promise<Store> {
  const store = await openEtcdStore({ ...options, world });
  context.after(() => store.close());
  return store;
}

/** Writes, again and again, until etcd takes it. */
async function writeWhenBack(store: Store, key: string, value: string): Promise<number> {
  let revision = 0;
  await eventually(async () => {
    const outcome = await write(store, put(key, value)).catch((error: StoreError) => error);
    if (outcome instanceof StoreError) assert.equal(outcome.code, 'unavailable', outcome.message);
    else revision = outcome;
    return revision > 0;
  }, 'etcd takes writes again');
  return revision;
}

test('a watch goes on without gap or double when etcd is killed and comes back', { skip }, async (context) => {
  const etcd = await startEtcd(context);
  const store = await open(context, { endpoints: [etcd.endpoint], timeout: 2000 });
  const live = new Recorder(store, 0);
  const first = await write(store, put('a', '1'));
  await live.reaches(first);
  await etcd.stop('SIGKILL');
  await rejects(write(store, put('a', 'lost')), 'unavailable');
  await rejects(store.get('a'), 'unavailable');
  const history = new Recorder(store, first);
  await etcd.start();
  const last = await writeWhenBack(store, 'a', '2');
  for (const seen of [live, history]) {
    await seen.reaches(last);
    assert.deepEqual(seen.lines, ['put a=1', 'put a=2 (was 1)']);
  }
});

test('what another process writes is seen, and progress speaks of it', { skip }, async (context) => {
  const etcd = await startEtcd(context);
  const store = await open(context, { endpoints: [etcd.endpoint] });
  const other = await open(context, { endpoints: [etcd.endpoint] });
  const seen = new Recorder(store, 0);
  const narrow = new Recorder(store, 0, 'x', 'y');
  const last = await write(other, put('a', 'theirs'));
  for (const watch of [seen, narrow]) await watch.reaches(last);
  assert.deepEqual(seen.lines, ['put a=theirs']);
  assert.deepEqual(narrow.lines, []);
  assert.equal(store.revision(), last);
});

test('stores with prefixes share an etcd and do not see each other', { skip }, async (context) => {
  const etcd = await startEtcd(context);
  const one = await open(context, { endpoints: [etcd.endpoint], keyPrefix: '/one/' });
  const other = await open(context, { endpoints: [etcd.endpoint], keyPrefix: '/other/' });
  const seen = new Recorder(one, 0);
  const mine = await write(one, put('a', 'mine'));
  const theirs = await write(other, put('a', 'theirs'));
  assert.equal(theirs, mine + 1);
  assert.equal(text((await one.get('a'))!.value), 'mine');
  assert.equal((await one.range({ start: '', end: '\u{10ffff}' })).count, 1);
  // Nothing of this store will ever have that revision: progress needs the fence.
  const asked = performance.now();
  await seen.reaches(theirs);
  assert.ok(performance.now() - asked < 10_000);
  assert.deepEqual(seen.lines, ['put a=mine']);
  assert.equal((await one.range({ start: '', end: '\u{10ffff}' })).count, 1, 'the fence is no key of the store');
});

test('watches that compaction overtook while etcd was away end with compacted', { skip }, async (context) => {
  const etcd = await startEtcd(context);
  const unreachable = `http://127.0.0.1:${await freePort()}`;
  const store = await open(context, { endpoints: [etcd.endpoint], timeout: 2000 });
  const seen = new Recorder(store, 0);
  await seen.reaches(await write(store, put('a', '1')));
  await etcd.stop('SIGKILL');
  await rejects(store.get('a'), 'unavailable');
  await etcd.start();
  const other = await open(context, { endpoints: [unreachable, etcd.endpoint] });
  // Whether the compaction comes before the watch is resumed is chance; both ends are right.
  await write(other, put('a', '2'));
  const last = await write(other, remove('a'));
  await other.compact(last);
  await eventually(async () => (await store.get('a').catch(() => 1)) === undefined, 'the store is back');
  await eventually(() => seen.errors.length > 0 || seen.reached >= last, 'the watch resumes or ends');
  if (seen.errors.length > 0) assert.equal(seen.errors[0]!.code, 'compacted');
  else assert.deepEqual(seen.lines, ['put a=1', 'put a=2 (was 1)', 'delete a (was 2)']);
  const anew = new Recorder(store, 0);
  const next = await write(store, put('a', '3'));
  await anew.reaches(next);
  assert.deepEqual(anew.lines, ['put a=3']);
});

test('a store that is opened later learns what was compacted', { skip }, async (context) => {
  const etcd = await startEtcd(context);
  const store = await open(context, { endpoints: [etcd.endpoint] });
  await write(store, put('a', '1'));
  const last = await write(store, put('a', '2'));
  await store.compact(last);
  const later = await open(context, { endpoints: [etcd.endpoint] });
  assert.equal(later.compactedRevision(), last);
  const further = await write(store, put('a', '3'));
  await store.compact(further);
  await rejects(later.get('a', { revision: last }), 'compacted');
  assert.equal(later.compactedRevision(), further);
});

test('an etcd that was replaced by another ends every watch', { skip }, async (context) => {
  const directory = await temporary(context);
  const ports = { client: await freePort(), peer: await freePort() };
  const before = new EtcdProcess(join(directory, 'before'), ports);
  context.after(() => before.stop('SIGKILL'));
  await before.start();
  const store = await open(context, { endpoints: [before.endpoint], timeout: 2000 });
  const seen = new Recorder(store, 0);
  await seen.reaches(await write(store, put('a', '1')));
  await before.stop('SIGKILL');
  const after = new EtcdProcess(join(directory, 'after'), ports);
  context.after(() => after.stop('SIGKILL'));
  await after.start();
  await eventually(() => seen.errors.length > 0, 'the watch ends');
  assert.equal(seen.errors[0]!.code, 'unavailable');
  assert.match(seen.errors[0]!.message, /restored or replaced/);
  await rejects(store.get('a'), 'unavailable');
  await rejects(write(store, put('a', '2')), 'unavailable');
});

test('etcd without room says noSpace and still serves reads', { skip }, async (context) => {
  const etcd = await startEtcd(context, ['--quota-backend-bytes=2000000']);
  const store = await open(context, { endpoints: [etcd.endpoint] });
  let error: unknown;
  for (let index = 0; index < 50 && error === undefined; index++)
    await write(store, put(`fill/${index}`, 'x'.repeat(200_000))).catch((thrown) => {
      error = thrown;
    });
  assert.ok(error instanceof StoreError, 'the store never filled up');
  assert.equal(error.code, 'noSpace', error.message);
  assert.notEqual(await store.get('fill/0'), undefined);
});

test('TLS: both sides show certificates, and a client without one is refused', { skip }, async (context) => {
  const directory = await temporary(context);
  const pem = (name: string) => join(directory, `${name}.pem`);
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=keelson', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ...['-addext', 'extendedKeyUsage=serverAuth,clientAuth', '-keyout', pem('key'), '-out', pem('certificate')],
  ]);
  if (made.status !== 0) return context.skip('openssl is not installed');
  const extra = [`--cert-file=${pem('certificate')}`, `--key-file=${pem('key')}`];
  extra.push(`--trusted-ca-file=${pem('certificate')}`, '--client-cert-auth');
  const etcd = await startEtcd(context, extra, 'https');
  const [certificate, key] = await Promise.all([readFile(pem('certificate')), readFile(pem('key'))]);
  const tls = { authority: certificate, certificate, key };
  const store = await open(context, { endpoints: [etcd.endpoint], tls });
  const seen = new Recorder(store, 0);
  await seen.reaches(await write(store, put('a', '1')));
  const stranger = openEtcdStore({ endpoints: [etcd.endpoint], world, tls: { authority: certificate }, timeout: 3000 });
  await rejects(stranger, 'unavailable');
});

test('no endpoint answers: opening fails as unavailable', { skip }, async () => {
  const endpoints = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  await rejects(openEtcdStore({ endpoints, world, timeout: 2000 }), 'unavailable');
  await rejects(openEtcdStore({ endpoints: [], world }), 'unavailable');
});
