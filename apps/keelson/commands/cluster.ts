import { type Command, type Options, UsageError } from '../command-line.ts';
import { keepAwake } from '../process/background-process.ts';
import { formatDuration, Progress } from '../progress.ts';
import { AwsCallError, AwsCaller } from './aws-call.ts';
import { addToKubeconfig, removeFromKubeconfig } from './kubeconfig.ts';
import { dataOption, type RunningRegion, runningRegion } from './running-region.ts';

const clusterRole = 'eksClusterRole';
const nodeRole = 'eksNodeRole';
const policies: Readonly<Record<string, readonly string[]>> = {
  [clusterRole]: ['AmazonEKSClusterPolicy'],
  [nodeRole]: ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly'],
};
const pause = (milliseconds: number) => keepAwake(new Promise<void>((resolve) => setTimeout(resolve, milliseconds)));

/** Has the roles that AWS' own tutorials make first; what is there stays. */
async function ensureRole(aws: AwsCaller, name: string, service: string): Promise<void> {
  const document = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: ['sts:AssumeRole', 'sts:TagSession'] }],
  };
  try {
    await aws.query('iam', {
      Action: 'CreateRole',
      RoleName: name,
      AssumeRolePolicyDocument: JSON.stringify(document),
    });
  } catch (error) {
    if (!(error instanceof AwsCallError && error.code === 'EntityAlreadyExists')) throw error;
  }
  for (const policy of policies[name]!) {
    await aws.query('iam', {
      Action: 'AttachRolePolicy',
      RoleName: name,
      PolicyArn: `arn:aws:iam::aws:policy/${policy}`,
    });
  }
}

async function defaultSubnets(aws: AwsCaller): Promise<string[]> {
  const text = await aws.query('ec2', {
    Action: 'DescribeSubnets',
    'Filter.1.Name': 'default-for-az',
    'Filter.1.Value.1': 'true',
  });
  const ids = [...text.matchAll(/<subnetId>([^<]+)</g)].map((match) => match[1]!);
  if (ids.length < 2)
    throw new UsageError(
      'the default VPC and its subnets are gone; make a cluster in your own with `aws eks create-cluster`',
      1,
    );
  return ids;
}

/** Asks until `done` is content; resolves to what it was content with. */
async function poll(
  ask: () => Promise<any>,
  done: (answer: any) => boolean,
  failed: (answer: any) => string | undefined,
): Promise<any> {
  for (;;) {
    const answer = await ask();
    const failure = failed(answer);
    if (failure) throw new UsageError(failure, 1);
    if (done(answer)) return answer;
    await pause(50);
  }
}

const issuesOf = (health: any) =>
  (health?.issues ?? []).map((issue: any) => `${issue.code}: ${issue.message}`).join('; ');

async function makeCluster(aws: AwsCaller, account: string, name: string, version: string | undefined): Promise<any> {
  const subnetIds = await defaultSubnets(aws);
  await aws.eks('POST', '/clusters', {
    name,
    roleArn: `arn:aws:iam::${account}:role/${clusterRole}`,
    resourcesVpcConfig: { subnetIds },
    accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP' },
    ...(version ? { version } : {}),
  });
  return poll(
    async () => (await aws.eks('GET', `/clusters/${name}`)).cluster,
    (cluster) => cluster.status === 'ACTIVE',
    (cluster) => (cluster.status === 'FAILED' ? `the cluster failed: ${issuesOf(cluster.health)}` : undefined),
  );
}

async function makeNodes(
  aws: AwsCaller,
  account: string,
  cluster: any,
  nodes: number,
  progress: Progress,
): Promise<void> {
  const path = `/clusters/${cluster.name}/node-groups`;
  await aws.eks('POST', path, {
    nodegroupName: 'workers',
    nodeRole: `arn:aws:iam::${account}:role/${nodeRole}`,
    subnets: cluster.resourcesVpcConfig.subnetIds,
    instanceTypes: ['t3.medium'],
    scalingConfig: { minSize: 1, maxSize: Math.max(nodes, 5), desiredSize: nodes },
  });
  await poll(
    async () => (await aws.eks('GET', `${path}/workers`)).nodegroup,
    (group) => {
      const issue = issuesOf(group.health);
      if (issue) progress.note(`Node group workers: ${issue}`);
      return group.status === 'ACTIVE';
    },
    (group) => (group.status === 'CREATE_FAILED' ? `the node group failed: ${issuesOf(group.health)}` : undefined),
  );
}

/** The program that this is, as a kubeconfig calls it. */
function ownCommand(): { command: string; args: string[] } {
  const root = process.env['KEELSON_ROOT'];
  return root ? { command: `${root}/keelson`, args: [] } : { command: process.execPath, args: [process.argv[1]!] };
}

function writeKubeconfig(region: RunningRegion, cluster: any, path: string): void {
  const own = ownCommand();
  addToKubeconfig(path, {
    arn: cluster.arn,
    name: cluster.name,
    endpoint: cluster.endpoint,
    certificateAuthority: cluster.certificateAuthority.data,
    command: own.command,
    args: [...own.args, 'token', cluster.name, '--data', region.directory.path],
  });
}

async function createCluster(name: string, options: Options): Promise<number> {
  const started = performance.now();
  const region = runningRegion(options.text('data'));
  const aws = new AwsCaller(region);
  const { account } = region.identity;
  const nodes = options.integer('nodes', 0, 450) ?? 2;
  const kubeconfig = options.text('kubeconfig') ?? `${region.directory.path}/kubeconfig`;
  const progress = new Progress();
  try {
    progress.begin('IAM roles');
    await ensureRole(aws, clusterRole, 'eks.amazonaws.com');
    await ensureRole(aws, nodeRole, 'ec2.amazonaws.com');
    progress.begin(`Cluster ${name}`);
    const cluster = await makeCluster(aws, account, name, options.text('version'));
    progress.begin(`Kubeconfig ${kubeconfig}`);
    writeKubeconfig(region, cluster, kubeconfig);
    if (nodes > 0) {
      progress.begin(`Node group workers: ${nodes} t3.medium`);
      await makeNodes(aws, account, cluster, nodes, progress);
    }
    progress.done();
  } catch (error) {
    progress.fail();
    throw error;
  }
  process.stdout.write(`
Cluster ${name} is ready after ${formatDuration(performance.now() - started)}.

Next:
  ./keelson kubectl get nodes                kubectl with this kubeconfig
  export KUBECONFIG=${kubeconfig}            or your own kubectl
  aws eks describe-cluster --name ${name}
`);
  return 0;
}

async function gone(aws: AwsCaller, path: string): Promise<void> {
  for (;;) {
    try {
      await aws.eks('GET', path);
    } catch (error) {
      if (error instanceof AwsCallError && error.code === 'ResourceNotFoundException') return;
      throw error;
    }
    await pause(50);
  }
}

async function deleteCluster(name: string, options: Options): Promise<number> {
  const region = runningRegion(options.text('data'));
  const aws = new AwsCaller(region);
  const progress = new Progress();
  const { cluster } = await aws.eks('GET', `/clusters/${name}`);
  const { nodegroups } = await aws.eks('GET', `/clusters/${name}/node-groups`);
  for (const group of nodegroups as string[]) {
    progress.begin(`Deleting node group ${group}`);
    await aws.eks('DELETE', `/clusters/${name}/node-groups/${group}`);
    await gone(aws, `/clusters/${name}/node-groups/${group}`);
  }
  progress.begin(`Deleting cluster ${name}`);
  await aws.eks('DELETE', `/clusters/${name}`);
  await gone(aws, `/clusters/${name}`);
  progress.done();
  removeFromKubeconfig(options.text('kubeconfig') ?? `${region.directory.path}/kubeconfig`, cluster.arn);
  return 0;
}

export const createClusterCommand: Command = {
  name: 'create cluster',
  usage: 'NAME [--nodes N] [--version 1.NN] [--kubeconfig FILE] [--data DIR]',
  summary: 'Cluster, node group and kubeconfig in one go.',
  options: { ...dataOption, nodes: { type: 'string' }, version: { type: 'string' }, kubeconfig: { type: 'string' } },
  words: [1, 1],
  run: ([name], options) => createCluster(name!, options),
};

export const deleteClusterCommand: Command = {
  name: 'delete cluster',
  usage: 'NAME [--kubeconfig FILE] [--data DIR]',
  summary: 'Deletes a cluster and everything that belongs to it.',
  options: { ...dataOption, kubeconfig: { type: 'string' } },
  words: [1, 1],
  run: ([name], options) => deleteCluster(name!, options),
};
