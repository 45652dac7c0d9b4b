import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNotFound, kubernetesResources } from '@keelson/client';
import { controlPlaneInProcess } from '@keelson/testkit/control-plane-in-process.ts';
import { isInBlock } from './address-in-block.ts';

const { ipAddresses, serviceCidrs, services } = kubernetesResources;

test('a block can be used soon, and stays while a Service has an address of it', async () => {
  const { plane, clock, log } = await controlPlaneInProcess('blocks');
  const client = plane.clientAs('admin', ['system:masters']);
  const blocks = client.resource(serviceCidrs);
  await blocks.create({ metadata: { name: 'more' }, spec: { cidrs: ['10.200.0.0/24'] } });
  await clock.advance(2000);
  const ready = await blocks.get('more');
  assert.deepEqual(
    ready.status?.conditions?.map(({ status, message }) => [status, message]),
    [['True', 'Kubernetes Service CIDR is ready']],
  );
  assert.deepEqual(ready.metadata?.finalizers, ['networking.k8s.io/service-cidr-finalizer']);
  await client.resource(services).create({
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.200.0.9', ports: [{ port: 80 }] },
  });
  await blocks.delete('more');
  await clock.advance(30_000);
  const kept = await blocks.get('more');
  assert.equal(kept.status?.conditions?.[0]?.reason, 'Terminating');
  await client.resource(ipAddresses).delete('10.200.0.9');
  await clock.advance(3000);
  assert.equal((await client.resource(ipAddresses).get('10.200.0.9')).spec?.parentRef?.name, 'web', 'it came back');
  await client.resource(services).delete('web', 'default');
  await clock.advance(30_000);
  await assert.rejects(blocks.get('more'), isNotFound);
  assert.deepEqual(
    log.filter(({ fields }) => /forbidden/.test(String(fields['error']))),
    [],
  );
  await plane.stop();
});

test('addresses and blocks of both families', () => {
  assert.equal(isInBlock('10.0.0.1', '10.0.0.0/24'), true);
  assert.equal(isInBlock('10.0.1.1', '10.0.0.0/24'), false);
  assert.equal(isInBlock('fd00::1', 'fd00::/108'), true);
  assert.equal(isInBlock('fd00::1', '10.0.0.0/24'), false);
  assert.equal(isInBlock('x', 'y'), false);
});
