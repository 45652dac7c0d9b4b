import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Http2Server } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemWorld, virtualWorld } from '@keelson/base';
import type { Store } from '@keelson/store';
import { MemoryStore } from '@keelson/store/drivers/memory/index.ts';
import { configuredEncryption } from '../configuration/configured-encryption.ts';
import { TestServer } from '../testing/test-server.ts';
import { aesCbcCipher, aesGcmCipher } from './aes-ciphers.ts';
import { EncryptedStore } from './encrypted-store.ts';
import { readEncryption, ruleFor } from './encryption-configuration.ts';
import { encodeFields, Fields } from './kms-messages.ts';
import { openBox, sealBox, secretboxCipher } from './secretbox.ts';
import { identityCipher } from './value-cipher.ts';

const directory = mkdtempSync(join(tmpdir(), 'keelson-encryption-'));
after(() => rmSync(directory, { recursive: true }));
const key = Buffer.alloc(32, 7);
const at = '/registry/secrets/default/a';
const hex = (text: string) => Buffer.from(text, 'hex');

test('secretbox is that of NaCl', () => {
  const message = hex(
    'be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705',
  );
  const nonce = hex('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37');
  const boxKey = hex('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389');
  const sealed = sealBox(message, nonce, boxKey);
  assert.equal(
    sealed.toString('hex'),
    'f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5',
  );
  assert.deepEqual(openBox(sealed, nonce, boxKey), message);
  sealed[20]! ^= 1;
  assert.equal(openBox(sealed, nonce, boxKey), undefined);
});

test('every cipher opens what it sealed, and nothing else', async () => {
  for (const cipher of [aesCbcCipher('a', key), aesGcmCipher('a', key.subarray(0, 16)), secretboxCipher('a', key)]) {
    for (const length of [0, 1, 15, 16, 63, 64, 65, 1000]) {
      const plain = Buffer.alloc(length, 'x');
      const sealed = Buffer.from(await cipher.seal(plain, at));
      assert.deepEqual(Buffer.from(await cipher.open(sealed, at)), plain, `${cipher.prefix} ${length}`);
      if (length > 0) assert.ok(!sealed.includes(plain.subarray(0, 15)) || length < 15);
      assert.throws(() => cipher.open(sealed.subarray(0, 10), at), /DecryptionError/);
    }
  }
  const gcm = aesGcmCipher('a', key);
  const sealed = await gcm.seal(Buffer.from('x'), at);
  assert.throws(() => gcm.open(sealed, '/registry/secrets/default/b'), /message authentication failed/);
});

async function put(store: Store, storedAt: string, value: string): Promise<void> {
  const operation = { type: 'put' as const, key: storedAt, value: Buffer.from(value) };
  await store.transact({ compare: [], success: [operation] });
}

async function text(store: Store, storedAt = at): Promise<string> {
  return Buffer.from((await store.get(storedAt))!.value).toString('latin1');
}

test('values are sealed by the first cipher and opened by any; keys can be changed while old values stay', async () => {
  const inner = new MemoryStore(virtualWorld('encrypted'));
  await put(inner, at, '{"old":1}');
  const first = aesGcmCipher('one', key);
  const store = new EncryptedStore(inner, [{ resources: ['secrets'], ciphers: [first, identityCipher] }]);
  assert.equal(await text(store), '{"old":1}');
  await put(store, at, '{"new":1}');
  await put(store, '/registry/configmaps/default/a', '{"map":1}');
  assert.match(await text(inner), /^k8s:enc:aesgcm:v1:one:/);
  assert.equal(await text(inner, '/registry/configmaps/default/a'), '{"map":1}');
  store.use([{ resources: ['secrets'], ciphers: [secretboxCipher('two', key), first] }]);
  assert.equal(await text(store), '{"new":1}');
  await put(store, at, '{"newer":1}');
  assert.match(await text(inner), /^k8s:enc:secretbox:v1:two:/);
  const { entries } = await store.range({ start: '/registry/', end: '/registry0' });
  assert.deepEqual(
    entries.map(({ value }) => Buffer.from(value).toString()),
    ['{"map":1}', '{"newer":1}'],
  );
  store.use([{ resources: ['secrets'], ciphers: [first] }]);
  await assert.rejects(store.get(at), /no matching prefix found/);
  store.use([]);
  await assert.rejects(store.get(at), /identity transformer tried to read encrypted data/);
});

test('a watch tells of plain values', async () => {
  const inner = new MemoryStore(virtualWorld('watched'));
  const store = new EncryptedStore(inner, [{ resources: ['*.*'], ciphers: [aesCbcCipher('one', key)] }]);
  const seen: string[] = [];
  store.watch({
    start: '/registry/',
    end: '/registry0',
    fromRevision: 0,
    deliver: (changes) => {
      for (const { entry, previous } of changes)
        seen.push(`${Buffer.from(previous?.value ?? '')} > ${Buffer.from(entry.value)}`);
    },
    ended: () => seen.push('ended'),
  });
  await put(store, at, '{"a":1}');
  await put(store, at, '{"a":2}');
  await store.transact({ compare: [], success: [{ type: 'delete', key: at }] });
  assert.deepEqual(seen, [' > {"a":1}', '{"a":1} > {"a":2}', '{"a":2} > ']);
});

test('a server does not see that its store is encrypted', async () => {
  const world = virtualWorld('server');
  const inner = new MemoryStore(world);
  const { store } = configuredEncryption({}, inner, world, key);
  const server = await TestServer.start({ world, store });
  const secrets = '/api/v1/namespaces/default/secrets';
  await server.ask('POST', secrets, { metadata: { name: 'a' }, stringData: { password: 'hunter2' } });
  assert.match(await text(inner), /^k8s:enc:aesgcm:v1:cluster:/);
  const watch = await server.watch(`${secrets}?watch=1`);
  assert.equal((await watch.next()).object.metadata.name, 'a');
  assert.equal((await server.ask('GET', `${secrets}/a`)).json.data.password, 'aHVudGVyMg==');
  assert.equal((await server.ask('GET', `${secrets}?limit=1`)).json.items.length, 1);
  watch.close();
});

test('configurations', () => {
  const world = virtualWorld('configuration');
  const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n';
  const secret = key.toString('base64');
  const rules = readEncryption(
    `${head}resources:
- {resources: [events], providers: [{identity: {}}]}
- {resources: [secrets, '*.example.com'], providers: [{aescbc: {keys: [{name: a, secret: ${secret}}]}}, {identity: {}}]}
- {resources: ['*.'], providers: [{secretbox: {keys: [{name: b, secret: ${secret}}]}}]}
`,
    world,
  );
  const prefix = (resource: string) => ruleFor(rules, resource)?.ciphers[0]?.prefix;
  assert.equal(prefix('events'), '');
  assert.equal(prefix('secrets'), 'k8s:enc:aescbc:v1:a:');
  assert.equal(prefix('pandas.example.com'), 'k8s:enc:aescbc:v1:a:');
  assert.equal(prefix('configmaps'), 'k8s:enc:secretbox:v1:b:');
  assert.equal(prefix('deployments.apps'), undefined);
  const bad = `${head}resources:
- resources: [Secrets, '*', secrets, '*.', 'a.*']
  providers:
  - {}
  - {aescbc: {keys: [{name: '', secret: x}, {name: a, secret: eHh4eA==}]}}
  - {kms: {apiVersion: v1, name: 'a:b', endpoint: 'tcp://x', timeout: 0s}}
`;
  assert.throws(
    () => readEncryption(bad, world),
    (error: Error) => {
      for (const expected of [
        'resources[0].resources[0]: Invalid value: "Secrets": resource name should not contain capital letters',
        `resources[0].resources[1]: Invalid value: "*": use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources`,
        'resources[0].resources[4]: Invalid value: "a.*": encrypting the same resource across groups is not supported',
        'resources[0].providers[0]: Invalid value: {}: provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity',
        'resources[0].providers[1].aescbc.keys[0].name: Required value: name is a mandatory field for a key',
        'resources[0].providers[1].aescbc.keys[0].secret: Invalid value: "REDACTED": secrets must be base64 encoded',
        'resources[0].providers[1].aescbc.keys[1].secret: Invalid value: "REDACTED": secret is not of the expected length, got 4, expected one of [16 24 32]',
        `resources[0].providers[2].kms.name: Invalid value: "a:b": invalid KMS provider name a:b, must not contain ':'`,
        'resources[0].providers[2].kms.endpoint: Invalid value: "tcp://x": unsupported scheme "tcp" for KMS provider, only unix is supported',
        'resources[0].providers[2].kms.timeout: Invalid value: "0s": timeout should be a positive value',
      ])
        assert.ok(error.message.includes(expected), `${expected}\nis not in\n${error.message}`);
      return true;
    },
  );
});

/** A key management plug-in that seals by turning bytes over. */
async function plugin(path: string) {
  const state = { keyId: 'one', calls: [] as string[], broken: false };
  const turned = (bytes: Uint8Array) => Buffer.from(bytes.map((byte) => byte ^ 0xff));
  const server: Http2Server = createServer();
  server.on('stream', (stream, headers) => {
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('end', () => {
      const method = String(headers[':path']).split('/').at(-1)!;
      state.calls.push(method);
      const fields = new Fields(Buffer.concat(pieces).subarray(5));
      const answer =
        method === 'Status'
          ? encodeFields({ 1: 'v2', 2: 'ok', 3: state.keyId })
          : method === 'Encrypt'
            ? encodeFields({ 1: turned(fields.bytes(1)), 2: state.keyId, 3: { 'note.example.com': Buffer.from('x') } })
            : encodeFields({ 1: turned(fields.bytes(1)) });
      const frame = Buffer.alloc(5);
      frame.writeUInt32BE(answer.length, 1);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () =>
        stream.sendTrailers(
          state.broken ? { 'grpc-status': '13', 'grpc-message': 'no%20key' } : { 'grpc-status': '0' },
        ),
      );
      stream.end(state.broken ? Buffer.alloc(0) : Buffer.concat([frame, answer]));
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { state, close: () => new Promise((resolve) => server.close(resolve)) };
}

test('a key management plug-in seals the seeds that values are sealed with', async () => {
  const socket = join(directory, 'kms.sock');
  const { state, close } = await plugin(socket);
  const path = join(directory, 'encryption.yaml');
  writeFileSync(
    path,
    `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- {resources: [secrets], providers: [{kms: {apiVersion: v2, name: mine, endpoint: 'unix://${socket}'}}]}
`,
  );
  const world = systemWorld();
  const inner = new MemoryStore(world);
  const first = configuredEncryption({ encryptionProviderConfig: path }, inner, world, undefined);
  await put(first.store, at, '{"a":1}');
  await put(first.store, `${at}b`, '{"b":1}');
  assert.deepEqual(state.calls, ['Status', 'Encrypt'], 'one seed for all');
  assert.match(await text(inner), /^k8s:enc:kms:v2:mine:/);
  assert.equal(await first.healthChecks[0]!.check(), undefined);
  // Another process has to ask for the seed, once.
  state.calls = [];
  const second = configuredEncryption({ encryptionProviderConfig: path }, inner, world, undefined);
  assert.deepEqual([await text(second.store), await text(second.store, `${at}b`)], ['{"a":1}', '{"b":1}']);
  assert.deepEqual(state.calls, ['Decrypt']);
  state.broken = true;
  assert.equal(await first.healthChecks[0]!.check(), 'rpc error: code = 13 desc = no key');
  await assert.rejects(put(second.store, at, '{}'), /the value cannot be encrypted: rpc error/);
  first.stop();
  second.stop();
  await close();
});
