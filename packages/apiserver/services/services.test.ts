import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';

const services = '/api/v1/namespaces/default/services';
const network = { block: '10.100.0.0/24', nodePorts: { first: 30000, last: 30003 } };
const service = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
});

test('a Service gets an address of the block, and gives it back', async () => {
  const server = await TestServer.start({ services: network });
  const { json } = await server.ask('POST', services, service('one'));
  assert.match(json.spec.clusterIP, /^10\.100\.0\.\d+$/);
  assert.deepEqual(json.spec.clusterIPs, [json.spec.clusterIP]);
  const same = await server.ask('POST', services, service('two', { clusterIP: json.spec.clusterIP }));
  assert.equal(same.status, 422);
  assert.match(
    same.json.message,
    /spec\.clusterIPs: Invalid value: .*failed to allocate IP 10\.100\.0\.\d+: provided IP is already allocated$/,
  );
  await server.ask('DELETE', `${services}/one`);
  const taken = await server.ask('POST', services, service('two', { clusterIP: json.spec.clusterIP }));
  assert.equal(taken.json.spec.clusterIP, json.spec.clusterIP);
});

test('an address outside the block and a port outside the range are refused', async () => {
  const server = await TestServer.start({ services: network });
  const address = await server.ask('POST', services, service('x', { clusterIP: '10.1.0.1' }));
  assert.match(
    address.json.message,
    /failed to allocate IP 10\.1\.0\.1: the provided IP \(10\.1\.0\.1\) is not in the valid range\. The range of valid IPs is 10\.100\.0\.0\/24$/,
  );
  const port = await server.ask(
    'POST',
    services,
    service('x', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }),
  );
  assert.equal(
    port.json.message,
    'Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-30003',
  );
});

test('node ports run out, and a write that fails leaves none behind', async () => {
  const server = await TestServer.start({ services: network });
  const ports = [80, 81, 82].map((port) => ({ port, name: `p${port}` }));
  await server.ask('POST', services, service('three', { type: 'NodePort', ports }));
  const tooMany = await server.ask('POST', services, service('two', { type: 'NodePort', ports: ports.slice(0, 2) }));
  assert.equal(tooMany.status, 500);
  assert.match(tooMany.json.message, /failed to allocate a nodePort: range is full/);
  const one = await server.ask('POST', services, service('one', { type: 'NodePort' }));
  assert.equal(one.status, 201, one.text);
  await server.ask('DELETE', `${services}/three`);
  const dry = await server.ask('POST', `${services}?dryRun=All`, service('dry', { type: 'NodePort', ports }));
  assert.equal(dry.status, 201);
  assert.equal((await server.ask('POST', services, service('wet', { type: 'NodePort', ports }))).status, 201);
});

test('a Service that says nothing of its address keeps it', async () => {
  const server = await TestServer.start({ services: network });
  const { json } = await server.ask('POST', services, service('one', { type: 'NodePort' }));
  const put = await server.ask(
    'PUT',
    `${services}/one`,
    service('one', {
      type: 'NodePort',
      ports: [{ port: 80 }, { port: 81, name: 'b' }].map((port, at) => ({ name: `p${at}`, ...port })),
    }),
  );
  assert.equal(put.status, 200, put.text);
  assert.equal(put.json.spec.clusterIP, json.spec.clusterIP);
  const again = await server.ask('PUT', `${services}/one`, put.json);
  assert.equal(again.json.metadata.resourceVersion, put.json.metadata.resourceVersion);
});

test('no two Services have an address or a port in common, also after a restart', async () => {
  const server = await TestServer.start({ services: { block: '10.100.0.0/24' } });
  const create = (at: TestServer, from: number) =>
    Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        at.ask('POST', services, service(`s-${from + index}`, { type: 'NodePort' })),
      ),
    );
  await create(server, 0);
  await server.server.stop();
  const again = await TestServer.start({
    world: server.world,
    store: server.store,
    services: { block: '10.100.0.0/24' },
  });
  await create(again, 100);
  const { items } = (await again.ask('GET', services)).json;
  assert.equal(items.length, 120);
  assert.equal(new Set(items.map((item: any) => item.spec.clusterIP)).size, 120);
  assert.equal(new Set(items.map((item: any) => item.spec.ports[0].nodePort)).size, 120);
});

test('default/kubernetes leads to where the server says it is', async () => {
  const advertise = { address: '192.168.7.1', port: 6443 };
  const server = await TestServer.start({ services: { ...network, advertise } });
  const { json } = await server.ask('GET', `${services}/kubernetes`);
  assert.equal(json.spec.clusterIP, '10.100.0.1');
  await server.server.stop();
  const moved = { ...advertise, address: '192.168.7.2' };
  const again = await TestServer.start({
    world: server.world,
    store: server.store,
    services: { ...network, advertise: moved },
  });
  const endpoints = await again.ask('GET', '/api/v1/namespaces/default/endpoints/kubernetes');
  assert.equal(endpoints.json.subsets[0].addresses[0].ip, '192.168.7.2');
  const slice = await again.ask('GET', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes');
  assert.deepEqual(slice.json.endpoints[0].addresses, ['192.168.7.2']);
});
