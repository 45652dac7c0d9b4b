import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, kubernetesResources, type ResourceRef } from '@keelson/client';
import { ApiInProcess } from '@keelson/testkit/api-in-process.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { runControllers } from './run-controllers.ts';

const { configMaps, leases } = kubernetesResources;
const unserved: ResourceRef = { group: 'example.com', version: 'v1', kind: 'No', resource: 'nos', namespaced: true };

/** Notes which ConfigMaps it was asked about; what it does is the test's business. */
class Recorder implements Controller {
  readonly name = 'recorder';
  readonly workers = 3;
  readonly keys: string[] = [];
  context!: ControllerContext;
  act: (key: string) => Promise<number | undefined> = async () => undefined;
  atOnce = 0;
  most = 0;

  start(context: ControllerContext): void {
    this.context = context;
    context.caches
      .of(configMaps, { namespace: 'default' })
      .onChange((before, now) => context.queue.add(keyOf((now ?? before)!)));
  }

  async reconcile(key: string): Promise<number | undefined> {
    this.keys.push(key);
    this.most = Math.max(this.most, ++this.atOnce);
    try {
      return await this.act(key);
    } finally {
      this.atOnce--;
    }
  }
}

class Hopeless implements Controller {
  readonly name = 'hopeless';

  start(context: ControllerContext): void {
    context.caches.of(unserved);
    context.queue.add('x');
  }

  async reconcile(): Promise<undefined> {
    assert.fail('its cache never syncs');
  }
}

async function setUp() {
  const api = await ApiInProcess.start('run-controllers');
  const recorder = new Recorder();
  const make = (name: string) => api.client.resource(configMaps).create({ metadata: { name, namespace: 'default' } });
  return { api, recorder, make, clock: api.world.clock };
}

test('no controller waits for the caches of another', async () => {
  const { api, recorder, make, clock } = await setUp();
  await make('before');
  const controllers = [() => new Hopeless(), () => recorder];
  const running = runControllers({ controllers, client: api.client, world: api.world, freeze: true });
  await make('after');
  await clock.advance(1000);
  assert.deepEqual(
    recorder.keys.filter((key) => key !== 'default/kube-root-ca.crt'),
    ['default/before', 'default/after'],
  );
  await running.stop();
  await api.down();
});

test('what fails comes again later and later, and a number says when', async () => {
  const { api, recorder, make, clock } = await setUp();
  const times: number[] = [];
  recorder.act = async () => {
    times.push(clock.monotonic());
    if (times.length < 5) throw new Error('not yet');
    return times.length < 7 ? 1000 : undefined;
  };
  const running = runControllers({ controllers: [() => recorder], client: api.client, world: api.world });
  await running.started;
  await make('one');
  await clock.advance(60_000);
  const waits = times.slice(1).map((time, index) => Math.round(time - times[index]!));
  assert.deepEqual(waits, [5, 10, 20, 40, 1000, 1000]);
  await running.stop();
  await api.down();
});

test('stopping waits for what is under way, and nothing begins after it', async () => {
  const { api, recorder, make, clock } = await setUp();
  let finish: () => void = () => {};
  recorder.act = () =>
    new Promise((resolve) => {
      finish = () => resolve(undefined);
    });
  const running = runControllers({ controllers: [() => recorder], client: api.client, world: api.world });
  await running.started;
  await make('one');
  await clock.advance(0);
  let stopped = false;
  const stopping = running.stop().then(() => {
    stopped = true;
  });
  await make('two');
  await clock.advance(1000);
  assert.equal(stopped, false);
  finish();
  await clock.advance(0);
  await stopping;
  assert.deepEqual(recorder.keys, ['default/one']);
  assert.equal(running.idle(), true);
  await api.down();
});

test('of two processes one works, and the other takes over with a controller of its own', async () => {
  const { api, make, clock } = await setUp();
  const recorders: Recorder[] = [];
  const join = (identity: string) =>
    runControllers({
      controllers: [
        () => {
          const recorder = new Recorder();
          recorders.push(recorder);
          return recorder;
        },
      ],
      client: api.client,
      world: api.world,
      leaderElection: { name: 'kube-controller-manager', identity },
    });
  const first = join('a');
  await first.started;
  const second = join('b');
  await make('one');
  await clock.advance(5000);
  assert.equal(recorders.length, 1);
  await first.stop();
  await clock.advance(5000);
  await make('two');
  await clock.advance(100);
  assert.deepEqual(
    recorders.map(({ keys }) => keys),
    [['default/one'], ['default/one', 'default/two']],
  );
  const lease = await api.client.resource(leases).get('kube-controller-manager', 'kube-system');
  assert.deepEqual([lease.spec!.holderIdentity, lease.spec!.leaseDurationSeconds], ['b', 15]);
  await second.stop();
  await api.down();
});
