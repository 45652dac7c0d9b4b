import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rfc3339, virtualWorld } from '@keelson/base';
import { kubernetesResources } from '@keelson/client';
import { runControllers } from '@keelson/controller-kit';
import type { CronJobSpec, Job } from '@keelson/model/generated/types/batch-v1.ts';
import { wallTime } from '@keelson/model/schedule/time-zone.ts';
import { MemoryApi } from '@keelson/testkit/memory-api.ts';
import { WorkloadCluster } from '@keelson/testkit/workload-cluster.ts';
import { CronJobController } from './index.ts';
import { localTime } from './jobs.ts';

const { cronJobs, jobs } = kubernetesResources;
const minute = 60_000;
const hour = 60 * minute;

/** A CronJob that was made a second after the next full hour. */
async function started(spec: Partial<CronJobSpec>): Promise<WorkloadCluster> {
  const cluster = await WorkloadCluster.start([() => new CronJobController()], { nodes: [] });
  await cluster.clock.advance(hour - (cluster.clock.now() % hour) + 1000);
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'one' }] } };
  const jobTemplate = { metadata: { labels: { of: 'nightly' } }, spec: { template } };
  const metadata = { name: 'nightly', namespace: 'default' };
  await cluster.create(cronJobs, { metadata, spec: { schedule: '*/10 * * * *', jobTemplate, ...spec } });
  await cluster.clock.advance(100);
  return cluster;
}

const read = (cluster: WorkloadCluster) => cluster.client.resource(cronJobs).get('nightly', 'default');
const change = (cluster: WorkloadCluster, spec: object) =>
  cluster.client.resource(cronJobs).patch('nightly', 'default', { spec });

/** Minutes of the hour (or hours of the day) that the Jobs there are were made for. */
const minutes = async (cluster: WorkloadCluster) =>
  (await cluster.list(jobs))
    .map(({ metadata }) => Number(metadata!.name!.replace('nightly-', '')) % 60)
    .sort((a, b) => a - b);

async function end(cluster: WorkloadCluster, job: Job, type: 'Complete' | 'Failed'): Promise<void> {
  const now = rfc3339(cluster.clock.now());
  const before = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const conditions = [before, type].map((one) => ({ type: one, status: 'True', lastTransitionTime: now }));
  const status = { startTime: now, conditions, ...(type === 'Complete' && { completionTime: now }) };
  await cluster.client.resource(jobs).patch(job.metadata!.name!, 'default', { status }, { subresource: 'status' });
}

async function endAll(cluster: WorkloadCluster, type: 'Complete' | 'Failed' = 'Complete'): Promise<void> {
  for (const job of await cluster.list(jobs)) if (job.status?.conditions === undefined) await end(cluster, job, type);
}

const events = async (cluster: WorkloadCluster, reason: string) =>
  (await cluster.eventsAbout('nightly')).filter((event) => event.startsWith(`${reason}:`));

test('a job is made each time one is due, is listed while it runs, and is told of', async () => {
  const cluster = await started({ timeZone: 'Asia/Seoul' });
  assert.deepEqual(await minutes(cluster), []);
  await cluster.clock.advance(10 * minute);
  const [job] = await cluster.list(jobs);
  assert.deepEqual([await minutes(cluster), job!.metadata!.labels!['of']], [[10], 'nightly']);
  assert.match(job!.metadata!.annotations!['batch.kubernetes.io/cronjob-scheduled-timestamp']!, /T\d\d:10:00\+09:00$/);
  assert.deepEqual(
    job!.metadata!.ownerReferences!.map(({ kind, name, controller }) => [kind, name, controller]),
    [['CronJob', 'nightly', true]],
  );
  const running = (await read(cluster)).status!;
  assert.deepEqual(
    running.active!.map(({ kind, name }) => [kind, name]),
    [['Job', job!.metadata!.name]],
  );
  assert.match(running.lastScheduleTime!, /:10:00Z$/);
  await cluster.clock.advance(minute);
  await endAll(cluster);
  await cluster.clock.advance(1000);
  const done = (await read(cluster)).status!;
  assert.deepEqual(
    [done.active, done.lastSuccessfulTime],
    [undefined, (await cluster.list(jobs))[0]!.status!.completionTime],
  );
  assert.deepEqual(await events(cluster, 'SawCompletedJob'), [
    `SawCompletedJob: Saw completed job: ${job!.metadata!.name}, condition: Complete`,
  ]);
  assert.deepEqual(await events(cluster, 'SuccessfulCreate'), [`SuccessfulCreate: Created job ${job!.metadata!.name}`]);
  await cluster.stop();
});

test('over weeks each night has its job, and only the latest are kept', async () => {
  const world = virtualWorld('nights');
  const api = new MemoryApi(world);
  const running = runControllers({ controllers: [() => new CronJobController()], client: api, world, freeze: true });
  await running.started;
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'one' }] } };
  const limits = { successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 1 };
  const spec = { schedule: '0 3 * * *', timeZone: 'America/New_York', jobTemplate: { spec: { template } }, ...limits };
  await api.resource(cronJobs).create({ metadata: { name: 'nightly', namespace: 'default' }, spec });
  const made: string[] = [];
  for (let quarter = 0; quarter < 4 * 20; quarter++) {
    await world.clock.advance(6 * hour);
    for (const job of (await api.resource(jobs).list()).items) {
      if (job.status !== undefined) continue;
      made.push(job.metadata!.name!);
      const now = rfc3339(world.clock.now());
      const conditions = [{ type: made.length % 2 === 0 ? 'Failed' : 'Complete', status: 'True' }];
      await api.resource(jobs).updateStatus({ ...job, status: { startTime: now, completionTime: now, conditions } });
    }
  }
  assert.equal(made.length, 20);
  const times = made.map((name) => wallTime(Number(name.replace('nightly-', '')) * minute, 'America/New_York'));
  assert.ok(times.every((time) => time.hour === 3 && time.minute === 0));
  assert.equal(new Set(times.map(({ month, day }) => `${month}/${day}`)).size, 20);
  await world.clock.advance(1000);
  const left = (await api.resource(jobs).list()).items.map(({ metadata }) => made.indexOf(metadata!.name!));
  assert.deepEqual(left.sort(), [16, 18, 19]);
  await running.stop();
});

test('who runs while the next is due is decided by the policy', async () => {
  const counts: [string, number, number][] = [
    ['Allow', 3, 3],
    ['Forbid', 1, 1],
    ['Replace', 1, 1],
  ];
  for (const [concurrencyPolicy, there, active] of counts) {
    const cluster = await started({ concurrencyPolicy });
    await cluster.clock.advance(30 * minute);
    const { status } = await read(cluster);
    const present = (await cluster.list(jobs)).filter(({ metadata }) => metadata!.deletionTimestamp === undefined);
    assert.deepEqual([present.length, status!.active!.length], [there, active], concurrencyPolicy);
    if (concurrencyPolicy === 'Replace') assert.deepEqual(await minutes(cluster), [30]);
    if (concurrencyPolicy === 'Forbid') {
      assert.deepEqual(await minutes(cluster), [10]);
      assert.ok((await events(cluster, 'JobAlreadyActive')).length > 0);
      // The one that was held back comes when the way is free.
      await endAll(cluster);
      await cluster.clock.advance(1000);
      assert.deepEqual(await minutes(cluster), [10, 30]);
    }
    await cluster.stop();
  }
});

test('of times that were missed the last is made up for, within the deadline', async () => {
  for (const [startingDeadlineSeconds, expected] of [
    [undefined, [50]],
    [600, [50]],
    [60, []],
  ] as const) {
    const cluster = await started({ startingDeadlineSeconds });
    await cluster.stopControllers();
    await cluster.clock.advance(55 * minute);
    cluster.startControllers();
    await cluster.clock.advance(1000);
    assert.deepEqual(await minutes(cluster), expected);
    await cluster.clock.advance(5 * minute);
    assert.ok((await minutes(cluster)).includes(0), 'and the next comes in time');
    await cluster.stop();
  }
  const late = await started({ schedule: '* * * * *' });
  await late.stopControllers();
  await late.clock.advance(3 * hour);
  late.startControllers();
  await late.clock.advance(1000);
  assert.equal((await events(late, 'TooManyMissedTimes')).length, 1);
  assert.equal((await late.list(jobs)).length, 1);
  await late.stop();
});

test('a cron job that is suspended makes nothing, and goes on where it is', async () => {
  const cluster = await started({ suspend: true });
  await cluster.clock.advance(25 * minute);
  assert.deepEqual(await minutes(cluster), []);
  await change(cluster, { suspend: false });
  await cluster.clock.advance(1000);
  assert.deepEqual(await minutes(cluster), [20]);
  await change(cluster, { schedule: '35 * * * *' });
  await cluster.clock.advance(12 * minute);
  assert.deepEqual(await minutes(cluster), [20, 35]);
  await cluster.stop();
});

test('jobs that go missing are struck off, and a status that was not written is mended', async () => {
  const cluster = await started({});
  await cluster.clock.advance(10 * minute);
  const [job] = await cluster.list(jobs);
  const status = { active: null, lastScheduleTime: null };
  await cluster.stopControllers();
  await cluster.client.resource(cronJobs).patch('nightly', 'default', { status }, { subresource: 'status' });
  cluster.startControllers();
  await cluster.clock.advance(1000);
  assert.equal((await read(cluster)).status!.active![0]!.uid, job!.metadata!.uid);
  await cluster.client.resource(jobs).delete(job!.metadata!.name!, 'default', { propagationPolicy: 'Background' });
  await cluster.clock.advance(1000);
  assert.equal((await read(cluster)).status!.active, undefined);
  assert.deepEqual(await events(cluster, 'MissingJob'), [
    `MissingJob: Active job went missing: ${job!.metadata!.name}`,
  ]);
  await cluster.stop();
});

test('times are told by the clocks of the zone', () => {
  const at = Date.UTC(2026, 6, 1, 3, 4, 5);
  assert.deepEqual(
    ['UTC', 'Asia/Seoul', 'America/St_Johns'].map((zone) => localTime(at, zone)),
    ['2026-07-01T03:04:05Z', '2026-07-01T12:04:05+09:00', '2026-07-01T00:34:05-02:30'],
  );
});
