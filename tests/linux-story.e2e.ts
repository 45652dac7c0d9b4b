/**
 * The story that Keelson is for, with real containers: an empty region, a cluster by aws, the nginx tutorial by kubectl,
 * and the page through a load balancer, before and after everything was killed. Every name, nonce and moment is drawn
 * from a seed, which is printed; KEELSON_SEED repeats a run's choices, KEELSON_KILLS is how often (20 unless told otherwise).
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { linuxObstacle, missingPackages } from '@keelson/app/linux-prerequisites.ts';
import { createEksToken } from '@keelson/aws-protocol';
import { nameSuffix, randomHex, randomInteger, SeededRandom } from '@keelson/base';
import { killContainer, survivesKills } from './container-kills.ts';
import { controlProcesses, kernelState, roleCredentials } from './machine-state.ts';
import { eventually, RegionUnderTest, run, starts } from './region-under-test.ts';
import { webManifest } from './web-manifest.ts';

const root = new URL('..', import.meta.url).pathname;
const seed = process.env['KEELSON_SEED'] ?? String(Date.now());
const random = new SeededRandom(seed);
const missing = missingPackages();
const obstacle =
  linuxObstacle() ??
  (missing.length > 0 ? `${missing.join(', ')} are not installed` : undefined) ??
  ((await starts('aws', ['--version'])) ? undefined : 'aws is not installed') ??
  ((await starts('kubectl', ['version', '--client'])) ? undefined : 'kubectl is not installed');

const cluster = `story-${nameSuffix(random)}`;
const app = `web-${nameSuffix(random)}`;
const nonce = randomHex(random, 16);
const nodes = 2 + randomInteger(random, 2);
const kills = Math.min(Number(process.env['KEELSON_KILLS'] ?? 20), 50);

const trust = (service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: ['sts:AssumeRole'] }],
  });

/** The body of a page; each call is a connection of its own. */
function get(host: string, port = 80): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path: '/', agent: false, timeout: 5_000 }, async (incoming) => {
      let text = '';
      for await (const piece of incoming.setEncoding('utf8')) text += piece;
      resolve(text.trim());
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.once('error', reject);
    outgoing.end();
  });
}

describe('the story with containers', { skip: obstacle ?? false }, () => {
  let region: RegionUnderTest;
  let present: Record<string, string[]>;
  let address: string;
  let hostName: string;
  const manifest = webManifest(app, nonce);

  /** What is there now and was not before: another region of this machine may have come and gone meanwhile. */
  const newInKernel = async (): Promise<Record<string, string[]>> =>
    Object.fromEntries(
      Object.entries(await kernelState()).map(([kind, now]) => [
        kind,
        now.filter((one) => !present[kind]!.includes(one)),
      ]),
    );

  const podNames = async () =>
    (await region.kubectl('get', 'pods', '-l', `app=${app}`, '-o', 'jsonpath={.items[*].metadata.name}'))
      .trim()
      .split(' ')
      .filter(Boolean)
      .sort();
  const pagesOf = async (count: number) =>
    new Set(await Promise.all(Array.from({ length: count }, () => get(address))));

  before(async () => {
    process.stdout.write(`# seed ${seed}: cluster ${cluster}, ${nodes} nodes\n`);
    present = await kernelState();
    region = await RegionUnderTest.prepare();
    await region.up('linux', '--history', '2');
    const folder = `${region.data}/test-images`;
    const tool = ['--disable-warning=ExperimentalWarning', `${root}tools/images/main.ts`, folder, 'nginx', 'busybox'];
    const built = await run(process.execPath, tool, { limit: 300_000 });
    assert.equal(built.status, 0, built.stderr);
    for (const name of ['nginx', 'busybox']) await region.keelson('image', 'load', `${folder}/${name}.tar`);
  });
  after(() => region?.remove());

  test('aws makes the cluster and its nodes, and they become ready', async () => {
    const roleArn = async (name: string, service: string) =>
      (await region.aws('iam', 'create-role', '--role-name', name, '--assume-role-policy-document', trust(service)))
        .Role.Arn;
    const clusterRole = await roleArn(`${cluster}-cluster`, 'eks.amazonaws.com');
    const nodeRole = await roleArn(`${cluster}-node`, 'ec2.amazonaws.com');
    const policies = ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly'];
    for (const policy of policies) {
      const arn = `arn:aws:iam::aws:policy/${policy}`;
      await region.aws('iam', 'attach-role-policy', '--role-name', `${cluster}-node`, '--policy-arn', arn);
    }
    const { Subnets } = await region.aws('ec2', 'describe-subnets');
    const subnets = Subnets.map((one: any) => one.SubnetId);
    const made = await region.aws(
      'eks',
      'create-cluster',
      '--name',
      cluster,
      '--role-arn',
      clusterRole,
      '--resources-vpc-config',
      `subnetIds=${subnets.join(',')}`,
    );
    assert.equal(made.cluster.status, 'CREATING');
    await eventually(
      'the cluster is ACTIVE',
      async () => (await region.aws('eks', 'describe-cluster', '--name', cluster)).cluster.status === 'ACTIVE',
    );
    await region.must('aws', ['eks', 'update-kubeconfig', '--name', cluster]);
    const scaling = `minSize=1,maxSize=5,desiredSize=${nodes}`;
    await region.aws(
      'eks',
      'create-nodegroup',
      '--cluster-name',
      cluster,
      '--nodegroup-name',
      'workers',
      '--node-role',
      nodeRole,
      '--subnets',
      ...subnets,
      '--scaling-config',
      scaling,
      '--instance-types',
      't3.medium',
    );
    await eventually(
      'the node group is ACTIVE',
      async () =>
        (await region.aws('eks', 'describe-nodegroup', '--cluster-name', cluster, '--nodegroup-name', 'workers'))
          .nodegroup.status === 'ACTIVE',
      180_000,
    );
    const listed = JSON.parse(await region.kubectl('get', 'nodes', '-o', 'json')).items;
    assert.equal(listed.length, nodes);
    for (const node of listed) assert.match(node.status.nodeInfo.containerRuntimeVersion, /^containerd:/);
  });

  test('what runs in kube-system becomes ready', async () => {
    await eventually(
      'every pod is ready',
      async () => {
        const { items } = JSON.parse(await region.kubectl('get', 'pods', '-n', 'kube-system', '-o', 'json'));
        return (
          items.length >= 2 * nodes + 2 &&
          items.every((pod: any) => pod.status.containerStatuses?.every((one: any) => one.ready))
        );
      },
      180_000,
    );
  });

  test('the tutorial answers through the load balancer, from all three pods', async () => {
    await region.must('kubectl', ['apply', '-f', '-'], { input: manifest });
    await region.kubectl('rollout', 'status', `deployment/${app}`, '--timeout=120s');
    const ingress = await eventually('the service has an address', async () => {
      const { status } = JSON.parse(await region.kubectl('get', 'service', app, '-o', 'json'));
      return status.loadBalancer?.ingress?.[0];
    });
    address = ingress.ip;
    hostName = ingress.hostname;
    const expected = (await podNames()).map((name) => `${nonce} ${name}`);
    assert.equal(expected.length, 3);
    await eventually('all three pods have answered', async () => {
      const pages = await pagesOf(30);
      return expected.every((page) => pages.has(page)) && pages.size === 3;
    });
    const { stdout } = await region.must('kubectl', ['apply', '-f', '-'], { input: manifest });
    assert.equal(stdout.match(/unchanged/g)?.length, 4);
  });

  test('a pod reaches the app by ClusterIP, by DNS name and by the host name of the load balancer', async () => {
    await region.kubectl('run', 'client', '--image=busybox', '--restart=Never', '--command', '--', 'sleep', '100000');
    await region.kubectl('wait', '--for=condition=Ready', 'pod/client', '--timeout=60s');
    const clusterIp = await region.kubectl('get', 'service', app, '-o', 'jsonpath={.spec.clusterIP}');
    for (const host of [clusterIp, app, `${app}.default.svc.cluster.local`, hostName]) {
      const page = await eventually(`http://${host} answers in a pod`, async () => {
        const { status, stdout } = await region.try('kubectl', [
          'exec',
          'client',
          '--',
          // Debian's busybox dies of wget's own -T.
          'timeout',
          '5',
          'wget',
          '-q',
          '-O-',
          `http://${host}/`,
        ]);
        return status === 0 && stdout;
      });
      assert.ok(page.startsWith(`${nonce} ${app}-`), `${host} answered ${page}`);
    }
  });

  test('environment and files come from the ConfigMap and the Secret', async () => {
    const [pod] = await podNames();
    const inside = async (...command: string[]) => (await region.kubectl('exec', pod!, '--', ...command)).trim();
    assert.equal(await inside('sh', '-c', 'echo $PASSWORD'), `secret-${nonce}`);
    assert.equal(await inside('cat', '/etc/app/motd.txt'), `motd ${nonce}`);
    assert.equal(await inside('cat', '/etc/secret/password'), `secret-${nonce}`);
  });

  test('logs and exec are the container’s own', async () => {
    const [pod] = await podNames();
    await eventually('the access log tells of a request', async () => {
      await pagesOf(6);
      return /"GET \/ HTTP\/1\.1" 200/.test(await region.kubectl('logs', pod!));
    });
    assert.equal((await region.kubectl('exec', pod!, '--', 'hostname')).trim(), pod);
  });

  test('a pod that is deleted is replaced, and the page goes on', async () => {
    const [pod] = await podNames();
    await region.kubectl('delete', 'pod', pod!);
    await eventually('three others are ready', async () => {
      const names = await podNames();
      const ready = await region.kubectl('get', 'deployment', app, '-o', 'jsonpath={.status.readyReplicas}');
      return !names.includes(pod!) && names.length === 3 && ready === '3';
    });
    await eventually('only living pods answer', async () => {
      const expected = (await podNames()).map((name) => `${nonce} ${name}`);
      const pages = await pagesOf(20);
      return [...pages].every((page) => expected.includes(page));
    });
  });

  test('a container that is killed from outside comes back, later each time', async () => {
    const [pod] = await podNames();
    await killContainer(region, pod!);
    await eventually('it answers again', async () => [...(await pagesOf(20))].includes(`${nonce} ${pod}`));
  });

  test('a security-group rule that is revoked stops traffic between nodes, and one that is given lets it through', async () => {
    const described = await region.aws('eks', 'describe-cluster', '--name', cluster);
    const group: string = described.cluster.resourcesVpcConfig.clusterSecurityGroupId;
    const { items } = JSON.parse(await region.kubectl('get', 'pods', '-l', `app=${app}`, '-o', 'json'));
    const home = await region.kubectl('get', 'pod', 'client', '-o', 'jsonpath={.spec.nodeName}');
    const elsewhere = items.find((pod: any) => pod.spec.nodeName !== home);
    assert.ok(elsewhere, 'every pod of the app is on the client’s node');
    const reaches = async () => {
      const url = `http://${elsewhere.status.podIP}/`;
      const { status } = await region.try('kubectl', [
        'exec',
        'client',
        '--',
        'timeout',
        '3',
        'wget',
        '-q',
        '-O-',
        url,
      ]);
      return status === 0;
    };
    assert.equal(await reaches(), true);
    const rule = JSON.stringify([{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: group }] }]);
    const change = (verb: string) =>
      region.aws('ec2', `${verb}-security-group-ingress`, '--group-id', group, '--ip-permissions', rule);
    // The API server reaches nodes by the same rule: it is given an own one before, so that exec goes on.
    const { NetworkInterfaces } = await region.aws(
      'ec2',
      'describe-network-interfaces',
      '--filters',
      'Name=requester-id,Values=amazon-eks',
    );
    const own = JSON.stringify([
      { IpProtocol: '-1', IpRanges: NetworkInterfaces.map((one: any) => ({ CidrIp: `${one.PrivateIpAddress}/32` })) },
    ]);
    await region.aws('ec2', 'authorize-security-group-ingress', '--group-id', group, '--ip-permissions', own);
    await change('revoke');
    await eventually('nothing gets through', async () => !(await reaches()));
    await change('authorize');
    await eventually('it gets through again', reaches);
  });

  test('a node’s credentials do not read the secret of a pod on another node', async () => {
    const listed = JSON.parse(await region.kubectl('get', 'nodes', '-o', 'json')).items;
    const [home, other] = listed.map((node: any) => node.metadata.name as string);
    const secretOf = async (node: string) => {
      const name = `only-${node.split('.')[0]}`;
      await region.kubectl('create', 'secret', 'generic', name, `--from-literal=nonce=${nonce}`);
      const volumes = [{ name: 'secret', secret: { secretName: name } }];
      const containers = [{ name: 'main', image: 'busybox', command: ['sleep', '100000'] }];
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { nodeName: node, containers, volumes } };
      await region.must('kubectl', ['apply', '-f', '-'], { input: JSON.stringify(pod) });
      return name;
    };
    const [own, foreign] = [await secretOf(home), await secretOf(other)];
    const credentials = await roleCredentials(region.data, home);
    const endpoint = `https://sts.${region.env['AWS_REGION']}.amazonaws.com`;
    const token = createEksToken({
      clusterName: cluster,
      credentials,
      region: region.env['AWS_REGION']!,
      endpoint,
      now: Date.now(),
    });
    const { cluster: described } = await region.aws('eks', 'describe-cluster', '--name', cluster);
    const anonymous = `${region.data}/anonymous-kubeconfig`;
    const authority = { server: described.endpoint, 'certificate-authority-data': described.certificateAuthority.data };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: authority }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: '' } }],
      'current-context': 'c',
    };
    writeFileSync(anonymous, JSON.stringify(config));
    const read = (name: string) =>
      region.try('kubectl', ['--token', token, '--kubeconfig', anonymous, 'get', 'secret', name]);
    await eventually('the node reads what its own pod uses', async () => (await read(own)).status === 0);
    const refused = await read(foreign);
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /forbidden.*no relationship found between node/s);
  });

  test('containers go on when every process of the control side is killed, and up takes them over', async () => {
    const started = async () =>
      JSON.parse(await region.kubectl('get', 'pods', '-l', `app=${app}`, '-o', 'json'))
        .items.map((pod: any) => [pod.metadata.name, pod.status.containerStatuses[0].containerID])
        .sort();
    const before = await started();
    for (const pid of controlProcesses(region.data)) process.kill(pid, 'SIGKILL');
    assert.ok((await get(address)).startsWith(nonce));
    await region.up('linux');
    await eventually('the API answers with the same containers', async () => {
      assert.deepEqual(await started(), before);
      return true;
    });
    assert.ok((await get(address)).startsWith(nonce));
    await region.kubectl('scale', `deployment/${app}`, '--replicas=4');
    await region.kubectl('rollout', 'status', `deployment/${app}`, '--timeout=90s');
  });

  test(`everything survives ${kills} kills`, async (context) => {
    context.diagnostic(await survivesKills(region, cluster, random, seed, kills));
    const expected = (await podNames()).map((name) => `${nonce} ${name}`);
    await eventually('every pod answers', async () => {
      const pages = await pagesOf(40);
      return expected.every((page) => pages.has(page)) && pages.size === expected.length;
    });
  });

  test('down stops everything, and up brings the page back', async () => {
    await region.keelson('down');
    assert.deepEqual((await newInKernel())['namespaces'], []);
    await region.up('linux');
    await eventually(
      'the page answers again at its address',
      async () => (await get(address)).startsWith(nonce),
      120_000,
    );
  });

  test('everything goes, and nothing is left', async () => {
    await region.aws('eks', 'delete-nodegroup', '--cluster-name', cluster, '--nodegroup-name', 'workers');
    await eventually(
      'the node group is gone',
      async () =>
        (
          await region.try('aws', [
            'eks',
            'describe-nodegroup',
            '--cluster-name',
            cluster,
            '--nodegroup-name',
            'workers',
          ])
        ).status !== 0,
      180_000,
    );
    await region.aws('eks', 'delete-cluster', '--name', cluster);
    await eventually(
      'the cluster is gone',
      async () => (await region.try('aws', ['eks', 'describe-cluster', '--name', cluster])).status !== 0,
    );
    await region.keelson('reset', '--data', region.data, '--yes');
    for (const [kind, found] of Object.entries(await newInKernel())) assert.deepEqual(found, [], kind);
  });
});
