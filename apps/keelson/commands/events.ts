import type { ApiObject } from '@keelson/model';
import type { Command } from '../command-line.ts';
import { textTable } from '../text-table.ts';
import { dataOption, type RunningRegion, runningRegion } from './running-region.ts';

/** The conditions of the region's objects that tell what happened to them, newest last. */
interface Happening {
  readonly time: string;
  readonly object: string;
  readonly what: string;
}

async function list(region: RunningRegion, group: string, resource: string): Promise<ApiObject[]> {
  return (await region.ask('GET', `/apis/${group}.keelson.dev/v1/${resource}`)).items;
}

const created = (kind: string, object: ApiObject, what: string): Happening => ({
  time: object.metadata?.creationTimestamp ?? '',
  object: `${kind}/${object.metadata?.name}`,
  what,
});

async function happenings(region: RunningRegion): Promise<Happening[]> {
  const [clusters, groups, updates, instances, balancers] = await Promise.all([
    list(region, 'eks', 'clusters'),
    list(region, 'eks', 'nodegroups'),
    list(region, 'eks', 'updates'),
    list(region, 'ec2', 'instances'),
    list(region, 'elbv2', 'loadbalancers'),
  ]);
  return [
    ...clusters.map((one) =>
      created('cluster', one, `created with version ${one['spec'].version}; ${one['status']?.phase ?? 'CREATING'}`),
    ),
    ...groups.map((one) =>
      created('nodegroup', one, `created with ${one['spec'].desiredSize} nodes; ${one['status']?.phase ?? 'CREATING'}`),
    ),
    ...updates.map((one) => created('update', one, `${one['spec'].type} ${one['status']?.phase ?? 'InProgress'}`)),
    ...instances.map((one) =>
      created('instance', one, `launched as ${one['spec'].instanceType} in ${one['spec'].availabilityZone}`),
    ),
    ...instances
      .filter((one) => one['status']?.stateTransitionTime)
      .map((one) => ({
        time: one['status'].stateTransitionTime,
        object: `instance/${one.metadata?.name}`,
        what: `${one['status'].state} ${one['status'].stateReasonMessage ?? ''}`.trim(),
      })),
    ...balancers.map((one) =>
      created(
        'loadbalancer',
        one,
        `created for ${one['spec'].loadBalancerName}; ${one['status']?.state ?? 'provisioning'}`,
      ),
    ),
  ].sort((one, other) => one.time.localeCompare(other.time));
}

export const eventsCommand: Command = {
  name: 'events',
  usage: '[--data DIR]',
  summary: 'What happened in the region. Inside a cluster: keelson kubectl events -A',
  options: dataOption,
  words: [0, 0],
  run: async (_, options) => {
    const rows = (await happenings(runningRegion(options.text('data')))).map(({ time, object, what }) => [
      time.replace(/\.\d+Z$/, 'Z'),
      object,
      what,
    ]);
    process.stdout.write(
      rows.length === 0 ? 'Nothing has happened yet.\n' : textTable(['TIME', 'OBJECT', 'WHAT'], rows),
    );
    return 0;
  },
};
