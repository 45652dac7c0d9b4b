import { messageOf, rfc3339 } from '@keelson/base';
import { isAlreadyExists, isNotFound, keyOf, kubernetesResources, type SharedCache, splitKey } from '@keelson/client';
import {
  type Controller,
  type ControllerContext,
  canonicalJson,
  controllerOf,
  controllerUid,
  isControlledBy,
  isNamespaceTerminating,
} from '@keelson/controller-kit';
import type { CronJob, CronJobStatus, Job } from '@keelson/model/generated/types/batch-v1.ts';
import { parseSchedule, type Schedule, ScheduleError } from '@keelson/model/schedule/cron-schedule.ts';
import { isTimeZone } from '@keelson/model/schedule/time-zone.ts';
import { dueAt } from './due.ts';
import { endOfJob, jobFor, jobName, jobsBeyondHistory, referenceToJob } from './jobs.ts';

const { cronJobs, jobs } = kubernetesResources;
/** How much later than due a CronJob is looked at, so that its time has surely come; milliseconds. */
const delta = 100;
/** Nothing is waited for longer in one go, in milliseconds. */
const longestWait = 86_400_000;

/** Makes the Jobs of CronJobs when they are due, and clears away old ones. */
export class CronJobController implements Controller {
  readonly name = 'cronjob-controller';
  #context!: ControllerContext;
  #cronJobs!: SharedCache<CronJob>;
  #jobs!: SharedCache<Job>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#cronJobs = context.caches.of(cronJobs);
    this.#jobs = context.caches.of(jobs);
    this.#jobs.index('owner', controllerUid);
    this.#cronJobs.onChange((before, now) => context.queue.add(keyOf((now ?? before)!)));
    this.#jobs.onChange((before, now) => {
      for (const job of [before, now]) {
        const reference = job && controllerOf(job);
        const owner = reference && this.#cronJobs.get(job.metadata?.namespace, reference.name);
        if (reference?.kind === 'CronJob' && owner?.metadata?.uid === reference.uid) context.queue.add(keyOf(owner));
      }
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const cronJob = this.#cronJobs.get(namespace, name);
    if (cronJob === undefined) return undefined;
    const children = this.#jobs.index('owner', controllerUid).get(cronJob.metadata!.uid!);
    let status = await this.#observe(cronJob, children);
    let failure: unknown;
    let wait: number | undefined;
    try {
      status = await this.#trim(cronJob, children, status);
      if (cronJob.metadata?.deletionTimestamp === undefined) {
        const next = await this.#schedule({ ...cronJob, status });
        status = next.status;
        wait = next.wait;
      }
    } catch (thrown) {
      failure = thrown;
    }
    if (canonicalJson(status) !== canonicalJson(cronJob.status ?? {}))
      await this.#context.client.resource(cronJobs).updateStatus({ ...cronJob, status });
    if (failure !== undefined) throw failure;
    return wait;
  }

  #tell(cronJob: CronJob, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#context.recorder.event(cronJob, type, reason, message);
  }

  /** The status after what became of the Jobs that were running. */
  async #observe(cronJob: CronJob, children: readonly Job[]): Promise<CronJobStatus> {
    const { active = [], ...before } = cronJob.status ?? {};
    let last = before.lastSuccessfulTime;
    const known = new Map(children.map((job) => [job.metadata!.uid!, job]));
    const listed = new Set(active.map(({ uid }) => uid));
    for (const job of children) {
      const end = endOfJob(job);
      if (end === undefined && !listed.has(job.metadata!.uid!)) {
        const text = `Saw a job that the controller did not create or forgot: ${job.metadata!.name}`;
        this.#tell(cronJob, 'Warning', 'UnexpectedJob', text);
      }
      const done = end === 'Complete' ? job.status?.completionTime : undefined;
      if (done !== undefined && (last === undefined || Date.parse(done) > Date.parse(last))) last = done;
    }
    const running = [];
    for (const reference of active) {
      const job = known.get(reference.uid!) ?? (await this.#find(reference.namespace!, reference.name!));
      const end = job && endOfJob(job);
      if (job === undefined) {
        this.#tell(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${reference.name}`);
      } else if (end !== undefined) {
        const text = `Saw completed job: ${reference.name}, condition: ${end}`;
        this.#tell(cronJob, 'Normal', 'SawCompletedJob', text);
      } else running.push(reference);
    }
    return { ...before, ...(last && { lastSuccessfulTime: last }), ...(running.length > 0 && { active: running }) };
  }

  /** The Job as the server has it: the cache may not show one that was just made. */
  async #find(namespace: string, name: string): Promise<Job | undefined> {
    try {
      return await this.#context.client.resource(jobs).get(name, namespace);
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  async #trim(cronJob: CronJob, children: readonly Job[], status: CronJobStatus): Promise<CronJobStatus> {
    let left = status;
    for (const job of jobsBeyondHistory(cronJob, children)) left = await this.#delete(cronJob, job, left);
    return left;
  }

  async #delete(cronJob: CronJob, { metadata }: Job, status: CronJobStatus): Promise<CronJobStatus> {
    const options = { propagationPolicy: 'Background', preconditions: { uid: metadata!.uid! } } as const;
    try {
      await this.#context.client.resource(jobs).delete(metadata!.name!, metadata!.namespace, options);
      this.#tell(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${metadata!.name}`);
    } catch (thrown) {
      if (!isNotFound(thrown)) {
        this.#tell(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${messageOf(thrown)}`);
        throw thrown;
      }
    }
    const { active = [], ...rest } = status;
    const others = active.filter(({ uid }) => uid !== metadata!.uid);
    return { ...rest, ...(others.length > 0 && { active: others }) };
  }

  /** The schedule, unless the CronJob is suspended or says what is none: then it is told, and left until it changes. */
  #scheduleOf(cronJob: CronJob): Schedule | undefined {
    const { timeZone, schedule, suspend } = cronJob.spec;
    if (timeZone !== undefined && !isTimeZone(timeZone)) {
      const text = `invalid timeZone: ${JSON.stringify(timeZone)}: unknown time zone ${timeZone}`;
      this.#tell(cronJob, 'Warning', 'UnknownTimeZone', text);
      return undefined;
    }
    if (suspend) return undefined;
    try {
      return parseSchedule(schedule);
    } catch (thrown) {
      if (!(thrown instanceof ScheduleError)) throw thrown;
      const text = `unparseable schedule: ${JSON.stringify(schedule)} : ${thrown.message}`;
      this.#tell(cronJob, 'Warning', 'UnparseableSchedule', text);
      return undefined;
    }
  }

  async #schedule(cronJob: CronJob): Promise<{ readonly status: CronJobStatus; readonly wait?: number }> {
    const status = cronJob.status!;
    const schedule = this.#scheduleOf(cronJob);
    if (schedule === undefined) return { status };
    const now = this.#context.world.clock.now();
    const zone = cronJob.spec.timeZone ?? 'UTC';
    const { at, tooLate, missedMany, next } = dueAt(cronJob, schedule, zone, now);
    const wait = next === undefined ? {} : { wait: Math.min(next - now + delta, longestWait) };
    if (at === undefined) return { status, ...wait };
    if (missedMany) {
      const text = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      this.#tell(cronJob, 'Warning', 'TooManyMissedTimes', text);
    }
    if (tooLate) {
      this.#tell(cronJob, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${rfc1123(at)}`);
      return { status, ...wait };
    }
    const active = status.active ?? [];
    if (active.some(({ name }) => name === jobName(cronJob, at))) return { status, ...wait };
    if (cronJob.spec.concurrencyPolicy === 'Forbid' && active.length > 0) {
      const text = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      this.#tell(cronJob, 'Normal', 'JobAlreadyActive', text);
      return { status, ...wait };
    }
    const cleared = cronJob.spec.concurrencyPolicy === 'Replace' ? await this.#replace(cronJob, status) : status;
    return { status: await this.#start(cronJob, at, zone, cleared), ...wait };
  }

  async #replace(cronJob: CronJob, status: CronJobStatus): Promise<CronJobStatus> {
    let left = status;
    for (const { namespace, name } of status.active ?? []) {
      const job = await this.#find(namespace!, name!);
      if (job !== undefined) left = await this.#delete(cronJob, job, left);
    }
    return left;
  }

  /** Makes the Job that is due, and puts it on the list of those that run. */
  async #start(cronJob: CronJob, at: number, zone: string, status: CronJobStatus): Promise<CronJobStatus> {
    const client = this.#context.client.resource(jobs);
    const wanted = jobFor(cronJob, at, zone);
    let job: Job;
    try {
      job = await client.create(wanted);
      this.#tell(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata!.name}`);
    } catch (thrown) {
      if (isNamespaceTerminating(thrown)) return status;
      if (!isAlreadyExists(thrown)) {
        this.#tell(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(thrown)}`);
        throw thrown;
      }
      // Made before, and the status was not written; or another's, and then it is not for us to list.
      job = await client.get(wanted.metadata!.name!, wanted.metadata!.namespace);
      if (!isControlledBy(job, cronJob)) return status;
    }
    const active = (status.active ?? []).filter(({ uid }) => uid !== job.metadata!.uid);
    return { ...status, active: [...active, referenceToJob(job)], lastScheduleTime: rfc3339(at) };
  }
}

/** `Thu, 01 Jan 2026 03:00:00 +0000`. */
function rfc1123(at: number): string {
  return new Date(at).toUTCString().replace('GMT', '+0000');
}
