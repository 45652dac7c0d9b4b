/** kubectl's verbs of every day on a cluster that `keelson create cluster` has made, with simulated nodes. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, RegionUnderTest, starts } from './region-under-test.ts';

const withoutKubectl = (await starts('kubectl', ['version', '--client'])) ? false : 'kubectl is not installed';

const tutorial = (image: string, replicas = 3) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: ${replicas}
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: nginx
        image: ${image}
        ports:
        - containerPort: 80
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  selector: {app: web}
  ports:
  - port: 80
    targetPort: 80
`;

describe("kubectl's daily verbs", { skip: withoutKubectl }, () => {
  let region: RegionUnderTest;
  let manifest: string;
  const kubectl = (...args: string[]) => region.kubectl(...args);
  const json = async (...args: string[]) => JSON.parse(await kubectl(...args, '-o', 'json'));
  const path = (of: string, expression: string) => kubectl('get', ...of.split(' '), '-o', `jsonpath=${expression}`);
  const writeManifest = (text: string) => writeFileSync(manifest, text);

  before(async () => {
    region = await RegionUnderTest.start();
    manifest = join(region.data, 'web.yaml');
    const { stdout } = await region.keelson('create', 'cluster', 'demo', '--nodes', '3');
    assert.match(stdout, /Cluster demo is ready after .*[\s\S]*kubectl get nodes/);
  });
  after(() => region?.remove());

  test('apply makes the tutorial, again it is unchanged, and diff is empty', async () => {
    writeManifest(tutorial('nginx:1.21'));
    const made = await kubectl('apply', '-f', manifest);
    assert.equal(made, 'deployment.apps/web created\nservice/web created\n');
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    assert.equal(await kubectl('apply', '-f', manifest), 'deployment.apps/web unchanged\nservice/web unchanged\n');
    assert.equal(await kubectl('diff', '-f', manifest), '');
    const address = await eventually('the load balancer has an address', () =>
      path('service web', '{.status.loadBalancer.ingress[0].ip}'),
    );
    assert.match(address, /^127\.90\.\d+\.\d+$/);
    assert.match(
      await kubectl('get', 'svc', 'web'),
      new RegExp(`web +LoadBalancer +10\\.100\\.\\S+ +${address}.* 80:3\\d{4}/TCP`),
    );
    assert.match((await region.keelson('status')).stdout, /no \(simulated\)/);
  });

  test('the pods are spread over the zones and answered for in kube-system', async () => {
    const pods = await json('get', 'pods', '-l', 'app=web');
    assert.equal(new Set(pods.items.map((pod: any) => pod.spec.nodeName)).size, 3);
    const system = await kubectl('get', 'pods', '-n', 'kube-system', '--no-headers');
    for (const name of ['aws-node', 'kube-proxy', 'coredns'])
      assert.match(system, new RegExp(`^${name}-\\S+ +1/1 +Running`, 'm'));
  });

  test('get in every form', async () => {
    assert.match(await kubectl('get', 'deploy'), /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +3\/3 +3 +3 +\d+s\n$/);
    assert.match(
      await kubectl('get', 'pods', '-o', 'wide'),
      /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n/,
    );
    assert.match(await kubectl('get', 'deploy', 'web', '-o', 'yaml'), /^apiVersion: apps\/v1\nkind: Deployment\n/);
    assert.equal((await json('get', 'deploy', 'web')).spec.replicas, 3);
    assert.equal(await kubectl('get', 'deploy', '-o', 'name'), 'deployment.apps/web\n');
    assert.equal(
      await path('pods -l app=web', '{.items[*].spec.containers[0].image}'),
      'nginx:1.21 nginx:1.21 nginx:1.21',
    );
    assert.match(
      await kubectl('get', 'pods', '-o', 'custom-columns=N:.metadata.name,P:.status.phase'),
      /web-\S+ +Running/,
    );
    assert.match(
      await kubectl('get', 'pods', '-A', '--field-selector', 'status.phase=Running'),
      /kube-system +coredns/,
    );
    assert.equal(await kubectl('get', 'pods', '--field-selector', 'status.phase=Failed', '-o', 'name'), '');
    assert.match(await kubectl('get', 'pods', '--show-labels'), /app=web,pod-template-hash=/);
    assert.match(await kubectl('get', 'all'), /service\/kubernetes +ClusterIP +10\.100\.0\.1 /);
    assert.match(await kubectl('get', 'pods', '--sort-by=.metadata.name', '-L', 'app'), /APP\n/);
    assert.match(await kubectl('get', 'nodes', '--chunk-size=1', '-o', 'name'), /^(node\/ip-\S+\n){3}$/);
    const missing = await region.refused('kubectl', 'get', 'deploy', 'nothing');
    assert.equal(missing, 'Error from server (NotFound): deployments.apps "nothing" not found');
    const type = await region.refused('kubectl', 'get', 'gadgets');
    assert.equal(type, 'error: the server doesn\'t have a resource type "gadgets"');
  });

  test('a watch shows a pod come and go', async () => {
    const watching = region.watch('kubectl', ['get', 'pods', '-w', '--output-watch-events', '-l', 'run=seen']);
    let text = '';
    watching.stdout!.setEncoding('utf8').on('data', (part) => (text += part));
    assert.equal(await kubectl('run', 'seen', '--image=busybox', '--labels=run=seen'), 'pod/seen created\n');
    await eventually('it runs', () => /MODIFIED +seen +1\/1 +Running/.test(text));
    const deleted = await kubectl('delete', 'pod', 'seen', '--grace-period=1');
    assert.match(deleted, /^pod "seen" deleted( from default namespace)?\n$/, 'kubectl names it from 1.34 on');
    await eventually('it is seen to go', () => /DELETED +seen/.test(text));
    watching.kill();
  });

  test('describe, events and explain', async () => {
    const described = await kubectl('describe', 'deployment', 'web');
    assert.match(described, /StrategyType: +RollingUpdate/);
    assert.match(described, /ScalingReplicaSet +\S+ +deployment-controller +Scaled up replica set web-\S+ from 0 to 3/);
    const [pod] = (await kubectl('get', 'pods', '-l', 'app=web', '-o', 'name')).split('\n');
    assert.match(await kubectl('describe', pod!), /Scheduled[\s\S]*Pulled[\s\S]*Created[\s\S]*Started/);
    const [node] = (await kubectl('get', 'nodes', '-o', 'name')).split('\n');
    assert.match(await kubectl('describe', node!), /Non-terminated Pods:[\s\S]*Allocated resources:/);
    assert.match(await kubectl('describe', 'service', 'web'), /LoadBalancer Ingress: +127\.90\./);
    assert.match(await kubectl('events', '--for', 'deployment/web'), /ScalingReplicaSet/);
    assert.match(await kubectl('get', 'events'), /LAST SEEN +TYPE +REASON +OBJECT +MESSAGE/);
    const explained = await kubectl('explain', 'deployment.spec.strategy');
    assert.match(explained, /GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: strategy <DeploymentStrategy>/);
    assert.match(explained, /rollingUpdate\t<RollingUpdateDeployment>/);
  });

  test('label, annotate and the three patches', async () => {
    assert.equal(await kubectl('label', 'deploy', 'web', 'tier=front'), 'deployment.apps/web labeled\n');
    const again = await region.refused('kubectl', 'label', 'deploy', 'web', 'tier=back');
    assert.match(again, /'tier' already has a value \(front\), and --overwrite is false/);
    assert.equal(await kubectl('annotate', 'deploy', 'web', 'owner=me'), 'deployment.apps/web annotated\n');
    const patch = (type: string, text: string) => kubectl('patch', 'deploy', 'web', '--type', type, '-p', text);
    const container = { name: 'nginx', env: [{ name: 'A', value: '1' }] };
    await patch('strategic', JSON.stringify({ spec: { template: { spec: { containers: [container] } } } }));
    const { containers } = (await json('get', 'deploy', 'web')).spec.template.spec;
    assert.deepEqual([containers[0].image, containers[0].env], ['nginx:1.21', container.env]);
    assert.match(await patch('merge', '{"metadata":{"annotations":{"owner":null}}}'), /patched/);
    assert.equal(await path('deploy web', '{.metadata.annotations.owner}'), '');
    assert.match(await patch('json', '[{"op":"replace","path":"/metadata/labels/tier","value":"back"}]'), /patched/);
    assert.equal(await path('deploy web', '{.metadata.labels.tier}'), 'back');
    assert.match(await patch('merge', '{"metadata":{"labels":{"tier":"back"}}}'), /patched \(no change\)/);
    assert.equal(await kubectl('label', 'deploy', 'web', 'tier-'), 'deployment.apps/web unlabeled\n');
  });

  test('edit', async () => {
    const edited = await region.must('kubectl', ['edit', 'deploy', 'web'], {
      env: { KUBE_EDITOR: "sed -i 's/revisionHistoryLimit: 10/revisionHistoryLimit: 4/'" },
    });
    assert.equal(edited.stdout, 'deployment.apps/web edited\n');
    assert.equal(await path('deploy web', '{.spec.revisionHistoryLimit}'), '4');
  });

  test('scale, set image, and rollout status, history and undo', async () => {
    assert.equal(await kubectl('scale', 'deploy', 'web', '--replicas=5'), 'deployment.apps/web scaled\n');
    await kubectl('wait', 'deploy/web', '--for=jsonpath={.status.readyReplicas}=5', '--timeout=60s');
    const wrong = await region.refused('kubectl', 'scale', 'deploy', 'web', '--current-replicas=2', '--replicas=1');
    assert.match(wrong, /Expected replicas to be 2, was 5/);
    await kubectl('scale', 'deploy', 'web', '--replicas=3');
    assert.equal(
      await kubectl('set', 'image', 'deploy/web', 'nginx=nginx:1.25'),
      'deployment.apps/web image updated\n',
    );
    const status = await kubectl('rollout', 'status', 'deploy/web', '--timeout=60s');
    assert.match(status, /deployment "web" successfully rolled out\n$/);
    assert.match(await path('pods -l app=web', '{.items[*].spec.containers[0].image}'), /nginx:1\.25/);
    assert.match(
      await kubectl('rollout', 'history', 'deploy/web'),
      /REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n3 +<none>/,
    );
    assert.equal(await kubectl('rollout', 'undo', 'deploy/web'), 'deployment.apps/web rolled back\n');
    await kubectl('rollout', 'status', 'deploy/web', '--timeout=60s');
    assert.equal(await path('deploy web', '{.spec.template.spec.containers[0].image}'), 'nginx:1.21');
    assert.equal(await kubectl('rollout', 'restart', 'deploy/web'), 'deployment.apps/web restarted\n');
    await kubectl('rollout', 'status', 'deploy/web', '--timeout=60s');
  });

  test('a deleted pod is replaced', async () => {
    const [pod] = (await kubectl('get', 'pods', '-l', 'app=web', '-o', 'name')).split('\n');
    await kubectl('delete', pod!, '--wait=false');
    await eventually('three others are ready', async () => {
      const { items } = await json('get', 'pods', '-l', 'app=web');
      const ready = items.filter((one: any) =>
        one.status.conditions?.some((c: any) => c.type === 'Ready' && c.status === 'True'),
      );
      return items.length === 3 && ready.length === 3 && items.every((one: any) => `pod/${one.metadata.name}` !== pod);
    });
  });

  test('create, expose, run, ConfigMaps and Secrets', async () => {
    assert.equal(await kubectl('create', 'namespace', 'shop'), 'namespace/shop created\n');
    const inShop = (...args: string[]) => kubectl('-n', 'shop', ...args);
    await inShop('create', 'deployment', 'cart', '--image=nginx', '--replicas=2');
    assert.equal(await inShop('expose', 'deploy', 'cart', '--port=80'), 'service/cart exposed\n');
    await inShop('rollout', 'status', 'deploy/cart', '--timeout=60s');
    await eventually('its endpoints are there', async () => {
      const slices = await json('-n', 'shop', 'get', 'endpointslices', '-l', 'kubernetes.io/service-name=cart');
      return slices.items[0]?.endpoints?.length === 2;
    });
    await inShop('create', 'configmap', 'settings', '--from-literal=color=blue');
    await inShop('create', 'secret', 'generic', 'login', '--from-literal=password=p');
    assert.equal(await inShop('get', 'secret', 'login', '-o', 'jsonpath={.data.password}'), 'cA==');
    await inShop('create', 'serviceaccount', 'robot');
    assert.match(await inShop('create', 'token', 'robot'), /^ey[\w-]+\.[\w-]+\.[\w-]+\n?$/);
    assert.match(await kubectl('create', 'namespace', 'dry', '--dry-run=server', '-o', 'name'), /namespace\/dry/);
    assert.match(await region.refused('kubectl', 'get', 'namespace', 'dry'), /NotFound/);
    const pod = ['pod/cart-probe', '--for=condition=Ready', '--timeout=60s'];
    await inShop('run', 'cart-probe', '--image=busybox', '--env=A=b');
    await inShop('wait', ...pod);
    assert.equal(await kubectl('delete', 'namespace', 'shop', '--timeout=60s'), 'namespace "shop" deleted\n');
    assert.match(await region.refused('kubectl', 'get', 'namespace', 'shop'), /NotFound/);
    assert.equal(await inShop('get', 'pods,services,configmaps,secrets', '-o', 'name'), '');
  });

  test('drain and cordon', async () => {
    const node = await path('pods -l app=web', '{.items[0].spec.nodeName}');
    assert.equal(await kubectl('cordon', node), `node/${node} cordoned\n`);
    assert.match(await kubectl('get', 'node', node), /Ready,SchedulingDisabled/);
    assert.match(
      await region.refused('kubectl', 'drain', node, '--timeout=20s'),
      /cannot delete DaemonSet-managed Pods/,
    );
    await kubectl('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=60s');
    await kubectl('rollout', 'status', 'deploy/web', '--timeout=60s');
    const placed = await path('pods -l app=web', '{.items[*].spec.nodeName}');
    assert.ok(!placed.includes(node));
    assert.equal(await kubectl('uncordon', node), `node/${node} uncordoned\n`);
  });

  test('api-resources, cluster-info, auth, version', async () => {
    const resources = await kubectl('api-resources');
    assert.match(resources, /^pods +po +v1 +true +Pod$/m);
    assert.match(resources, /^deployments +deploy +apps\/v1 +true +Deployment$/m);
    assert.match(await kubectl('api-versions'), /^rbac\.authorization\.k8s\.io\/v1$/m);
    assert.match(await kubectl('cluster-info'), /Kubernetes control plane.* is running at/);
    assert.match(await kubectl('auth', 'can-i', 'create', 'pods'), /^yes/);
    const other = ['--as=system:serviceaccount:default:default'];
    assert.match((await region.try('kubectl', ['auth', 'can-i', 'create', 'pods', ...other])).stdout, /^no/);
    assert.match(await kubectl('auth', 'whoami'), /Username +\S+/);
    assert.match(await kubectl('version'), /Server Version: v1\.\d+\.\d+-eks-/);
    assert.match(await kubectl('get', '--raw', '/readyz'), /^ok/);
  });

  test('logs and exec say that the node is simulated', async () => {
    const pod = await path('pods -l app=web', '{.items[0].metadata.name}');
    const logs = await region.try('kubectl', ['logs', pod]);
    assert.match(logs.stdout + logs.stderr, /simulated/);
    const exec = await region.refused('kubectl', 'exec', pod, '--', 'true');
    assert.match(exec, /simulated/);
  });

  test('keelson status, kubectl, events, logs and doctor', async () => {
    const status = JSON.parse((await region.keelson('status', '-o', 'json')).stdout);
    assert.deepEqual([status.clusters[0].name, status.clusters[0].status, status.degraded], ['demo', 'ACTIVE', []]);
    assert.match((await region.keelson('kubectl', 'get', 'nodes')).stdout, /(ip-\S+ +Ready [\s\S]*){3}/);
    for (const command of ['events', 'logs', 'doctor']) await region.keelson(command);
  });
});
