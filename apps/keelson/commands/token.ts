import { createEksToken } from '@keelson/aws-protocol';
import type { Command } from '../command-line.ts';
import { AwsCaller } from './aws-call.ts';
import { dataOption, runningRegion } from './running-region.ts';

/** How long kubectl keeps a token before it asks for another: EKS' own fourteen minutes. */
const keptFor = 14 * 60_000;

/** What a kubeconfig made by `create cluster` runs: `aws eks get-token`, without the need for aws. */
export const tokenCommand: Command = {
  name: 'token',
  usage: 'CLUSTER [--data DIR]',
  summary: 'Prints a token for a cluster as an ExecCredential, as `aws eks get-token` does.',
  options: dataOption,
  words: [1, 1],
  run: async ([clusterName], options) => {
    const region = runningRegion(options.text('data'));
    const { identity } = region;
    const credentials = await new AwsCaller(region).credentials();
    const now = Date.now();
    const endpoint = `http://127.0.0.1:${identity.port}`;
    const token = createEksToken({ clusterName: clusterName!, credentials, region: identity.region, endpoint, now });
    const expirationTimestamp = `${new Date(now + keptFor).toISOString().slice(0, 19)}Z`;
    const apiVersion = 'client.authentication.k8s.io/v1';
    process.stdout.write(
      `${JSON.stringify({ kind: 'ExecCredential', apiVersion, spec: {}, status: { expirationTimestamp, token } })}\n`,
    );
    return 0;
  },
};
