import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint, EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import { portKey } from './endpoint.ts';
import { planSlices } from './plan.ts';

const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
const dress = { labels: { 'kubernetes.io/service-name': 'web' } };
const endpoint = (number: number, ready = true): Endpoint => ({
  addresses: [`10.0.${number >> 8}.${number & 255}`],
  conditions: { ready },
  targetRef: { kind: 'Pod', uid: `u${number}` },
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => endpoint(from + index));
const slice = (name: string, endpoints: Endpoint[], own = ports): EndpointSlice => ({
  metadata: { name, labels: { ...dress.labels } },
  addressType: 'IPv4',
  endpoints,
  ports: own,
});
const wanting = (endpoints: Endpoint[]) => new Map([[portKey(ports), { ports, endpoints }]]);
const summary = (existing: EndpointSlice[], endpoints: Endpoint[]) => {
  const plan = planSlices(existing, endpoints.length === 0 ? new Map() : wanting(endpoints), dress);
  return {
    create: plan.create.map((made) => made.endpoints.length),
    update: plan.update.map(({ metadata, endpoints: held }) => `${metadata!.name}=${held!.length}`),
    remove: plan.remove.map(({ metadata }) => metadata!.name),
  };
};

test('new endpoints fill slices of a hundred', () => {
  assert.deepEqual(summary([], range(0, 250)), { create: [100, 100, 50], update: [], remove: [] });
});

test('nothing is written when nothing has changed', () => {
  assert.deepEqual(summary([slice('a', range(0, 3))], range(0, 3)), { create: [], update: [], remove: [] });
});

test('an endpoint that changes its state is changed where it is', () => {
  const wanted = [endpoint(0), endpoint(1, false)];
  assert.deepEqual(summary([slice('a', range(0, 2)), slice('b', range(5, 6))], [...wanted, endpoint(5)]), {
    create: [],
    update: ['a=2'],
    remove: [],
  });
});

test('slices that change anyway are filled first', () => {
  const existing = [slice('a', range(0, 50)), slice('b', range(50, 100))];
  assert.deepEqual(summary(existing, [...range(1, 50), ...range(50, 100), ...range(200, 240)]), {
    create: [],
    update: ['a=89'],
    remove: [],
  });
});

test('a few more go into a slice with room rather than into a new one', () => {
  assert.deepEqual(
    summary([slice('a', range(0, 99)), slice('b', range(100, 150))], [...range(0, 99), ...range(100, 155)]),
    {
      create: [],
      update: ['b=55'],
      remove: [],
    },
  );
});

test('a slice that loses its last endpoint goes, unless it is the last of the service', () => {
  assert.deepEqual(summary([slice('a', range(0, 1)), slice('b', range(1, 2))], range(0, 1)).remove, ['b']);
  assert.deepEqual(summary([slice('a', range(0, 1))], []), { create: [0], update: [], remove: ['a'] });
  assert.deepEqual(summary([slice('a', [], [])], []), { create: [], update: [], remove: [] });
  assert.deepEqual(summary([slice('a', [], [])], range(0, 1)), { create: [1], update: [], remove: ['a'] });
});

test('what two slices hold at once is left in one', () => {
  assert.deepEqual(summary([slice('a', range(0, 2)), slice('b', range(0, 2))], range(0, 2)), {
    create: [],
    update: [],
    remove: ['b'],
  });
});

test('labels of the service that have changed are put on every slice', () => {
  const old = slice('a', range(0, 1));
  old.metadata!.labels = {};
  assert.deepEqual(summary([old], range(0, 1)).update, ['a=1']);
});
