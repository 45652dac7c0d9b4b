import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { KubeletInProcess } from '@keelson/testkit/kubelet-in-process.ts';

test('a container is added to a pod that runs, to look into it', async () => {
  const node = await KubeletInProcess.start();
  await node.run({ name: 'web', containers: [{ name: 'c', image: 'nginx:1.21' }] });
  const ephemeral = (name: string, targetContainerName?: string) => ({
    spec: {
      ephemeralContainers: [{ name, image: 'busybox:1.36', ...(targetContainerName ? { targetContainerName } : {}) }],
    },
  });
  const add = (patch: object) => node.pods.patch('web', 'default', patch, { subresource: 'ephemeralcontainers' });
  await add(ephemeral('debug', 'c'));
  await node.api.world.clock.advance(5_000);
  const pod: Pod = await node.pods.get('web', 'default');
  const [status] = pod.status?.ephemeralContainerStatuses ?? [];
  assert.ok(status?.state?.running, JSON.stringify(pod.status));
  assert.deepEqual([status.name, status.ready, status.started], ['debug', false, undefined]);
  assert.equal(pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  await assert.rejects(
    add({ spec: { ephemeralContainers: [{ name: 'debug', image: 'other' }] } }),
    /may not be changed/,
  );
  await add(ephemeral('lost', 'nobody')).then(
    () => assert.fail('the target has to be a container of the pod'),
    () => {},
  );
  await node.stop();
});
