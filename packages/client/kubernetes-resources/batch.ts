import type { CronJob, Job } from '@keelson/model/generated/types/batch-v1.ts';
import type { ResourceRef } from '../client.ts';

const group = 'batch';
const version = 'v1';

export const jobs: ResourceRef<Job> = { group, version, kind: 'Job', resource: 'jobs', namespaced: true };
export const cronJobs: ResourceRef<CronJob> = {
  group,
  version,
  kind: 'CronJob',
  resource: 'cronjobs',
  namespaced: true,
};
