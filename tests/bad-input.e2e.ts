/** What people and programs get wrong, against real processes: each gets AWS' or Kubernetes' own answer, and nobody dies. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuSeconds, eventually, RegionUnderTest, starts } from './region-under-test.ts';
import { type Answer, ClusterApi, FrontDoor } from './signed-requests.ts';

const withoutKubectl = (await starts('kubectl', ['version', '--client'])) ? false : 'kubectl is not installed';
const isRoot = process.getuid?.() === 0;
const account = '000000000000';
const nobody = { uid: 65534, gid: 65534 };

let region: RegionUnderTest;
let door: FrontDoor;
let api: ClusterApi;
let subnetIds: string[];

before(async () => {
  region = await RegionUnderTest.start();
  await region.keelson('create', 'cluster', 'demo', '--nodes', '2');
  door = new FrontDoor(region);
  api = await ClusterApi.of(region, 'demo');
  subnetIds = (await door.eks('GET', '/clusters/demo')).json.cluster.resourcesVpcConfig.subnetIds;
});
after(async () => {
  api?.agent.destroy();
  await region?.remove();
});

function ec2(parameters: Record<string, string>): Promise<Answer> {
  const form = new URLSearchParams({ ...parameters, Version: '2016-11-15' }).toString();
  return door.send('POST', '/', form, {
    service: 'ec2',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  });
}

function clusterInput(change: object = {}): object {
  return {
    name: 'other',
    roleArn: `arn:aws:iam::${account}:role/eksClusterRole`,
    resourcesVpcConfig: { subnetIds },
    clientRequestToken: 'a-token',
    ...change,
  };
}

async function isAwsError(answer: Promise<Answer>, status: number, code: string, message: RegExp): Promise<void> {
  const { status: seen, headers, json, text } = await answer;
  const type = String(headers['x-amzn-errortype'] ?? '').split(':')[0];
  assert.deepEqual([seen, type], [status, code], text);
  assert.match(json.message, message);
}

async function isStatus(answer: Promise<Answer>, code: number, reason: string, message: RegExp): Promise<void> {
  const { status, json, text } = await answer;
  assert.deepEqual([status, json?.kind, json?.reason], [code, 'Status', reason], text);
  assert.match(json.message, message);
}

describe('at the front door', () => {
  test('signatures: missing, wrong, expired, of nobody, of another service', async () => {
    const get = (options: object) => door.send('GET', '/clusters', '', options);
    const strip = ({ authorization: _, ...rest }: Record<string, string>) => rest;
    await isAwsError(get({ change: strip }), 403, 'MissingAuthenticationToken', /missing Authentication Token/i);
    const credentials = { ...door.credentials, secretAccessKey: 'wrong' };
    const mismatch = /The request signature we calculated does not match the signature you provided/;
    await isAwsError(get({ credentials }), 403, 'InvalidSignatureException', mismatch);
    await isAwsError(get({ ahead: -20 * 60_000 }), 403, 'InvalidSignatureException', /Signature expired: \d{8}T\d{6}Z/);
    await isAwsError(get({ ahead: 20 * 60_000 }), 403, 'InvalidSignatureException', /Signature not yet current/);
    const nobodys = { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey: 'x' };
    const invalid = /The security token included in the request is invalid/;
    await isAwsError(get({ credentials: nobodys }), 403, 'UnrecognizedClientException', invalid);
    const foreign = await get({ region: 'us-west-2' });
    assert.equal(foreign.status, 403, foreign.text);
  });

  test('bodies: no JSON, the wrong kind, far too large', async () => {
    await isAwsError(door.send('POST', '/clusters', '{"name":'), 400, 'SerializationException', /./);
    await isAwsError(door.send('POST', '/clusters', '[]'), 400, 'SerializationException', /./);
    await isAwsError(door.eks('POST', '/clusters', clusterInput({ name: 7 })), 400, 'SerializationException', /./);
    const large = await door.send('POST', '/clusters', Buffer.alloc(100 * 1024 ** 2, 'x')).then(
      ({ status }) => status,
      (error) => error.code,
    );
    assert.ok([413, 'ECONNRESET', 'EPIPE'].includes(large), String(large));
  });

  test('create-cluster: what is named wrong is named in the answer', async () => {
    const create = (change: object) => door.eks('POST', '/clusters', clusterInput(change));
    const invalid = (change: object, message: RegExp) =>
      isAwsError(create(change), 400, 'InvalidParameterException', message);
    await invalid({ version: '1.99' }, /unsupported Kubernetes version/i);
    await invalid({ resourcesVpcConfig: { subnetIds: ['subnet-00000000000000000', subnetIds[0]] } }, /subnet/i);
    await invalid({ resourcesVpcConfig: { subnetIds: [subnetIds[0]] } }, /at least two different AZs/i);
    await invalid({ roleArn: `arn:aws:iam::${account}:role/nobody` }, /role/i);
    await invalid({ name: 'a'.repeat(101) }, /100/);
    await invalid({ name: '-demo' }, /demo|pattern|name/i);
    await isAwsError(create({ name: 'demo' }), 409, 'ResourceInUseException', /Cluster already exists with name: demo/);
  });

  test('two creates of one name at once make one cluster', async () => {
    const input = (token: string) => clusterInput({ name: 'twin', clientRequestToken: token });
    const answers = await Promise.all(['a', 'b', 'c'].map((token) => door.eks('POST', '/clusters', input(token))));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409]);
    await eventually(
      'it is active',
      async () => (await door.eks('GET', '/clusters/twin')).json.cluster.status === 'ACTIVE',
    );
    await door.eks('DELETE', '/clusters/twin');
    await eventually('it is gone', async () => (await door.eks('GET', '/clusters/twin')).status === 404);
  });

  test('create-nodegroup: unknown instance type, role, label; a cluster that is not there', async () => {
    const create = (change: object, cluster = 'demo') =>
      door.eks('POST', `/clusters/${cluster}/node-groups`, {
        nodegroupName: 'more',
        nodeRole: `arn:aws:iam::${account}:role/eksNodeRole`,
        subnets: subnetIds,
        ...change,
      });
    await isAwsError(create({ instanceTypes: ['t9.huge'] }), 400, 'InvalidParameterException', /t9\.huge/);
    await isAwsError(
      create({ nodeRole: `arn:aws:iam::${account}:role/nobody` }),
      400,
      'InvalidParameterException',
      /role/i,
    );
    await isAwsError(
      create({ scalingConfig: { minSize: 3, maxSize: 1, desiredSize: 2 } }),
      400,
      'InvalidParameterException',
      /size/i,
    );
    await isAwsError(create({}, 'nothing'), 404, 'ResourceNotFoundException', /No cluster found for name: nothing\./);
  });

  test('an operation that is not there, a service that is not there', async () => {
    const addons = await door.eks('GET', '/no-such-path');
    assert.ok(addons.status >= 400 && addons.status < 500, addons.text);
    const unknown = await door.send('POST', '/', '{}', { service: 'dynamodb' });
    assert.ok(unknown.status >= 400 && unknown.status < 502, unknown.text);
    assert.match(unknown.text, /dynamodb/i);
    assert.match((await ec2({ Action: 'NoSuchAction' })).text, /<Code>InvalidAction<\/Code>/);
  });

  test('a subnet with no free address: the node group says so, and recovers', async () => {
    const vpcId = (await door.eks('GET', '/clusters/demo')).json.cluster.resourcesVpcConfig.vpcId;
    const made = await ec2({ Action: 'CreateSubnet', VpcId: vpcId, CidrBlock: '172.31.255.0/28' });
    const subnet = /<subnetId>(.*?)<\/subnetId>/.exec(made.text)?.[1];
    assert.ok(subnet, made.text);
    const path = '/clusters/demo/node-groups';
    const small = await door.eks('POST', path, {
      nodegroupName: 'small',
      nodeRole: `arn:aws:iam::${account}:role/eksNodeRole`,
      subnets: [subnet],
      scalingConfig: { minSize: 1, maxSize: 20, desiredSize: 14 },
    });
    assert.equal(small.status, 200, small.text);
    const issue = await eventually('an issue', async () => {
      const { nodegroup } = (await door.eks('GET', `${path}/small`)).json;
      return nodegroup.health.issues[0];
    });
    assert.equal(issue.code, 'InsufficientFreeAddresses');
    await door.eks('DELETE', `${path}/small`);
    await eventually('it is gone', async () => (await door.eks('GET', `${path}/small`)).status === 404);
    const deleted = () => ec2({ Action: 'DeleteSubnet', SubnetId: subnet });
    await eventually('the subnet can go', async () => (await deleted()).status === 200);
  });
});

describe("at a cluster's API server", { skip: withoutKubectl }, () => {
  const pod = (spec: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'odd' },
    spec: { containers: [{ name: 'c', image: 'busybox', ...spec }] },
  });
  const pods = '/api/v1/namespaces/default/pods';

  test('tokens: none, nonsense, of another cluster', async () => {
    const as = (authorization: string) => api.send('GET', pods, undefined, { authorization });
    await isStatus(as('Bearer nonsense'), 401, 'Unauthorized', /^Unauthorized$/);
    const forged = Buffer.from('https://sts.ap-northeast-2.amazonaws.com/?Action=GetCallerIdentity').toString(
      'base64url',
    );
    await isStatus(as(`Bearer k8s-aws-v1.${forged}`), 401, 'Unauthorized', /^Unauthorized$/);
    const other = JSON.parse((await region.keelson('token', 'another')).stdout).status.token;
    await isStatus(as(`Bearer ${other}`), 401, 'Unauthorized', /^Unauthorized$/);
    await isStatus(as('Basic eDp5'), 401, 'Unauthorized', /^Unauthorized$/);
    const anonymous = await api.send('GET', '/livez', undefined, { authorization: 'Basic eDp5' });
    assert.equal(anonymous.text, 'ok', 'who is nobody may ask how the server is');
  });

  test('manifests: quantity, port, selector, name, kind, unknown field', async () => {
    const manifest = join(region.data, 'bad.yaml');
    const applied = async (text: string) => {
      writeFileSync(manifest, text);
      return region.refused('kubectl', 'apply', '-f', manifest);
    };
    const created = (object: object) => api.send('POST', pods, object);
    await isStatus(
      created(pod({ resources: { requests: { cpu: '1x' } } })),
      400,
      'BadRequest',
      /quantities must match the regular expression/,
    );
    const port = { ports: [{ containerPort: 70_000 }] };
    await isStatus(
      created(pod(port)),
      422,
      'Invalid',
      /spec\.containers\[0\]\.ports\[0\]\.containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive/,
    );
    const deployment = `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: odd}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: c}}\n    spec: {containers: [{name: c, image: i}]}\n`;
    assert.match(
      await applied(deployment),
      /spec\.template\.metadata\.labels: Invalid value: .*`selector` does not match template `labels`/,
    );
    assert.match(
      await applied(deployment.replace('odd', 'Odd_Name')),
      /a lowercase RFC 1123 subdomain must consist of/,
    );
    assert.match(await applied(deployment.replace('selector:', 'slector:')), /unknown field "spec\.slector"/);
    assert.match(
      await applied(deployment.replace('Deployment', 'Deploy')),
      /no matches for kind "Deploy" in version "apps\/v1"/,
    );
    assert.match(await applied('a: [}'), /error (parsing|converting)/);
    const long = { ...pod({}), metadata: { name: 'a'.repeat(254) } };
    await isStatus(
      created(long),
      422,
      'Invalid',
      /metadata\.name: Invalid value: .*must be no more than 253 (characters|bytes)/,
    );
    await isStatus(api.send('POST', pods, '{"kind":'), 400, 'BadRequest', /./);
    await isStatus(created({ ...pod({}), kind: 'Node' }), 400, 'BadRequest', /./);
    const huge = await api.send('POST', pods, `{"a":"${'x'.repeat(8 * 1024 ** 2)}"}`).then(
      ({ status }) => status,
      (error) => error.code,
    );
    assert.ok([413, 'ECONNRESET', 'EPIPE'].includes(huge), String(huge));
  });

  test('a stale resourceVersion is a conflict, a second create too', async () => {
    const at = '/api/v1/namespaces/default/configmaps';
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { n: '1' } };
    const answers = await Promise.all([1, 2, 3].map(() => api.send('POST', at, config)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409]);
    const { json: first } = await api.send('GET', `${at}/c`);
    assert.equal((await api.send('PUT', `${at}/c`, { ...first, data: { n: '2' } })).status, 200);
    const stale = api.send('PUT', `${at}/c`, { ...first, data: { n: '3' } });
    await isStatus(
      stale,
      409,
      'Conflict',
      /Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to the latest version and try again/,
    );
  });

  test('selectors, limits and revisions that make no sense', async () => {
    await isStatus(
      api.send('GET', `${pods}?labelSelector=a%3D%3D%3D`),
      400,
      'BadRequest',
      /unable to parse requirement|found '='/,
    );
    await isStatus(
      api.send('GET', `${pods}?fieldSelector=spec.nothing%3D1`),
      400,
      'BadRequest',
      /field label not supported: spec\.nothing/,
    );
    await isStatus(api.send('GET', `${pods}?continue=abc&limit=1`), 400, 'BadRequest', /continue key is not valid/);
    const future = await api.send('GET', `${pods}?resourceVersion=999999999`);
    assert.equal(future.status, 504, future.text);
    assert.match(future.json.message, /Too large resource version/);
  });

  test('a pod that is bigger than every node waits, and says why', async () => {
    const big = { ...pod({ resources: { requests: { cpu: '100' } } }), metadata: { name: 'big' } };
    assert.equal((await api.send('POST', pods, big)).status, 201);
    const condition = await eventually('a condition', async () =>
      (await api.send('GET', `${pods}/big`)).json.status.conditions?.find((one: any) => one.type === 'PodScheduled'),
    );
    assert.deepEqual([condition.status, condition.reason], ['False', 'Unschedulable']);
    assert.match(condition.message, /^0\/2 nodes are available: 2 Insufficient cpu\./);
  });

  test('a hundred megabytes, half a request, and noise at the door', async () => {
    const before = region.processes();
    const body = 'x'.repeat(100 * 1024 ** 2);
    await api.send('POST', pods, body).catch(() => {});
    assert.equal((await api.send('GET', '/readyz')).text, 'ok');
    assert.deepEqual(region.processes(), before);
  });
});

describe('on the machine', () => {
  test('the port of the front door in use', async () => {
    const other = await RegionUnderTest.prepare();
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(other.port, '127.0.0.1', resolve));
    try {
      const { status, stdout, stderr } = await other.try('keelson', [
        'up',
        '--port',
        String(other.port),
        '--compute',
        'simulated',
      ]);
      assert.notEqual(status, 0);
      assert.match(stdout + stderr, new RegExp(`port ${other.port}|127\\.0\\.0\\.1:${other.port}`));
      assert.match(stdout + stderr, /in use/);
      assert.deepEqual(other.processes(), []);
    } finally {
      server.close();
      await other.remove();
    }
  });

  test('a data directory of somebody else, or one that cannot be written', {
    skip: !isRoot && 'needs root',
  }, async () => {
    const other = await RegionUnderTest.prepare();
    try {
      const foreign = join(other.data, 'foreign');
      mkdirSync(foreign);
      chownSync(foreign, nobody.uid, nobody.gid);
      const up = (data: string, user?: typeof nobody) =>
        other.try(
          'keelson',
          ['up', '--data', data, '--port', String(other.port), '--compute', 'simulated'],
          user ? { user, env: { HOME: '/nonexistent' } } : {},
        );
      const owned = await up(foreign);
      assert.notEqual(owned.status, 0);
      assert.match(owned.stderr, new RegExp(`belongs to user ${nobody.uid}`));
      chmodSync(other.data, 0o755);
      const closed = join(other.data, 'closed');
      mkdirSync(closed, { mode: 0o755 });
      const denied = await up(join(closed, 'data'), nobody);
      assert.notEqual(denied.status, 0);
      assert.match(denied.stderr, /may not be written by this user/);
      assert.deepEqual(other.processes(), []);
    } finally {
      await other.remove();
    }
  });

  test('commands without a region, or that do not exist', async () => {
    const other = await RegionUnderTest.prepare();
    try {
      assert.match(await other.refused('keelson', 'status'), /no region runs in .*; start it with 'keelson up'/);
      assert.match(await other.refused('keelson', 'fly'), /fly/);
      assert.match(await other.refused('keelson', 'up', '--region', 'moon'), /'moon' is no AWS region's name/);
      assert.match(await other.refused('keelson', 'up', '--port', '70000'), /70000|65535/);
      assert.match(await region.refused('keelson', 'create', 'cluster', 'Bad Name'), /name/i);
    } finally {
      await other.remove();
    }
  });

  test('an aws that is too old to be pointed at an endpoint', async () => {
    const old = join(region.data, 'aws');
    writeFileSync(old, '#!/bin/sh\necho aws-cli/1.22.34 Python/3.10.6\n', { mode: 0o755 });
    const { stderr } = await region.try('keelson', ['env'], { env: { PATH: `${region.data}:${process.env['PATH']}` } });
    assert.match(stderr, /aws 1\.22 is too old to be pointed at an endpoint/);
  });

  test('after all that nobody has died, and nobody spins', async () => {
    const pids = region.processes();
    assert.equal(pids.length, 2);
    const logs = readFileSync(join(region.data, 'logs', 'region.log'), 'utf8');
    assert.doesNotMatch(logs, /uncaught|unhandled/i);
    const used = () => pids.map(cpuSeconds);
    // Rest is what they come to; a process that spins never does.
    await eventually('they rest', async () => {
      const [before, from] = [used(), performance.now()];
      await delay(3_000);
      const seconds = (performance.now() - from) / 1000;
      return used().every((after, index) => (after - before[index]!) / seconds < 0.05);
    });
  });
});
