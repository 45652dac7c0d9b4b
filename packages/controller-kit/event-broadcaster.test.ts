import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import { ApiInProcess } from '@keelson/testkit/api-in-process.ts';
import { EventBroadcaster } from './event-broadcaster.ts';

const { events } = kubernetesResources;

async function setUp(limit?: number) {
  const api = await ApiInProcess.start('events');
  const broadcaster = new EventBroadcaster({ client: api.client, world: api.world, host: 'n1', limit });
  const about = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u', resourceVersion: '7' },
  };
  const written = async () => (await api.client.resource(events).list()).items;
  return { api, broadcaster, about, written, recorder: broadcaster.recorder('kubelet') };
}

test('an Event has the form that core/v1 gives it, and saying it again counts', async () => {
  const { api, broadcaster, about, written, recorder } = await setUp();
  recorder.event(about, 'Normal', 'Pulled', 'Image is present');
  await api.world.clock.advance(60_000);
  recorder.event(about, 'Normal', 'Pulled', 'Image is present');
  await api.world.clock.advance(0);
  const [event, ...others] = await written();
  assert.equal(others.length, 0);
  assert.match(event!.metadata!.name!, /^web\.[0-9a-f]{16}$/);
  assert.deepEqual(event!.involvedObject, {
    apiVersion: 'v1',
    kind: 'Pod',
    namespace: 'default',
    name: 'web',
    uid: 'u',
    resourceVersion: '7',
  });
  assert.deepEqual(
    [event!.type, event!.reason, event!.message, event!.source, event!.count],
    ['Normal', 'Pulled', 'Image is present', { component: 'kubelet', host: 'n1' }, 2],
  );
  assert.deepEqual([event!.firstTimestamp, event!.lastTimestamp], ['2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z']);
  await broadcaster.stop();
  await api.down();
});

test('what happens while the server is away is written when it is back', async () => {
  const { api, broadcaster, about, written, recorder } = await setUp();
  await api.down();
  recorder.event(about, 'Warning', 'BackOff', 'restarting');
  await api.world.clock.advance(25_000);
  await api.up();
  await api.world.clock.advance(10_000);
  assert.deepEqual(
    (await written()).map(({ reason }) => reason),
    ['BackOff'],
  );
  await broadcaster.stop();
  await api.down();
});

test('more than the queue holds is dropped, and nobody waits', async () => {
  const { api, broadcaster, about, written, recorder } = await setUp(5);
  for (let index = 0; index < 20; index++)
    recorder.event({ ...about, metadata: { ...about.metadata, name: `p${index}` } }, 'Normal', 'R', 'm');
  await api.world.clock.advance(0);
  assert.equal((await written()).length, 5);
  await broadcaster.stop();
  await api.down();
});

test('an Event about something without a namespace is in default', async () => {
  const { api, broadcaster, written, recorder } = await setUp();
  recorder.event({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'n1' } }, 'Normal', 'R', 'm');
  await api.world.clock.advance(0);
  assert.deepEqual(
    (await written()).map(({ metadata }) => metadata!.namespace),
    ['default'],
  );
  await broadcaster.stop();
  await api.down();
});
