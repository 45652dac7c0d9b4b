import { type Command, UsageError } from '../command-line.ts';
import type { RegionStatus } from '../region/region-status.ts';
import { textTable } from '../text-table.ts';
import { dataOption, runningRegion } from './running-region.ts';

const mebibytes = (bytes: number) => (bytes === 0 ? '-' : `${Math.round(bytes / 1024 ** 2)} MiB`);

function print(status: RegionStatus): string {
  const sections = [
    `Region ${status.region}, account ${status.account}, ${status.compute} compute, ${mebibytes(status.memory)}\n` +
      `Front door ${status.frontDoor}, data in ${status.data}\n`,
  ];
  if (status.clusters.length === 0) sections.push("No clusters yet; 'keelson create cluster demo' makes one.\n");
  else {
    const rows = status.clusters.map((one) => {
      const groups = one.nodeGroups
        .map((group) => `${group.name} ${group.running}/${group.desired} ${group.status}`)
        .join(', ');
      return [one.name, one.version, one.status, one.endpoint || '-', mebibytes(one.memory), groups || '-'];
    });
    sections.push(textTable(['CLUSTER', 'VERSION', 'STATUS', 'ENDPOINT', 'MEMORY', 'NODE GROUPS'], rows));
  }
  if (status.instances.length > 0) {
    const rows = status.instances.map((one) => [one.id, one.type, one.zone, one.state, one.name]);
    sections.push(textTable(['INSTANCE', 'TYPE', 'ZONE', 'STATE', 'NAME'], rows));
  }
  if (status.loadBalancers.length > 0) {
    const rows = status.loadBalancers.map((one) => [
      one.name,
      one.state,
      one.address || '-',
      one.forwards ? 'yes' : 'no (simulated)',
    ]);
    sections.push(textTable(['LOAD BALANCER', 'STATE', 'ADDRESS', 'FORWARDS'], rows));
  }
  if (status.degraded.length > 0) sections.push(`Degraded:\n${status.degraded.map((line) => `  ${line}\n`).join('')}`);
  return sections.join('\n');
}

export const statusCommand: Command = {
  name: 'status',
  usage: '[-o json] [--data DIR]',
  summary: 'Clusters, nodes, endpoints, memory, what is degraded and why.',
  options: { ...dataOption, output: { type: 'string', short: 'o' } },
  words: [0, 0],
  run: async (_, options) => {
    const output = options.text('output');
    if (output !== undefined && output !== 'json') throw new UsageError('-o takes json');
    const status: RegionStatus = await runningRegion(options.text('data')).ask('GET', '/status');
    process.stdout.write(output === 'json' ? `${JSON.stringify(status, undefined, 2)}\n` : print(status));
    return 0;
  },
};
