import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { SharedCaches } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import { failure, MemoryApi } from '@keelson/testkit/memory-api.ts';
import { createKubelet, type Kubelet } from './kubelet.ts';
import type { NodeDescription } from './node/node-description.ts';
import { SimulatedProber } from './runtimes/simulated/simulated-prober.ts';
import { addressesFrom, SimulatedRuntime } from './runtimes/simulated/simulated-runtime.ts';
import { MemoryPodFiles } from './volumes/memory-pod-files.ts';

const description: NodeDescription = {
  name: 'n1',
  labels: { 'kubernetes.io/hostname': 'n1' },
  addresses: [{ type: 'InternalIP', address: '172.31.1.10' }],
  capacity: { cpu: '2', memory: '4Gi', pods: '17' },
  allocatable: { cpu: '1930m', memory: '3Gi', pods: '17' },
  info: {
    machineID: '1',
    systemUUID: '1',
    bootID: '1',
    kernelVersion: '6.1',
    osImage: 'Keelson',
    kubeletVersion: 'v1.36.0',
    operatingSystem: 'linux',
    architecture: 'amd64',
  },
  port: 10250,
};

interface Stage {
  readonly world: ReturnType<typeof virtualWorld>;
  readonly api: MemoryApi;
  readonly runtime: SimulatedRuntime;
  readonly events: string[];
  status(name: string): any;
  pod(name: string, spec?: object, annotations?: Record<string, string>): ApiObject;
  restart(): Promise<void>;
}

async function onNode(work: (stage: Stage) => Promise<void>): Promise<void> {
  const world = virtualWorld('kubelet');
  const api = new MemoryApi(world);
  const images = new Map([['nginx:latest', 1000]]);
  const runtime = new SimulatedRuntime({
    world,
    addresses: addressesFrom('10.1'),
    imageSize: (name) => images.get(name),
  });
  const events: string[] = [];
  let caches: SharedCaches;
  let kubelet: Kubelet;
  const begin = async () => {
    caches = new SharedCaches({ client: api, world, freeze: true });
    kubelet = createKubelet({
      world,
      client: api,
      caches,
      recorder: {
        event(about, type, reason, message) {
          if (about.kind !== 'Node') events.push(`${type} ${reason} ${message}`);
        },
      },
      runtime,
      prober: new SimulatedProber(),
      files: new MemoryPodFiles(),
      description: () => description,
      resolver: {
        node: { servers: [], searches: [], options: [] },
        clusterServers: ['10.100.0.10'],
        clusterDomain: 'cluster.local',
      },
    });
    await kubelet.start();
  };
  const end = async () => {
    const stopping = kubelet.stop();
    await world.clock.advance(60_000);
    await stopping;
    caches.stop();
  };
  await begin();
  const stage: Stage = {
    world,
    api,
    runtime,
    events,
    status: (name) => api.object('pods', 'default', name)?.['status'],
    pod: (name, spec = {}, annotations = {}) =>
      api.put('pods', {
        metadata: { name, namespace: 'default', annotations, generation: 1 },
        spec: {
          nodeName: 'n1',
          containers: [{ name: 'c', image: 'nginx' }],
          terminationGracePeriodSeconds: 30,
          ...spec,
        },
        status: {
          phase: 'Pending',
          conditions: [
            { type: 'PodScheduled', status: 'True' },
            { type: 'mine', status: 'True' },
          ],
        },
      }),
    restart: async () => {
      await end();
      await begin();
    },
  };
  try {
    await work(stage);
  } finally {
    await end();
  }
}

const condition = (status: any, type: string) => status.conditions.find((one: any) => one.type === type);

test('a node registers, posts that it is ready, and keeps its lease', () =>
  onNode(async ({ world, api }) => {
    await world.clock.advance(1000);
    const node = api.object('nodes', undefined, 'n1')!;
    assert.equal(condition(node['status'], 'Ready').status, 'True');
    assert.equal(node['status'].nodeInfo.containerRuntimeVersion, 'simulated://1.0.0');
    const first = api.object('leases', 'kube-node-lease', 'n1')!;
    assert.equal(first['spec'].leaseDurationSeconds, 40);
    const before = api.attempts.filter(({ resource }) => resource === 'nodes').length;
    await world.clock.advance(100_000);
    assert.notEqual(api.object('leases', 'kube-node-lease', 'n1')!['spec'].renewTime, first['spec'].renewTime);
    assert.equal(api.attempts.filter(({ resource }) => resource === 'nodes').length, before, 'nothing changed');
    await world.clock.advance(300_000);
    assert.ok(api.attempts.filter(({ resource }) => resource === 'nodes').length > before, 'posted again in time');
  }));

test('a pod goes from its sandbox to ready, with the Events of every step', () =>
  onNode(async ({ world, events, status, pod }) => {
    pod('web');
    await world.clock.advance(100);
    assert.equal(status('web').phase, 'Pending');
    assert.deepEqual(status('web').containerStatuses[0].state, { waiting: { reason: 'ContainerCreating' } });
    await world.clock.advance(10_000);
    const now = status('web');
    assert.equal(now.phase, 'Running');
    assert.match(now.podIP, /^10\.1\./);
    assert.deepEqual(now.hostIPs, [{ ip: '172.31.1.10' }]);
    assert.equal(now.qosClass, 'BestEffort');
    for (const type of ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled', 'mine'])
      assert.equal(condition(now, type).status, 'True', type);
    const [container] = now.containerStatuses;
    assert.deepEqual([container.ready, container.started, container.restartCount], [true, true, 0]);
    assert.match(container.containerID, /^containerd:\/\/[0-9a-f]{64}$/);
    assert.equal(events[0], 'Normal Pulling Pulling image "nginx"');
    assert.match(
      events[1]!,
      /^Normal Pulled Successfully pulled image "nginx" in \d\.\d+s \(.*s including waiting\)\. Image size: 1000 bytes\.$/,
    );
    assert.deepEqual(events.slice(2), ['Normal Created Container created', 'Normal Started Container started']);
  }));

test('once it is ready nothing is written any more', () =>
  onNode(async ({ world, api, pod }) => {
    pod('web');
    await world.clock.advance(10_000);
    const before = api.attempts.filter(({ resource }) => resource === 'pods').length;
    assert.ok(before <= 4, `${before} writes`);
    await world.clock.advance(120_000);
    assert.equal(api.attempts.filter(({ resource }) => resource === 'pods').length, before);
  }));

test('a deleted pod ends within its grace and leaves the API, and nothing is left of it', () =>
  onNode(async ({ world, api, runtime, events, status, pod }) => {
    pod('web', {}, { 'simulation.keelson.dev/ignore-stop': 'true' });
    await world.clock.advance(10_000);
    await api
      .resource({ group: '', version: 'v1', kind: 'Pod', resource: 'pods', namespaced: true })
      .delete('web', 'default');
    await world.clock.advance(20_000);
    assert.equal(status('web').phase, 'Running');
    assert.ok(events.includes('Normal Killing Stopping container c'));
    await world.clock.advance(15_000);
    assert.equal(status('web'), undefined);
    assert.deepEqual(await runtime.pods(), []);
  }));

test('a shorter grace hurries a termination that is under way', () =>
  onNode(async ({ world, api, status, pod }) => {
    pod('web', {}, { 'simulation.keelson.dev/ignore-stop': 'true' });
    await world.clock.advance(10_000);
    const { metadata, ...rest } = api.object('pods', 'default', 'web')!;
    const deleted = { ...metadata, deletionTimestamp: '2026-01-01T00:00:10Z', deletionGracePeriodSeconds: 600 };
    api.put('pods', { ...rest, metadata: deleted });
    await world.clock.advance(5_000);
    api.put('pods', {
      ...api.object('pods', 'default', 'web')!,
      metadata: { ...deleted, deletionGracePeriodSeconds: 1 },
    });
    await world.clock.advance(3_000);
    assert.equal(status('web'), undefined);
  }));

test('a container that ends again and again is restarted with back-off', () =>
  onNode(async ({ world, events, status, pod }) => {
    pod('crash', {}, { 'simulation.keelson.dev/run-for': '1s', 'simulation.keelson.dev/exit-code': '3' });
    await world.clock.advance(9_000);
    const [container] = status('crash').containerStatuses;
    assert.equal(container.restartCount, 1);
    assert.equal(container.state.waiting.reason, 'CrashLoopBackOff');
    assert.match(
      container.state.waiting.message,
      /^back-off 10s restarting failed container=c pod=crash_default\(.*\)$/,
    );
    assert.equal(container.lastState.terminated.exitCode, 3);
    assert.equal(container.lastState.terminated.reason, 'Error');
    assert.ok(
      events.some((event) =>
        event.startsWith('Warning BackOff Back-off restarting failed container c in pod crash_default('),
      ),
    );
    await world.clock.advance(60_000);
    assert.equal(status('crash').containerStatuses[0].restartCount, 3);
    assert.equal(status('crash').phase, 'Running');
  }));

test('a pod that may end does: Succeeded or Failed, by its exit code and policy', () =>
  onNode(async ({ world, status, pod }) => {
    const brief = { 'simulation.keelson.dev/run-for': '2s' };
    pod('good', { restartPolicy: 'OnFailure' }, brief);
    pod('bad', { restartPolicy: 'Never' }, { ...brief, 'simulation.keelson.dev/exit-code': '1' });
    await world.clock.advance(15_000);
    assert.equal(status('good').phase, 'Succeeded');
    assert.equal(condition(status('good'), 'Ready').reason, 'PodCompleted');
    assert.equal(status('good').containerStatuses[0].state.terminated.reason, 'Completed');
    assert.equal(status('bad').phase, 'Failed');
  }));

test('init containers run one after the other, sidecars stay beside the others', () =>
  onNode(async ({ world, events, status, pod }) => {
    const initContainers = [
      { name: 'one', image: 'nginx' },
      { name: 'side', image: 'nginx', restartPolicy: 'Always' },
      { name: 'two', image: 'nginx' },
    ];
    pod('staged', { initContainers, restartPolicy: 'Never' }, { 'simulation.keelson.dev/c.run-for': '5s' });
    await world.clock.advance(2_600);
    assert.equal(
      condition(status('staged'), 'Initialized').message,
      'containers with incomplete status: [one side two]',
    );
    assert.deepEqual(status('staged').containerStatuses[0].state, { waiting: { reason: 'PodInitializing' } });
    await world.clock.until(() => status('staged').phase === 'Running', 20_000);
    assert.deepEqual(
      status('staged').initContainerStatuses.map((one: any) => [one.name, Object.keys(one.state)[0], one.ready]),
      [
        ['one', 'terminated', true],
        ['side', 'running', true],
        ['two', 'terminated', true],
      ],
    );
    await world.clock.advance(20_000);
    assert.equal(status('staged').phase, 'Succeeded');
    assert.ok(events.includes('Normal Killing Stopping container side'));
  }));

test('an image that does not exist is tried less and less often', () =>
  onNode(async ({ world, events, status, pod }) => {
    pod('none', { containers: [{ name: 'c', image: 'nosuch' }] });
    await world.clock.advance(4_000);
    const waiting = () => status('none').containerStatuses[0].state.waiting;
    assert.equal(waiting().reason, 'ErrImagePull');
    assert.match(waiting().message, /^rpc error: code = NotFound desc = failed to pull and unpack image/);
    await world.clock.advance(3_000);
    assert.equal(waiting().reason, 'ImagePullBackOff');
    assert.match(waiting().message, /^Back-off pulling image "nosuch": ErrImagePull: rpc error/);
    assert.ok(events.includes('Warning Failed Error: ErrImagePull'));
    assert.ok(events.includes('Normal BackOff Back-off pulling image "nosuch"'));
    assert.equal(status('none').phase, 'Pending');
    pod('bad', { containers: [{ name: 'c', image: 'Not A Name' }] });
    await world.clock.advance(1_000);
    assert.equal(status('bad').containerStatuses[0].state.waiting.reason, 'InvalidImageName');
  }));

test('a volume or variable that is missing holds the pod, until it is there', () =>
  onNode(async ({ world, api, events, status, pod }) => {
    const mounted = { name: 'c', image: 'nginx', volumeMounts: [{ name: 'v', mountPath: '/v' }] };
    pod('files', { containers: [mounted], volumes: [{ name: 'v', configMap: { name: 'cfg' } }] });
    const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
    pod('vars', { containers: [{ name: 'c', image: 'nginx', env }] });
    await world.clock.advance(10_000);
    assert.ok(
      events.includes('Warning FailedMount MountVolume.SetUp failed for volume "v" : configmap "cfg" not found'),
    );
    assert.deepEqual(status('vars').containerStatuses[0].state.waiting, {
      reason: 'CreateContainerConfigError',
      message: 'secret "s" not found',
    });
    api.put('configmaps', { metadata: { name: 'cfg', namespace: 'default' }, data: { a: '1' } });
    api.put('secrets', { metadata: { name: 's', namespace: 'default' }, data: { k: 'dg==' } });
    await world.clock.advance(60_000);
    assert.deepEqual([status('files').phase, status('vars').phase], ['Running', 'Running']);
  }));

test('a node that has no room refuses, with the words of upstream', () =>
  onNode(async ({ world, status, pod }) => {
    pod('big', { containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu: '4' } } }] });
    await world.clock.advance(1_000);
    assert.deepEqual([status('big').phase, status('big').reason], ['Failed', 'OutOfcpu']);
    assert.equal(
      status('big').message,
      "Pod was rejected: Node didn't have enough resource: cpu, requested: 4000, used: 0, capacity: 1930",
    );
  }));

test('a kubelet that starts anew goes on with what runs and restarts nothing', () =>
  onNode(async ({ world, api, runtime, status, pod, restart }) => {
    pod('web');
    pod('gone');
    await world.clock.advance(10_000);
    const before = status('web').containerStatuses[0].containerID;
    await restart();
    api.remove('pods', 'default', 'gone');
    await world.clock.advance(5_000);
    await restart();
    await world.clock.advance(10_000);
    assert.equal(status('web').containerStatuses[0].containerID, before);
    assert.equal(status('web').containerStatuses[0].restartCount, 0);
    assert.equal(condition(status('web'), 'Ready').status, 'True');
    assert.deepEqual(
      (await runtime.pods()).map(({ name }) => name),
      ['web'],
    );
  }));

test('statuses reach an API server that was away, the last one', () =>
  onNode(async ({ world, api, status, pod }) => {
    api.refuse = ({ verb }) => {
      if (verb === 'patch/status') throw failure(503, 'ServiceUnavailable', 'away');
    };
    pod('web');
    await world.clock.advance(20_000);
    assert.equal(status('web').phase, 'Pending');
    api.refuse = () => {};
    await world.clock.advance(40_000);
    assert.equal(status('web').phase, 'Running');
  }));

test('an unhealthy container is not ready, is killed by its liveness probe and told of', () =>
  onNode(async ({ world, events, status, pod }) => {
    const probe = { httpGet: { port: 80 }, periodSeconds: 2, failureThreshold: 2 };
    pod(
      'ill',
      { containers: [{ name: 'c', image: 'nginx', livenessProbe: probe, readinessProbe: probe }] },
      {
        'simulation.keelson.dev/unhealthy': 'c',
      },
    );
    await world.clock.until(() => status('ill').phase === 'Running', 10_000);
    assert.equal(condition(status('ill'), 'Ready').message, 'containers with unready status: [c]');
    await world.clock.until(() => status('ill').containerStatuses[0].restartCount === 1, 20_000);
    assert.ok(events.includes('Normal Killing Container c failed liveness probe, will be restarted'));
    assert.ok(events.some((event) => event.startsWith('Warning Unhealthy Readiness probe failed: ')));
  }));
