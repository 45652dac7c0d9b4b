import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { pick, type Random, randomInteger } from '@keelson/base';
import { controlProcesses, machines, processesOf, runtimePods } from './machine-state.ts';
import { eventually, type RegionUnderTest } from './region-under-test.ts';
import { Witnesses } from './witnesses.ts';

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Kills a pod's only container by its pid on this machine, again and again: it comes back later and later. */
export async function killContainer(region: RegionUnderTest, pod: string): Promise<void> {
  const status = async () =>
    JSON.parse(await region.kubectl('get', 'pod', pod, '-o', 'json')).status.containerStatuses[0];
  const killed = async () => {
    const running = await eventually('the container runs', async () => {
      const now = await status();
      return now.state.running !== undefined && now;
    });
    const [first] = processesOf(running.containerID.replace('containerd://', ''));
    assert.ok(first, `no process of ${running.containerID} was found`);
    kill(first);
    return running.restartCount as number;
  };
  const before = await killed();
  await eventually('the first restart', async () => (await status()).restartCount === before + 1);
  for (const seconds of [10, 20]) {
    const count = await killed();
    const waiting = await eventually('a container that waits', async () => (await status()).state.waiting);
    assert.equal(waiting.reason, 'CrashLoopBackOff');
    assert.match(waiting.message, new RegExp(`^back-off ${seconds}s restarting failed container=`));
    assert.equal((await status()).restartCount, count);
  }
}

/** What can be killed with containers around: each with the processes that it means now. */
const victims: Readonly<Record<string, (region: RegionUnderTest, cluster: string) => (number | undefined)[]>> = {
  region: (region) => [region.regionProcess()],
  'control plane': (region, cluster) => [region.clusterProcess(cluster)],
  'node agents': (region) => controlProcesses(region.data, /main\.mjs agent/),
  containerds: (region) => controlProcesses(region.data, /^\S*containerd --config/),
  'an instance': (region) => machines(region.data).slice(0, 1),
  everything: (region) => [
    ...controlProcesses(region.data),
    ...controlProcesses(region.data, /^\S*containerd --config/),
  ],
};

/**
 * Kills what runs a cluster with containers, `kills` times at random moments, and brings it back each time, while others
 * write and watch. Resolves to a summary. @throws AssertionError when anything acknowledged is lost, or runs twice
 */
export async function survivesKills(
  region: RegionUnderTest,
  cluster: string,
  random: Random,
  seed: string,
  kills: number,
): Promise<string> {
  const witnesses = await Witnesses.begin(region, cluster, seed);
  try {
    for (let round = 0; round < kills; round++) {
      await delay(randomInteger(random, 1000));
      for (const pid of victims[pick(random, Object.keys(victims))]!(region, cluster)) kill(pid);
      await region.up('linux');
    }
    const summary = await witnesses.verify();
    await eventually(
      'every pod is ready, with one sandbox and each container once',
      () => everyPodOnce(region),
      90_000,
    );
    return summary;
  } finally {
    witnesses.close();
  }
}

/** @throws AssertionError where a pod of the API has no running sandbox or a second one, or a sandbox has no pod */
async function everyPodOnce(region: RegionUnderTest): Promise<true> {
  const { items } = JSON.parse(await region.kubectl('get', 'pods', '-A', '-o', 'json'));
  const found = await runtimePods(region.data);
  for (const { metadata, spec, status } of items) {
    const { sandboxes, running } = found.get(metadata.uid) ?? { sandboxes: 0, running: {} };
    found.delete(metadata.uid);
    // One that is never started again ended with its machine.
    const over = spec.restartPolicy === 'Never' && status.phase === 'Failed';
    const ready = status.containerStatuses?.every((one: any) => one.ready);
    assert.ok(ready || over, `${metadata.name} is not ready`);
    const expected = over ? [] : spec.containers.map(({ name }: any) => [name, 1]);
    assert.deepEqual(running, Object.fromEntries(expected), `what runs of ${metadata.name}`);
    assert.equal(sandboxes, over ? 0 : 1, `sandboxes of ${metadata.name}`);
  }
  assert.deepEqual([...found.keys()], [], 'sandboxes of no pod');
  return true;
}
