import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { randomInteger, virtualWorld } from '@keelson/base';
import { AddressLedger } from './address-ledger.ts';
import { AddressManager } from './address-manager.ts';
import { InstanceNetworkError } from './instance-network.ts';
import { FakeInstanceNetwork } from './suite/fake-instance-network.ts';
import { readWarmTargets } from './warm-pool.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-ipam-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const setup = (environment: Record<string, string> = {}, network = new FakeInstanceNetwork()) => {
  const world = virtualWorld('addresses');
  const ledger = new AddressLedger(join(folder, 'ipam.json'));
  const manager = new AddressManager({ world, network, ledger, targets: readWarmTargets(environment) });
  const settle = async () => {
    for (let steps = 0; (await manager.refresh()) === 0; steps++) assert.ok(steps < 20, 'the pool never settles');
  };
  const claim = (name: string, patience = 0) =>
    manager.claim({ containerId: name, interfaceName: 'eth0', podNamespace: 'default', podName: name }, patience);
  return { world, network, ledger, manager, settle, claim };
};

test('a spare interface is kept, as WARM_ENI_TARGET says, up to what the type has', async () => {
  const { network, settle, claim, manager, world } = setup({ WARM_ENI_TARGET: '1' });
  await settle();
  assert.deepEqual(network.calls, ['assign eni-0 5']);
  const pods = [await claim('a')];
  await settle();
  assert.deepEqual(network.calls.slice(1), ['attach 1 5']);
  for (let index = 0; index < 6; index++) pods.push(await claim(`b${index}`));
  await settle();
  assert.deepEqual(network.calls.slice(2), ['attach 2 5']);
  for (let index = 0; index < 8; index++) pods.push(await claim(`c${index}`));
  await settle();
  assert.equal(await claim('too-many'), undefined);
  assert.equal(new Set(pods.map((pod) => pod?.address)).size, 15);
  for (const pod of pods.slice(1)) manager.release(pod!);
  await settle();
  assert.equal(network.attached.length, 3, 'addresses that were given back a moment ago count as used');
  await world.clock.advance(30_000);
  await settle();
  assert.deepEqual(network.calls.slice(3), ['detach eni-2']);
});

test('WARM_IP_TARGET and MINIMUM_IP_TARGET count addresses', async () => {
  const { network, settle, claim, manager, world } = setup({ WARM_IP_TARGET: '2', MINIMUM_IP_TARGET: '3' });
  await settle();
  assert.deepEqual(network.calls, ['assign eni-0 3']);
  const pods = [await claim('a'), await claim('b')];
  await settle();
  assert.deepEqual(network.calls.slice(1), ['assign eni-0 1']);
  for (const pod of pods) manager.release(pod!);
  await world.clock.advance(30_000);
  await settle();
  assert.deepEqual(network.calls.slice(2), ['unassign eni-0 1']);
});

test('a pod waits for the pool to grow, and is refused when it cannot', async () => {
  const network = new FakeInstanceNetwork();
  const { world, manager, claim } = setup({}, network);
  const stop = new AbortController();
  const running = manager.run(stop.signal);
  const waiting = claim('early', 10_000);
  await world.clock.advance(1);
  assert.match((await waiting)!.address, /^10\.1\.0\./);
  network.left = 0;
  for (let index = 0; index < 9; index++) await claim(`p${index}`, 0);
  const refused = claim('late', 10_000);
  let answer: unknown = 'none';
  void refused.then((value) => {
    answer = value;
  });
  await world.clock.advance(11_000);
  assert.equal(answer, undefined);
  assert.ok(network.calls.filter((call) => call.startsWith('attach')).length < 12, 'EC2 is not asked without a pause');
  stop.abort();
  await world.clock.advance(1);
  await running;
});

test('no address is ever two pods’, whatever is asked for, given back and started again', async () => {
  const network = new FakeInstanceNetwork();
  let current = setup({}, network);
  const { world } = current;
  const held = new Map<string, string>();
  for (let round = 0; round < 600; round++) {
    const choice = randomInteger(world.random, 20);
    const name = `pod-${randomInteger(world.random, 18)}`;
    if (choice === 0) {
      const ledger = new AddressLedger(join(folder, 'ipam.json'));
      const manager = new AddressManager({ world, network, ledger, targets: readWarmTargets({}) });
      const claim = (pod: string) =>
        manager.claim({ containerId: pod, interfaceName: 'eth0', podNamespace: '', podName: pod }, 0);
      current = { ...current, ledger, manager, claim };
    } else if (choice < 5) await current.manager.refresh();
    else if (choice < 7) await world.clock.advance(randomInteger(world.random, 20_000));
    else if (choice < 13) {
      const known = current.manager.find(name, 'eth0');
      assert.equal(known?.address, held.get(name));
      if (known) current.manager.release(known);
      held.delete(name);
    } else {
      const made = await current.claim(name);
      if (made === undefined) continue;
      const before = held.get(name);
      assert.ok(before === undefined || before === made.address);
      held.set(name, made.address);
    }
    assert.equal(new Set(held.values()).size, held.size);
    const all = new Set(network.attached.flatMap((one) => one.secondaryAddresses));
    for (const address of held.values()) assert.ok(all.has(address), `${address} was given up`);
  }
});

test('settings that are no numbers are refused', () => {
  assert.throws(() => readWarmTargets({ WARM_ENI_TARGET: 'many' }), /WARM_ENI_TARGET must be a number/);
  assert.equal(new InstanceNetworkError('AttachmentLimitExceeded', 'x').message, 'AttachmentLimitExceeded: x');
});
