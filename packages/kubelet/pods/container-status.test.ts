import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import type { RuntimeContainer } from '../runtime.ts';
import { containerStatus } from './container-status.ts';

const container = { name: 'main', image: 'busybox' };

function statusWith(told: object | undefined, containers: readonly Partial<RuntimeContainer>[]) {
  const pod = {
    spec: { containers: [container] },
    status: { containerStatuses: told ? [told] : [] },
  } as unknown as Pod;
  const runtimePod = {
    uid: 'u',
    name: 'p',
    namespace: 'default',
    sandboxes: [],
    containers: containers as RuntimeContainer[],
  };
  const findings = { started: () => true, ready: () => true, unhealthy: () => false };
  const facts = {
    pod,
    runtimePod,
    runtimeScheme: 'containerd',
    waiting: new Map(),
    findings,
    terminationMessages: new Map(),
  };
  return containerStatus(container, facts as unknown as Parameters<typeof containerStatus>[1], false);
}

const running = {
  name: 'main',
  restartCount: 2,
  containerID: 'containerd://old',
  state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
  lastState: {},
};

test('a container that the runtime has forgotten was lost, and its restarts go on being counted', () => {
  const { state, lastState, restartCount, containerID } = statusWith(running, []);
  assert.deepEqual(state, { waiting: { reason: 'ContainerCreating' } });
  assert.equal(lastState?.terminated?.reason, 'ContainerStatusUnknown');
  assert.equal(lastState?.terminated?.exitCode, 137);
  assert.deepEqual([restartCount, containerID], [2, 'containerd://old']);
});

test('the one that takes its place still tells how that one ended', () => {
  const told = {
    ...running,
    state: { waiting: { reason: 'ContainerCreating' } },
    lastState: statusWith(running, []).lastState,
  };
  const started = { id: 'new', name: 'main', attempt: 3, state: 'running' as const, startedAt: 0 };
  const { restartCount, lastState } = statusWith(told, [started]);
  assert.equal(restartCount, 3);
  assert.equal(lastState?.terminated?.reason, 'ContainerStatusUnknown');
});

test('a pod that never had a container has nothing behind it', () => {
  const { restartCount, lastState, containerID } = statusWith(undefined, []);
  assert.deepEqual([restartCount, lastState, containerID], [0, {}, undefined]);
});
