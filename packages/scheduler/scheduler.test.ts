import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { SharedCaches } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import { failure, MemoryApi } from '@keelson/testkit/memory-api.ts';
import { createScheduler } from './scheduler.ts';

type Told = { readonly type: string; readonly reason: string; readonly message: string };

async function region(work: (at: Awaited<ReturnType<typeof begin>>) => Promise<void>): Promise<void> {
  const at = await begin();
  try {
    await work(at);
  } finally {
    await at.scheduler.stop();
    at.caches.stop();
  }
}

async function begin() {
  const world = virtualWorld('scheduler');
  const api = new MemoryApi(world);
  const caches = new SharedCaches({ client: api, world, freeze: true });
  const events: Told[] = [];
  const scheduler = createScheduler({
    client: api,
    caches,
    world,
    recorder: { event: (_about, type, reason, message) => void events.push({ type, reason, message }) },
  });
  await scheduler.start();
  const nodeOf = (name: string) => api.object('pods', 'default', name)?.['spec'].nodeName;
  return { world, api, caches, events, scheduler, nodeOf };
}

function addNode(api: MemoryApi, name: string, cpu = '4'): void {
  const status = { allocatable: { cpu, memory: '8Gi', pods: '110' } };
  api.put('nodes', { metadata: { name, labels: { 'kubernetes.io/hostname': name } }, spec: {}, status });
}

function addPod(api: MemoryApi, name: string, cpu: string, more: object = {}): ApiObject {
  const containers = [{ name: 'c', image: 'nginx', resources: { requests: { cpu } } }];
  return api.put('pods', { metadata: { name, namespace: 'default' }, spec: { containers, ...more }, status: {} });
}

test('a pod is bound, and its Event says where', () =>
  region(async ({ world, api, events, nodeOf }) => {
    addNode(api, 'a');
    addPod(api, 'x', '1');
    assert.ok(await world.clock.until(() => nodeOf('x') === 'a' && events.length > 0, 1000));
    assert.deepEqual(events, [
      { type: 'Normal', reason: 'Scheduled', message: 'Successfully assigned default/x to a' },
    ]);
  }));

test('pods with gates or of another scheduler are left alone, until the gate is lifted', () =>
  region(async ({ world, api, nodeOf }) => {
    addNode(api, 'a');
    addPod(api, 'gated', '1', { schedulingGates: [{ name: 'g' }] });
    addPod(api, 'other', '1', { schedulerName: 'mine' });
    await world.clock.advance(1000);
    assert.deepEqual([nodeOf('gated'), nodeOf('other')], [undefined, undefined]);
    addPod(api, 'gated', '1');
    assert.ok(await world.clock.until(() => nodeOf('gated') === 'a', 1000));
  }));

test('a pod that fits nowhere gets its condition once and is placed when a node comes, after its back-off', () =>
  region(async ({ world, api, events, nodeOf }) => {
    addNode(api, 'small', '1');
    addPod(api, 'big', '2');
    await world.clock.advance(500);
    const message =
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: ' +
      '0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    assert.deepEqual(events, [{ type: 'Warning', reason: 'FailedScheduling', message }]);
    const [condition] = api.object('pods', 'default', 'big')!['status'].conditions;
    assert.deepEqual([condition.status, condition.reason, condition.message], ['False', 'Unschedulable', message]);
    addNode(api, 'large', '4');
    await world.clock.advance(400);
    assert.equal(nodeOf('big'), undefined, 'its back-off of a second is not over');
    await world.clock.advance(200);
    assert.equal(nodeOf('big'), 'large');
  }));

test('what is assumed counts at once: a burst never overfills a node', () =>
  region(async ({ world, api }) => {
    for (const name of ['a', 'b', 'c']) addNode(api, name, '10');
    for (let index = 0; index < 40; index++) addPod(api, `p${index}`, '1');
    await world.clock.advance(5000);
    const counts = new Map<string, number>();
    for (const pod of api.objectsOf('pods').values())
      counts.set(pod['spec'].nodeName ?? 'none', (counts.get(pod['spec'].nodeName ?? 'none') ?? 0) + 1);
    assert.deepEqual(Object.fromEntries([...counts].sort()), { a: 10, b: 10, c: 10, none: 10 });
  }));

test('a refused binding gives the room back and is tried again', () =>
  region(async ({ world, api, events, nodeOf }) => {
    addNode(api, 'a', '1');
    let refused = 0;
    api.refuse = ({ verb }) => {
      if (verb === 'create/binding' && refused++ < 2) throw failure(500, 'InternalError', 'etcd is away');
    };
    addPod(api, 'x', '1');
    await world.clock.advance(10_000);
    assert.equal(nodeOf('x'), 'a');
    assert.equal(events[0]!.message, 'binding rejected: running Bind plugin "DefaultBinder": etcd is away');
  }));

test('a pod that goes makes room for one that waits', () =>
  region(async ({ world, api, nodeOf }) => {
    addNode(api, 'a', '1');
    addPod(api, 'first', '1');
    await world.clock.until(() => nodeOf('first') === 'a', 1000);
    addPod(api, 'second', '1');
    await world.clock.advance(2000);
    assert.equal(nodeOf('second'), undefined);
    api.remove('pods', 'default', 'first');
    await world.clock.advance(100);
    assert.equal(nodeOf('second'), 'a');
  }));

test('a pod of higher priority has a lower one leave and takes its place', () =>
  region(async ({ world, api, events, nodeOf }) => {
    addNode(api, 'a', '1');
    addPod(api, 'low', '1', { priority: 0 });
    await world.clock.until(() => nodeOf('low') === 'a', 1000);
    const { metadata } = addPod(api, 'high', '1', { priority: 1000, schedulerName: 'default-scheduler' });
    await world.clock.advance(500);
    assert.equal(api.object('pods', 'default', 'high')!['status'].nominatedNodeName, 'a');
    const low = api.object('pods', 'default', 'low')!;
    assert.ok(low.metadata!.deletionTimestamp, 'the victim is asked to leave');
    assert.equal(low['status'].conditions.at(-1).reason, 'PreemptionByScheduler');
    const told = events.find(({ reason }) => reason === 'Preempted');
    assert.equal(told?.message, `Preempted by pod ${metadata!.uid} on node a`);
    addPod(api, 'thief', '1', { priority: 10 });
    api.remove('pods', 'default', 'low');
    await world.clock.advance(10_000);
    assert.equal(nodeOf('high'), 'a');
    assert.equal(nodeOf('thief'), undefined);
  }));

test('what nothing wakes is tried again after five minutes', () =>
  region(async ({ world, api, events }) => {
    addNode(api, 'a', '1');
    addPod(api, 'big', '2');
    await world.clock.advance(299_000);
    assert.equal(events.length, 1);
    await world.clock.advance(62_000);
    assert.equal(events.length, 2);
  }));
