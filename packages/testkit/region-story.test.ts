import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import type { Deployment } from '@keelson/model/generated/types/apps-v1.ts';
import type { Node } from '@keelson/model/generated/types/core-v1.ts';
import { type AwsAnswer, account, RegionInProcess } from './region-in-process.ts';

const { deployments, nodes, pods, services } = kubernetesResources;
const iamVersion = '2010-05-08';
const ec2Version = '2016-11-15';

/** What `element` holds in an XML answer, wherever it is. */
function values(answer: AwsAnswer, element: string): string[] {
  return [...String(answer.body).matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(
    ([, text]) => text!,
  );
}

/** The body of an answer that is no error. */
function ok(answer: AwsAnswer): any {
  assert.ok(answer.status < 300, `${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

function web(replicas: number): Deployment {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.21' }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas, selector: { matchLabels: labels }, template },
  } as Deployment;
}

const isReady = (node: Node) => node.status!.conditions!.some((one) => one.type === 'Ready' && one.status === 'True');

/** One administrator's day, step by step, and a transcript of it: what happened, and when. */
class Story {
  readonly transcript: string[] = [];
  readonly region: RegionInProcess;
  subnets: string[] = [];

  constructor(region: RegionInProcess) {
    this.region = region;
  }

  note(what: string, ...about: unknown[]): void {
    this.transcript.push(`${this.region.world.clock.now()} ${what} ${JSON.stringify(about)}`);
  }

  iam(action: string, parameters: Record<string, string>): Promise<AwsAnswer> {
    return this.region.query('iam', iamVersion, { Action: action, ...parameters });
  }

  ec2(action: string): Promise<AwsAnswer> {
    return this.region.query('ec2', ec2Version, { Action: action });
  }

  async roles(): Promise<void> {
    for (const [name, service, policies] of [
      ['cluster', 'eks', ['AmazonEKSClusterPolicy']],
      ['node', 'ec2', ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly']],
    ] as const) {
      const trust = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: `${service}.amazonaws.com` }, Action: 'sts:AssumeRole' }],
      };
      ok(await this.iam('CreateRole', { RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) }));
      for (const policy of policies)
        ok(await this.iam('AttachRolePolicy', { RoleName: name, PolicyArn: `arn:aws:iam::aws:policy/${policy}` }));
    }
    this.subnets = values(await this.ec2('DescribeSubnets'), 'subnetId');
    this.note('subnets', this.subnets);
  }

  async cluster(path = ''): Promise<any> {
    return ok(await this.region.eks('GET', `/clusters/demo${path}`));
  }

  async settled(what: string, path: string, body: unknown, method = 'POST'): Promise<void> {
    const { update } = ok(await this.region.eks(method, `/clusters/demo${path}`, body));
    assert.equal(update.status, 'InProgress');
    const group = /node-groups\/(\w+)/.exec(path);
    const at = `/updates/${update.id}${group ? `?nodegroupName=${group[1]}` : ''}`;
    await this.region.until(what, async () => (await this.cluster(at)).update.status !== 'InProgress', 3_600_000);
    const ended = (await this.cluster(at)).update;
    assert.equal(ended.status, 'Successful', JSON.stringify(ended));
    this.note(what, ended.type, ended.params);
  }

  async create(): Promise<void> {
    const { cluster } = ok(
      await this.region.eks('POST', '/clusters', {
        name: 'demo',
        version: '1.34',
        roleArn: `arn:aws:iam::${account}:role/cluster`,
        resourcesVpcConfig: { subnetIds: this.subnets },
        accessConfig: { authenticationMode: 'API_AND_CONFIG_MAP' },
      }),
    );
    assert.equal(cluster.status, 'CREATING');
    await this.region.until('ACTIVE', async () => (await this.cluster()).cluster.status === 'ACTIVE');
    const { nodegroup } = ok(
      await this.region.eks('POST', '/clusters/demo/node-groups', {
        nodegroupName: 'workers',
        nodeRole: `arn:aws:iam::${account}:role/node`,
        subnets: this.subnets,
        scalingConfig: { minSize: 1, maxSize: 5, desiredSize: 3 },
      }),
    );
    assert.equal(nodegroup.status, 'CREATING');
    await this.groupIs('ACTIVE');
    this.note('nodes', await this.nodeNames());
  }

  groupIs(status: string): Promise<void> {
    const phase = async () => (await this.cluster('/node-groups/workers')).nodegroup.status;
    return this.region.until(status, async () => (await phase()) === status, 3_600_000);
  }

  async nodes(): Promise<Node[]> {
    return (await this.region.kubectl('demo').resource(nodes).list()).items;
  }

  async nodeNames(): Promise<string[]> {
    return (await this.nodes()).map((node) => node.metadata!.name!);
  }

  async deploy(replicas: number): Promise<void> {
    const client = this.region.kubectl('demo');
    await client.resource(deployments).create(web(replicas));
    await client.resource(services).create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default' },
      spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    await this.available(replicas);
    const address = async () =>
      (await client.resource(services).get('web', 'default')).status?.loadBalancer?.ingress?.[0]?.ip;
    await this.region.until('an address', async () => (await address()) !== undefined);
    this.note('address', await address());
  }

  async available(replicas: number): Promise<void> {
    const resource = this.region.kubectl('demo').resource(deployments);
    const ready = async () => (await resource.get('web', 'default')).status?.availableReplicas === replicas;
    await this.region.until(`${replicas} available`, ready, 900_000);
    const { items } = await this.region.kubectl('demo').resource(pods).list({ labelSelector: 'app=web' });
    this.note(
      'pods',
      items.map((pod) => [pod.metadata!.name, pod.spec!.nodeName, pod.status!.podIP, pod.metadata!.uid]),
    );
  }

  async scale(desiredSize: number): Promise<void> {
    const body = { scalingConfig: { minSize: 1, maxSize: 5, desiredSize } };
    await this.settled(`${desiredSize} nodes`, '/node-groups/workers/update-config', body);
    await this.region.until('that many nodes', async () => {
      const all = await this.nodes();
      return all.length === desiredSize && all.every(isReady);
    });
    this.note('nodes', await this.nodeNames());
  }

  async upgrade(): Promise<void> {
    const tooFar = await this.region.eks('POST', '/clusters/demo/updates', { version: '1.36' });
    assert.equal(tooFar.status, 400);
    assert.match(tooFar.body.message, /Unsupported Kubernetes minor version update from 1\.34 to 1\.36/);
    const before = new Set(await this.nodeNames());
    const ahead = await this.region.eks('POST', '/clusters/demo/node-groups/workers/update-version', {
      version: '1.35',
    });
    assert.equal(ahead.status, 400, 'nodes are never newer than their cluster');
    await this.settled('cluster 1.35', '/updates', { version: '1.35' });
    assert.equal((await this.cluster()).cluster.version, '1.35');
    for (const node of await this.nodes()) assert.match(node.status!.nodeInfo!.kubeletVersion, /^v1\.34\./);
    await this.settled('nodes 1.35', '/node-groups/workers/update-version', { version: '1.35' });
    await this.region.until('the replaced are gone', async () => (await this.nodes()).length === before.size, 6_000);
    for (const node of await this.nodes()) {
      assert.match(node.status!.nodeInfo!.kubeletVersion, /^v1\.35\./);
      assert.ok(!before.has(node.metadata!.name!), 'every node was replaced');
    }
    this.note('nodes', await this.nodeNames());
  }

  async remove(): Promise<void> {
    // As EKS' guide says: a load balancer whose Service is still there outlives the cluster.
    const balanced = this.region.kubectl('demo').resource(services);
    await balanced.delete('web', 'default');
    await this.region.until(
      'no Service',
      async () => !(await balanced.list()).items.some((one) => one.spec?.type === 'LoadBalancer'),
    );
    const inUse = await this.region.eks('DELETE', '/clusters/demo');
    assert.deepEqual([inUse.status, inUse.body.message], [409, 'Cluster has nodegroups attached']);
    const { nodegroup } = ok(await this.region.eks('DELETE', '/clusters/demo/node-groups/workers'));
    assert.equal(nodegroup.status, 'DELETING');
    const gone = (path: string) => async () => (await this.region.eks('GET', `/clusters/demo${path}`)).status === 404;
    await this.region.until('no node group', gone('/node-groups/workers'), 3_600_000);
    await this.region.until('no nodes', async () => (await this.nodes()).length === 0, 6_000);
    assert.equal(ok(await this.region.eks('DELETE', '/clusters/demo')).cluster.status, 'DELETING');
    await this.region.until('no cluster', gone(''), 3_600_000);
    assert.deepEqual(values(await this.ec2('DescribeNetworkInterfaces'), 'networkInterfaceId'), []);
    const groups = values(await this.ec2('DescribeSecurityGroups'), 'groupName');
    assert.deepEqual([...new Set(groups)], ['default']);
    this.note('removed');
  }
}

async function withStory(seed: string, tell: (story: Story) => Promise<void>): Promise<string[]> {
  const region = await RegionInProcess.start(seed);
  try {
    const story = new Story(region);
    await story.roles();
    await story.create();
    await tell(story);
    return story.transcript;
  } finally {
    await region.stop();
  }
}

test('from a fresh region to an upgraded cluster and back', async () => {
  await withStory('whole story', async (story) => {
    await story.deploy(3);
    await story.scale(5);
    await story.scale(2);
    await story.available(3);
    await story.upgrade();
    await story.available(3);
    await story.remove();
  });
});

test('configuration changes one at a time, and says what it changed', async () => {
  await withStory('configuration', async (story) => {
    const { region } = story;
    await story.settled('logging', '/update-config', {
      logging: { clusterLogging: [{ types: ['api', 'audit'], enabled: true }] },
    });
    const enabled = (await story.cluster()).cluster.logging.clusterLogging.filter((one: any) => one.enabled);
    assert.deepEqual(enabled, [{ types: ['api', 'audit'], enabled: true }]);
    await story.settled('endpoint', '/update-config', { resourcesVpcConfig: { endpointPrivateAccess: true } });
    await story.settled('access', '/update-config', { accessConfig: { authenticationMode: 'API' } });
    const back = await region.eks('POST', '/clusters/demo/update-config', {
      accessConfig: { authenticationMode: 'CONFIG_MAP' },
    });
    assert.equal(back.status, 400);
    const first = await region.eks('POST', '/clusters/demo/update-config', {
      upgradePolicy: { supportType: 'STANDARD' },
    });
    ok(first);
    const labels = { addOrUpdateLabels: { tier: 'web' } };
    const taints = { addOrUpdateTaints: [{ key: 'busy', value: 'yes', effect: 'NO_SCHEDULE' }] };
    await story.settled('labels', '/node-groups/workers/update-config', { labels, taints });
    for (const node of await story.nodes()) {
      assert.equal(node.metadata!.labels!['tier'], 'web');
      assert.deepEqual(
        node.spec!.taints?.map((one) => `${one.key}=${one.value}:${one.effect}`),
        ['busy=yes:NoSchedule'],
      );
    }
    const { updateIds } = await story.cluster('/updates');
    assert.equal(updateIds.length, 4);
  });
});

test('access entries let principals in, and their policies say what they may', async () => {
  await withStory('access', async (story) => {
    const { region } = story;
    ok(await story.iam('CreateUser', { UserName: 'alice' }));
    const key = await story.iam('CreateAccessKey', { UserName: 'alice' });
    const [accessKeyId] = values(key, 'AccessKeyId');
    const [secretAccessKey] = values(key, 'SecretAccessKey');
    const client = region.kubectl('demo', { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! });
    const list = () =>
      client
        .resource(pods)
        .list({ namespace: 'default' })
        .then(
          () => 200,
          (error: any) => error.status?.code ?? error.code,
        );
    assert.equal(await list(), 401);
    const principalArn = `arn:aws:iam::${account}:user/alice`;
    const at = `/clusters/demo/access-entries/${encodeURIComponent(principalArn)}`;
    ok(await region.eks('POST', '/clusters/demo/access-entries', { principalArn }));
    await region.until('known', async () => (await list()) === 403);
    const policyArn = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy';
    const scope = (namespace: string) => ({ policyArn, accessScope: { type: 'namespace', namespaces: [namespace] } });
    ok(await region.eks('POST', `${at}/access-policies`, scope('elsewhere')));
    await region.world.clock.advance(60_000);
    assert.equal(await list(), 403);
    ok(await region.eks('POST', `${at}/access-policies`, scope('default')));
    await region.until('may read', async () => (await list()) === 200);
    ok(await region.eks('DELETE', at));
    await region.until('unknown again', async () => (await list()) === 401);
  });
});

test('the same seed gives the same run, another seed another', async () => {
  const day = async (story: Story) => {
    await story.deploy(2);
    await story.scale(4);
    await story.remove();
  };
  const [first, second, other] = [await withStory('s', day), await withStory('s', day), await withStory('t', day)];
  assert.deepEqual(first, second);
  assert.notDeepEqual(first, other);
});
