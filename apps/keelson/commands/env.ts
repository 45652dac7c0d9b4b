import { spawnSync } from 'node:child_process';
import type { Command } from '../command-line.ts';
import { dataOption, runningRegion } from './running-region.ts';

/** The version of the aws on the PATH: its own words, and whether it heeds AWS_ENDPOINT_URL (2.13 and 1.29 do). */
export function awsProblem(versionText: string): string | undefined {
  const match = /aws-cli\/(\d+)\.(\d+)/.exec(versionText);
  if (!match) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const oldest = major === 1 ? 29 : 13;
  if (major > 2 || minor >= oldest) return undefined;
  return `aws ${major}.${minor} is too old to be pointed at an endpoint (1.29 and 2.13 can): it will talk to AWS itself. Update it, or give each command --endpoint-url "$AWS_ENDPOINT_URL".`;
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

export const envCommand: Command = {
  name: 'env',
  usage: '[--data DIR]',
  summary: 'Shell lines that point aws, kubectl, terraform and eksctl at the region: eval "$(keelson env)"',
  options: dataOption,
  words: [0, 0],
  run: async (_, options) => {
    const { ask, identity, directory } = runningRegion(options.text('data'));
    const { accessKeyId, secretAccessKey } = await ask('GET', '/credentials');
    const lines: Record<string, string> = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${identity.port}`,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: identity.region,
      AWS_DEFAULT_REGION: identity.region,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
      KUBECONFIG: `${directory.path}/kubeconfig`,
    };
    process.stdout.write('unset AWS_PROFILE AWS_SESSION_TOKEN\n');
    for (const [name, value] of Object.entries(lines)) process.stdout.write(`export ${name}=${quote(value)}\n`);
    const aws = spawnSync('aws', ['--version'], { encoding: 'utf8' });
    const problem = awsProblem(`${aws.stdout ?? ''}${aws.stderr ?? ''}`);
    if (problem) process.stderr.write(`Warning: ${problem}\n`);
    return 0;
  },
};
