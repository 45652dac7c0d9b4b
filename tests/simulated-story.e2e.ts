/** The story that Keelson is for, on simulated compute, as its user does it: real aws, real kubectl, real processes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually, RegionUnderTest, starts } from './region-under-test.ts';

const haveAws = await starts('aws', ['--version']);
const haveKubectl = await starts('kubectl', ['version', '--client']);
const withoutAws = haveAws ? false : 'aws is not installed';
const withoutKubectl = haveKubectl ? false : 'kubectl is not installed';
const withoutEither = withoutAws || withoutKubectl;

const trust = (service: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  });

describe('the story with aws', { skip: withoutEither }, () => {
  let region: RegionUnderTest;
  let subnets: string[];
  let vpc: string;
  const account = '000000000000';

  before(async () => {
    region = await RegionUnderTest.start();
  });
  after(() => region?.remove());

  test('up says what to type next, and a second up that it is up', async () => {
    assert.match(await region.up(), /The region is up\.[\s\S]*eval "\$\(\.\/keelson env\)"/);
  });

  test('a new region looks like a fresh account', async () => {
    const [identity, vpcs, subnetList, zones, groups, instances, types] = await Promise.all([
      region.aws('sts', 'get-caller-identity'),
      region.aws('ec2', 'describe-vpcs'),
      region.aws('ec2', 'describe-subnets'),
      region.aws('ec2', 'describe-availability-zones'),
      region.aws('ec2', 'describe-security-groups'),
      region.aws('ec2', 'describe-instances'),
      region.aws('ec2', 'describe-instance-types', '--instance-types', 't3.medium'),
    ]);
    assert.equal(identity.Account, account);
    assert.equal(vpcs.Vpcs.length, 1);
    assert.equal(vpcs.Vpcs[0].CidrBlock, '172.31.0.0/16');
    assert.equal(vpcs.Vpcs[0].IsDefault, true);
    vpc = vpcs.Vpcs[0].VpcId;
    subnets = subnetList.Subnets.map((one: any) => one.SubnetId);
    const inZones = subnetList.Subnets.map((one: any) => one.AvailabilityZone).sort();
    assert.deepEqual(inZones, ['ap-northeast-2a', 'ap-northeast-2b', 'ap-northeast-2c']);
    assert.deepEqual(
      subnetList.Subnets.map((one: any) => one.AvailableIpAddressCount),
      [4091, 4091, 4091],
    );
    assert.deepEqual(zones.AvailabilityZones.map((one: any) => one.ZoneName).sort(), inZones);
    assert.deepEqual(
      groups.SecurityGroups.map((one: any) => [one.GroupName, one.VpcId]),
      [['default', vpc]],
    );
    assert.deepEqual(instances.Reservations, []);
    assert.equal(types.InstanceTypes[0].VCpuInfo.DefaultVCpus, 2);
    assert.equal(types.InstanceTypes[0].MemoryInfo.SizeInMiB, 4096);
    const [tables, gateways] = await Promise.all([
      region.aws('ec2', 'describe-route-tables'),
      region.aws('ec2', 'describe-internet-gateways'),
    ]);
    assert.equal(tables.RouteTables.length, 1);
    assert.equal(gateways.InternetGateways[0].Attachments[0].VpcId, vpc);
  });

  test('roles are made, listed, given policies, and deleted', async () => {
    for (const [name, service] of [
      ['clusterRole', 'eks.amazonaws.com'],
      ['nodeRole', 'ec2.amazonaws.com'],
      ['passing', 'ec2.amazonaws.com'],
    ]) {
      const { Role } = await region.aws(
        ...['iam', 'create-role', '--role-name', name!, '--assume-role-policy-document', trust(service!)],
      );
      assert.equal(Role.Arn, `arn:aws:iam::${account}:role/${name}`);
    }
    const policy = (name: string) => ['--policy-arn', `arn:aws:iam::aws:policy/${name}`];
    const attach = (role: string, name: string) =>
      region.aws('iam', 'attach-role-policy', '--role-name', role, ...policy(name));
    await Promise.all([
      attach('clusterRole', 'AmazonEKSClusterPolicy'),
      attach('nodeRole', 'AmazonEKSWorkerNodePolicy'),
      attach('nodeRole', 'AmazonEKS_CNI_Policy'),
      attach('nodeRole', 'AmazonEC2ContainerRegistryReadOnly'),
      attach('passing', 'AmazonEKS_CNI_Policy'),
    ]);
    const attached = await region.aws('iam', 'list-attached-role-policies', '--role-name', 'nodeRole');
    assert.deepEqual(attached.AttachedPolicies.map((one: any) => one.PolicyName).sort(), [
      'AmazonEC2ContainerRegistryReadOnly',
      'AmazonEKSWorkerNodePolicy',
      'AmazonEKS_CNI_Policy',
    ]);
    const conflict = await region.refused('aws', 'iam', 'delete-role', '--role-name', 'passing');
    assert.match(conflict, /\(DeleteConflict\).*Cannot delete entity, must detach all policies first/);
    await region.aws('iam', 'detach-role-policy', '--role-name', 'passing', ...policy('AmazonEKS_CNI_Policy'));
    await region.aws('iam', 'delete-role', '--role-name', 'passing');
    const missing = await region.refused('aws', 'iam', 'get-role', '--role-name', 'passing');
    assert.match(missing, /\(NoSuchEntity\).*The role with name passing cannot be found/);
  });

  test('create-cluster returns CREATING and becomes ACTIVE', async () => {
    const { cluster } = await region.aws(
      ...['eks', 'create-cluster', '--name', 'demo', '--role-arn', `arn:aws:iam::${account}:role/clusterRole`],
      ...['--resources-vpc-config', `subnetIds=${subnets.join(',')}`, '--kubernetes-version', '1.34'],
      ...['--tags', 'team=platform'],
    );
    assert.equal(cluster.status, 'CREATING');
    assert.equal(cluster.endpoint, undefined);
    await region.aws('eks', 'wait', 'cluster-active', '--name', 'demo');
    const active = (await region.aws('eks', 'describe-cluster', '--name', 'demo')).cluster;
    assert.match(active.endpoint, /^https:\/\/127\.0\.0\.1:\d+$/);
    const authority = Buffer.from(active.certificateAuthority.data, 'base64').toString();
    assert.match(authority, /^-----BEGIN CERTIFICATE-----/);
    assert.match(
      active.identity.oidc.issuer,
      /^https:\/\/oidc\.eks\.ap-northeast-2\.amazonaws\.com\/id\/[0-9A-F]{32}$/,
    );
    assert.equal(active.version, '1.34');
    assert.match(active.platformVersion, /^eks\.\d+$/);
    assert.equal(active.resourcesVpcConfig.vpcId, vpc);
    assert.match(active.resourcesVpcConfig.clusterSecurityGroupId, /^sg-[0-9a-f]{17}$/);
    assert.deepEqual(active.resourcesVpcConfig.subnetIds.toSorted(), subnets.toSorted());
    assert.deepEqual(active.tags, { team: 'platform' });
    assert.equal(active.accessConfig.authenticationMode, 'CONFIG_MAP');
    assert.deepEqual((await region.aws('eks', 'list-clusters')).clusters, ['demo']);
  });

  test('create-nodegroup makes three instances in three zones', async () => {
    const { nodegroup } = await region.aws(
      ...['eks', 'create-nodegroup', '--cluster-name', 'demo', '--nodegroup-name', 'workers'],
      ...['--node-role', `arn:aws:iam::${account}:role/nodeRole`, '--subnets', ...subnets],
      ...['--scaling-config', 'minSize=1,maxSize=5,desiredSize=3', '--instance-types', 't3.medium'],
      ...['--labels', 'tier=web'],
    );
    assert.equal(nodegroup.status, 'CREATING');
    await region.aws('eks', 'wait', 'nodegroup-active', '--cluster-name', 'demo', '--nodegroup-name', 'workers');
    const { Reservations } = await region.aws('ec2', 'describe-instances');
    const found = Reservations.flatMap((one: any) => one.Instances);
    assert.deepEqual(
      found.map((one: any) => `${one.State.Name} ${one.InstanceType} ${one.Placement.AvailabilityZone}`).sort(),
      ['a', 'b', 'c'].map((zone) => `running t3.medium ap-northeast-2${zone}`),
    );
  });

  test('update-kubeconfig and kubectl: three Ready nodes as EKS has them', async () => {
    await region.must('aws', ['eks', 'update-kubeconfig', '--name', 'demo']);
    const { items } = JSON.parse(await region.kubectl('get', 'nodes', '-o', 'json'));
    assert.equal(items.length, 3);
    const zones = new Set<string>();
    for (const { metadata, spec, status } of items) {
      const address = status.addresses.find((one: any) => one.type === 'InternalIP').address;
      assert.equal(metadata.name, `ip-${address.replaceAll('.', '-')}.ap-northeast-2.compute.internal`);
      assert.match(status.nodeInfo.kubeletVersion, /^v1\.34\.\d+-eks-[0-9a-f]{7}$/);
      assert.equal(status.conditions.find((one: any) => one.type === 'Ready').status, 'True');
      const { labels } = metadata;
      const zone = labels['topology.kubernetes.io/zone'];
      zones.add(zone);
      assert.equal(labels['topology.kubernetes.io/region'], 'ap-northeast-2');
      assert.equal(labels['node.kubernetes.io/instance-type'], 't3.medium');
      assert.equal(labels['eks.amazonaws.com/nodegroup'], 'workers');
      assert.equal(labels['eks.amazonaws.com/capacityType'], 'ON_DEMAND');
      assert.equal(labels['kubernetes.io/hostname'], metadata.name);
      assert.equal(labels['tier'], 'web');
      assert.match(spec.providerID, new RegExp(`^aws:///${zone}/i-[0-9a-f]{17}$`));
    }
    assert.equal(zones.size, 3);
  });

  test('the creator is administrator, hidden in CONFIG_MAP mode; others come by aws-auth', async () => {
    assert.match(await region.kubectl('auth', 'can-i', '*', '*', '--all-namespaces'), /^yes/);
    const hidden = await region.refused('aws', 'eks', 'list-access-entries', '--cluster-name', 'demo');
    assert.match(hidden, /\(InvalidRequestException\).*authentication mode/);
    await region.aws('iam', 'create-user', '--user-name', 'alice');
    const { AccessKey } = await region.aws('iam', 'create-access-key', '--user-name', 'alice');
    const alice = {
      env: { AWS_ACCESS_KEY_ID: AccessKey.AccessKeyId, AWS_SECRET_ACCESS_KEY: AccessKey.SecretAccessKey },
    };
    const asAlice = () => region.try('kubectl', ['get', 'pods', '-n', 'default'], alice);
    const unknown = await asAlice();
    assert.notEqual(unknown.status, 0);
    assert.match(unknown.stderr, /You must be logged in to the server|Unauthorized/);

    const map = JSON.parse(await region.kubectl('get', 'configmap', 'aws-auth', '-n', 'kube-system', '-o', 'json'));
    assert.match(map.data.mapRoles, /system:node:\{\{EC2PrivateDNSName\}\}/);
    const mapUsers = `- userarn: arn:aws:iam::${account}:user/alice\n  username: alice\n  groups: [viewers]\n`;
    const patch = JSON.stringify({ data: { mapUsers } });
    await region.kubectl('patch', 'configmap', 'aws-auth', '-n', 'kube-system', '--type', 'merge', '-p', patch);
    const known = await eventually('alice is known', async () => {
      const outcome = await asAlice();
      return outcome.stderr.includes('Forbidden') ? outcome : undefined;
    });
    assert.match(
      known.stderr,
      /Error from server \(Forbidden\): pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"/,
    );
    await region.kubectl('create', 'clusterrolebinding', 'viewers', '--clusterrole=view', '--group=viewers');
    await eventually('alice may read', async () => (await asAlice()).status === 0);
    await region.aws('iam', 'delete-access-key', '--user-name', 'alice', '--access-key-id', AccessKey.AccessKeyId);
    const revoked = await asAlice();
    assert.notEqual(revoked.status, 0, 'a deleted access key is refused at the next call');
    assert.match(revoked.stderr, /Unauthorized|must be logged in/);
  });

  test('deleting: ResourceInUse, DELETING, then not found', async () => {
    const named = ['--cluster-name', 'demo', '--nodegroup-name', 'workers'];
    const inUse = await region.refused('aws', 'eks', 'delete-cluster', '--name', 'demo');
    assert.match(inUse, /\(ResourceInUseException\).*Cluster has nodegroups attached/);
    const { nodegroup } = await region.aws('eks', 'delete-nodegroup', ...named);
    assert.equal(nodegroup.status, 'DELETING');
    await region.aws('eks', 'wait', 'nodegroup-deleted', ...named);
    const noGroup = await region.refused('aws', 'eks', 'describe-nodegroup', ...named);
    assert.match(noGroup, /\(ResourceNotFoundException\).*No node group found for name: workers\./);
    const { Reservations } = await region.aws('ec2', 'describe-instances');
    const states = Reservations.flatMap((one: any) => one.Instances).map((one: any) => one.State.Name);
    assert.deepEqual([...new Set(states)], ['terminated']);
    const nodes = () => region.must('kubectl', ['get', 'nodes']);
    await eventually('its nodes are gone', async () => (await nodes()).stderr.includes('No resources found'));

    const { cluster } = await region.aws('eks', 'delete-cluster', '--name', 'demo');
    assert.equal(cluster.status, 'DELETING');
    await region.aws('eks', 'wait', 'cluster-deleted', '--name', 'demo');
    const noCluster = await region.refused('aws', 'eks', 'describe-cluster', '--name', 'demo');
    assert.match(noCluster, /\(ResourceNotFoundException\).*No cluster found for name: demo\./);
    assert.equal(region.clusterProcess('demo'), undefined);
    const { SecurityGroups } = await region.aws('ec2', 'describe-security-groups');
    assert.deepEqual(
      SecurityGroups.map((one: any) => one.GroupName),
      ['default'],
    );
    const { NetworkInterfaces } = await region.aws('ec2', 'describe-network-interfaces');
    assert.deepEqual(NetworkInterfaces, []);
  });
});
