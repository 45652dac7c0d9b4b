import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rfc3339 } from '@keelson/base';
import { kubernetesResources } from '@keelson/client';
import type { Job, JobSpec } from '@keelson/model/generated/types/batch-v1.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { GarbageCollector } from '../garbage-collector/index.ts';
import { JobController } from './index.ts';

const { jobs, pods } = kubernetesResources;
const controllers = [() => new JobController()];
const index = (pod: Pod) => Number(pod.metadata!.annotations!['batch.kubernetes.io/job-completion-index']);

function jobOf(spec: Partial<JobSpec> = {}, podSpec: object = {}): Job {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'one' }], ...podSpec } };
  return { metadata: { name: 'work', namespace: 'default' }, spec: { template, ...spec } };
}

const read = (cluster: WorkloadCluster) => cluster.client.resource(jobs).get('work', 'default');
const change = (cluster: WorkloadCluster, spec: object) =>
  cluster.client.resource(jobs).patch('work', 'default', { spec });
const running = async (cluster: WorkloadCluster) =>
  (await cluster.readyPods()).filter(({ status }) => status!.phase === 'Running');

/** Has the containers of a pod end with a code. */
async function end(cluster: WorkloadCluster, pod: Pod, exitCode: number, conditions: object[] = []): Promise<void> {
  const finishedAt = rfc3339(cluster.clock.now());
  const phase = exitCode === 0 ? 'Succeeded' : 'Failed';
  const containerStatuses = [{ name: 'main', state: { terminated: { exitCode, finishedAt } } }];
  const status = { phase, containerStatuses, conditions: [{ type: 'Ready', status: 'False' }, ...conditions] };
  await cluster.client.resource(pods).patch(pod.metadata!.name!, 'default', { status }, { subresource: 'status' });
}

/** Ends pods as they come with what `code` says, until the Job is over; false when it is not within the limit. */
function run(cluster: WorkloadCluster, code: (pod: Pod) => number, limit = 3_600_000): Promise<boolean> {
  return cluster.eventually(async () => {
    for (const pod of await running(cluster)) await end(cluster, pod, code(pod));
    return (await outcome(cluster)) !== '';
  }, limit);
}

/** `Complete`, `Failed BackoffLimitExceeded`; empty while the Job goes on. */
async function outcome(cluster: WorkloadCluster): Promise<string> {
  const conditions = (await read(cluster)).status?.conditions ?? [];
  const last = conditions.find(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'));
  if (last === undefined) return '';
  return last.type === 'Failed' ? `Failed ${last.reason}` : 'Complete';
}

const held = async (cluster: WorkloadCluster) =>
  (await cluster.list(pods)).filter(({ metadata }) => (metadata!.finalizers ?? []).length > 0).length;

async function started(spec: Partial<JobSpec>, podSpec: object = {}): Promise<WorkloadCluster> {
  const cluster = await WorkloadCluster.start(controllers);
  await cluster.create(jobs, jobOf(spec, podSpec));
  return cluster;
}

test('so many pods run at a time until so many have succeeded, and each is counted once', async () => {
  const cluster = await started({ completions: 5, parallelism: 2 });
  assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 2));
  const { status } = await read(cluster);
  assert.deepEqual([status!.active, status!.ready, status!.terminating], [2, 2, 0]);
  assert.deepEqual((await cluster.list(pods))[0]!.metadata!.finalizers, ['batch.kubernetes.io/job-tracking']);
  let most = 0;
  const count = () => {
    most++;
    return 0;
  };
  assert.ok(await run(cluster, count));
  const done = (await read(cluster)).status!;
  assert.equal(await outcome(cluster), 'Complete');
  assert.deepEqual(
    [done.succeeded, done.failed, done.active, done.uncountedTerminatedPods, most],
    [5, undefined, undefined, {}, 5],
  );
  assert.deepEqual(
    done.conditions!.map(({ type, reason }) => [type, reason]),
    [
      ['SuccessCriteriaMet', 'CompletionsReached'],
      ['Complete', 'CompletionsReached'],
    ],
  );
  assert.ok(done.completionTime! > done.startTime!);
  await cluster.clock.advance(1000);
  assert.equal(await held(cluster), 0);
  assert.ok((await cluster.eventsAbout('work')).includes('Completed: Job completed'));
  await cluster.stop();
});

test('failures are tried again later and later, until the limit', async () => {
  const cluster = await started({ backoffLimit: 3 });
  const times: number[] = [];
  const fail = () => {
    times.push(cluster.clock.now());
    return 1;
  };
  assert.ok(await run(cluster, fail));
  assert.equal(await outcome(cluster), 'Failed BackoffLimitExceeded');
  assert.equal((await read(cluster)).status!.failed, 4);
  const waits = times.slice(1).map((time, position) => Math.round((time - times[position]!) / 1000));
  for (const [position, wait] of [10, 20, 40].entries())
    assert.ok(waits[position]! >= wait && waits[position]! <= wait + 3, `${waits}`);
  const said = 'BackoffLimitExceeded: Job has reached the specified backoff limit';
  assert.ok((await cluster.eventsAbout('work')).includes(said));
  const types = (await read(cluster)).status!.conditions!.map(({ type }) => type);
  assert.deepEqual(types, ['FailureTarget', 'Failed']);
  await cluster.stop();
});

test('a job that takes too long loses its pods and fails', async () => {
  const cluster = await started({ activeDeadlineSeconds: 30, completions: 3, parallelism: 3 });
  await cluster.clock.advance(29_000);
  assert.equal((await running(cluster)).length, 3);
  assert.ok(await cluster.eventually(async () => (await outcome(cluster)) === 'Failed DeadlineExceeded'));
  assert.deepEqual((await read(cluster)).status!.failed, 3);
  await cluster.clock.advance(5000);
  assert.deepEqual(await cluster.list(pods), []);
  await cluster.stop();
});

test('each index has one pod, which knows it, and ends on its own', async () => {
  const cluster = await started({ completionMode: 'Indexed', completions: 4, parallelism: 3 });
  assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 3));
  const [pod] = (await running(cluster)).toSorted((left, right) => index(left) - index(right));
  assert.equal(pod!.spec!.hostname, 'work-0');
  assert.match(pod!.metadata!.name!, /^work-0-/);
  assert.equal(pod!.metadata!.labels!['batch.kubernetes.io/job-completion-index'], '0');
  assert.deepEqual(pod!.spec!.containers[0]!.env, [
    {
      name: 'JOB_COMPLETION_INDEX',
      valueFrom: {
        fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" },
      },
    },
  ]);
  for (const one of await running(cluster)) if (index(one) !== 1) await end(cluster, one, 0);
  assert.ok(await cluster.eventually(async () => (await read(cluster)).status!.completedIndexes === '0,2'));
  assert.ok(await cluster.eventually(async () => (await running(cluster)).map(index).sort().join() === '1,3'));
  assert.ok(await run(cluster, () => 0));
  const { status } = await read(cluster);
  assert.deepEqual([status!.completedIndexes, status!.succeeded, await outcome(cluster)], ['0-3', 4, 'Complete']);
  await cluster.stop();
});

test('with limits of their own some indexes fail while the others go on', async () => {
  const spec = { completionMode: 'Indexed', completions: 4, parallelism: 4, backoffLimitPerIndex: 1 };
  const cluster = await started(spec);
  assert.ok(await run(cluster, (pod) => (index(pod) % 2 === 0 ? 0 : 1)));
  const { status } = await read(cluster);
  assert.deepEqual([status!.completedIndexes, status!.failedIndexes, status!.failed], ['0,2', '1,3', 4]);
  assert.equal(await outcome(cluster), 'Failed FailedIndexes');
  assert.equal(await held(cluster), 0);
  await cluster.stop();
  const limited = await started({ ...spec, maxFailedIndexes: 1 });
  assert.ok(await run(limited, () => 1));
  assert.equal(await outcome(limited), 'Failed MaxFailedIndexesExceeded');
  await limited.stop();
});

test('what failures mean is the policy', async () => {
  const onExitCodes = (...values: number[]) => ({ operator: 'In', values });
  const rules = [
    { action: 'FailJob', onExitCodes: onExitCodes(42) },
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
  ];
  const cluster = await started({ backoffLimit: 0, podFailurePolicy: { rules } });
  assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 1));
  await end(cluster, (await running(cluster))[0]!, 1, [{ type: 'DisruptionTarget', status: 'True' }]);
  assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 1));
  assert.equal((await read(cluster)).status!.failed, undefined);
  const name = (await running(cluster))[0]!.metadata!.name;
  assert.ok(await run(cluster, () => 42));
  assert.equal(await outcome(cluster), 'Failed PodFailurePolicy');
  assert.equal(
    (await read(cluster)).status!.conditions![0]!.message,
    `Container main for pod default/${name} failed with exit code 42 matching FailJob rule at index 0`,
  );
  await cluster.stop();
});

test('a success policy ends a job before all have succeeded', async () => {
  const successPolicy = { rules: [{ succeededCount: 3 }, { succeededIndexes: '0,2' }] };
  const cluster = await started({ completionMode: 'Indexed', completions: 4, parallelism: 4, successPolicy });
  assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 4));
  for (const pod of await running(cluster)) if (index(pod) % 2 === 0) await end(cluster, pod, 0);
  assert.ok(await cluster.eventually(async () => (await outcome(cluster)) === 'Complete'));
  const { status } = await read(cluster);
  assert.equal(status!.conditions![0]!.message, 'Matched rules at index 1');
  assert.deepEqual([status!.completedIndexes, status!.failed], ['0,2', undefined]);
  await cluster.clock.advance(3000);
  assert.equal((await cluster.list(pods)).length, 2);
  await cluster.stop();
});

test('a job is held and let go on', async () => {
  const cluster = await started({ suspend: true, parallelism: 2, completions: 2 });
  await cluster.clock.advance(5000);
  assert.equal((await cluster.list(pods)).length, 0);
  const suspended = (await read(cluster)).status!;
  assert.deepEqual([suspended.startTime, suspended.conditions![0]!.reason], [undefined, 'JobSuspended']);
  await change(cluster, { suspend: false });
  assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 2));
  await change(cluster, { suspend: true });
  assert.ok(await cluster.eventually(async () => (await cluster.list(pods)).length === 0));
  assert.deepEqual(
    [(await read(cluster)).status!.failed, (await read(cluster)).status!.startTime],
    [undefined, undefined],
  );
  await change(cluster, { suspend: false });
  assert.ok(await run(cluster, () => 0));
  const events = (await cluster.eventsAbout('work')).filter((event) => /^(Suspended|Resumed):/.test(event));
  assert.deepEqual(events.sort(), ['Resumed: Job resumed', 'Suspended: Job suspended']);
  await cluster.stop();
});

test('pods are replaced when they begin to go, or only once they have ended', async () => {
  for (const [podReplacementPolicy, during] of [
    ['TerminatingOrFailed', 1],
    ['Failed', 0],
  ] as const) {
    const cluster = await started({ podReplacementPolicy });
    assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 1));
    const [pod] = await running(cluster);
    cluster.runner.silence(pod!.spec!.nodeName!);
    await cluster.client.resource(pods).delete(pod!.metadata!.name!, 'default');
    await cluster.clock.advance(30_000);
    assert.equal((await cluster.readyPods()).length, during, podReplacementPolicy);
    await cluster.stop();
  }
});

test('an elastic job follows its size, and what others manage is left alone', async () => {
  const cluster = await started({ completionMode: 'Indexed', completions: 2, parallelism: 2 });
  assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 2));
  await change(cluster, { completions: 4, parallelism: 4 });
  assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 4));
  await change(cluster, { completions: 1, parallelism: 1 });
  assert.ok(await cluster.eventually(async () => (await cluster.list(pods)).length === 1));
  assert.deepEqual((await running(cluster)).map(index), [0]);
  await cluster.stop();
  const other = await started({ managedBy: 'example.com/queue' });
  await other.clock.advance(5000);
  assert.deepEqual([(await other.list(pods)).length, (await read(other)).status], [0, {}]);
  await other.stop();
});

test('restarts in place are failures too', async () => {
  const cluster = await started({ backoffLimit: 2 }, { restartPolicy: 'OnFailure' });
  assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 1));
  const [pod] = await running(cluster);
  const status = { containerStatuses: [{ name: 'main', restartCount: 2 }] };
  await cluster.client.resource(pods).patch(pod!.metadata!.name!, 'default', { status }, { subresource: 'status' });
  assert.ok(await cluster.eventually(async () => (await outcome(cluster)) === 'Failed BackoffLimitExceeded'));
  await cluster.stop();
});

test('pods of a job that is gone are let go', async () => {
  const cluster = await started({ parallelism: 3 });
  assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 3));
  await cluster.client.resource(jobs).delete('work', 'default', { propagationPolicy: 'Background' });
  assert.ok(await cluster.eventually(async () => (await held(cluster)) === 0));
  assert.equal((await cluster.list(pods)).length, 3);
  await cluster.stop();
});

test('a job that runs goes with its pods, whoever is waited for', async () => {
  const cluster = await WorkloadCluster.start([() => new JobController(), () => new GarbageCollector()]);
  await cluster.create(jobs, jobOf({ completions: 2, parallelism: 2 }));
  assert.ok(await cluster.eventually(async () => (await running(cluster)).length === 2));
  await cluster.client.resource(jobs).delete('work', 'default', { propagationPolicy: 'Foreground' });
  const gone = async () => (await cluster.list(jobs)).length + (await cluster.list(pods)).length === 0;
  assert.ok(await cluster.eventually(gone));
  await cluster.stop();
});

test('controllers that are replaced and servers that go down lose no pod and count none twice', async () => {
  for (const moment of [0, 300, 1000, 1250, 2600]) {
    const cluster = await WorkloadCluster.start(controllers, { seed: `down-${moment}` });
    await cluster.create(jobs, jobOf({ completions: 12, parallelism: 4 }));
    let made = 0;
    const count = () => {
      made++;
      return 0;
    };
    const stop = cluster.clock.now() + moment;
    await cluster.eventually(async () => {
      for (const pod of await running(cluster)) await end(cluster, pod, count());
      return cluster.clock.now() >= stop;
    });
    await cluster.stopControllers();
    await cluster.api.down();
    await cluster.clock.advance(5000);
    await cluster.api.up();
    cluster.startControllers();
    assert.ok(await run(cluster, count));
    const { status } = await read(cluster);
    assert.deepEqual([status!.succeeded, made, await outcome(cluster)], [12, 12, 'Complete'], `${moment}`);
    assert.equal(await held(cluster), 0);
    await cluster.stop();
  }
});
