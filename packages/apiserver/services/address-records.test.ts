import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';

const services = '/api/v1/namespaces/default/services';
const networking = '/apis/networking.k8s.io/v1';
const network = { block: '10.100.0.0/24' };
const service = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
});
const records = async (server: TestServer): Promise<string[]> =>
  (await server.ask('GET', `${networking}/ipaddresses`)).json.items.map(
    ({ metadata, spec }: any) => `${metadata.name}=${spec.parentRef.namespace}/${spec.parentRef.name}`,
  );

test('the address of a Service is an object, from its creation to its deletion', async () => {
  const server = await TestServer.start({ services: network });
  const made = await server.ask('POST', services, service('one', { clusterIP: '10.100.0.7' }));
  const record = (await server.ask('GET', `${networking}/ipaddresses/10.100.0.7`)).json;
  assert.equal(record.metadata.resourceVersion, made.json.metadata.resourceVersion);
  assert.deepEqual(record.metadata.labels, {
    'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
    'ipaddress.kubernetes.io/ip-family': 'IPv4',
  });
  assert.deepEqual(record.spec, { parentRef: { resource: 'services', namespace: 'default', name: 'one' } });
  await server.ask('POST', `${services}?dryRun=All`, service('dry', { clusterIP: '10.100.0.8' }));
  await server.ask('POST', services, service('headless', { clusterIP: 'None' }));
  assert.deepEqual(await records(server), ['10.100.0.7=default/one']);
  const external = service('one', { type: 'ExternalName', externalName: 'example.com', ports: [] });
  await server.ask('PUT', `${services}/one`, { ...external, metadata: made.json.metadata });
  assert.deepEqual(await records(server), []);
  await server.ask('POST', services, service('two', { clusterIP: '10.100.0.9' }));
  await server.ask('DELETE', `${services}/two`);
  assert.deepEqual(await records(server), []);
});

test('an address that somebody keeps is not given to a Service', async () => {
  const server = await TestServer.start({ services: network });
  const parentRef = { group: 'example.com', resource: 'gateways', name: 'g' };
  await server.ask('POST', `${networking}/ipaddresses`, { metadata: { name: '10.100.0.7' }, spec: { parentRef } });
  const refused = await server.ask('POST', services, service('one', { clusterIP: '10.100.0.7' }));
  assert.match(refused.json.message, /failed to allocate IP 10\.100\.0\.7: provided IP is already allocated$/);
  await server.ask('DELETE', `${networking}/ipaddresses/10.100.0.7`);
  assert.equal((await server.ask('POST', services, service('one', { clusterIP: '10.100.0.7' }))).status, 201);
});

test('the block of the server is a ServiceCIDR, and others that are ready give addresses too', async () => {
  const server = await TestServer.start({ services: { block: '10.100.0.0/30' } });
  const own = (await server.ask('GET', `${networking}/servicecidrs/kubernetes`)).json;
  assert.deepEqual(own.spec, { cidrs: ['10.100.0.0/30'] });
  assert.deepEqual(
    own.status.conditions.map(({ type, status }: any) => [type, status]),
    [['Ready', 'True']],
  );
  assert.equal((await server.ask('POST', services, service('one'))).status, 201);
  assert.equal((await server.ask('POST', services, service('two'))).status, 500);
  const more = { metadata: { name: 'more' }, spec: { cidrs: ['10.200.0.0/30', 'fd00::/108'] } };
  const { json } = await server.ask('POST', `${networking}/servicecidrs`, more);
  assert.equal((await server.ask('POST', services, service('two'))).status, 500, 'not ready yet');
  const conditions = [
    { type: 'Ready', status: 'True', reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ];
  await server.ask('PUT', `${networking}/servicecidrs/more/status`, { ...json, status: { conditions } });
  const two = await server.ask('POST', services, service('two'));
  assert.match(two.json.spec.clusterIP, /^10\.200\.0\.[12]$/);
});
