import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { randomInteger, SeededRandom } from '@keelson/base';
import type { EndpointSlice } from '@keelson/model/generated/types/discovery-v1.ts';
import { emptyRuleset, renderRuleset, rulesetChanges } from './ruleset.ts';
import { planService } from './service-rules.ts';
import { ServiceTable } from './service-table.ts';
import { sampleService, sampleSlice } from './suite/sample-services.ts';

const here = { nodeName: 'node-1', zone: 'ap-northeast-2a' };
const masquerade = { mark: 0x4000, all: false, clusterCidr: '' };

function tableOf(...services: [ReturnType<typeof sampleService>, EndpointSlice[]][]): ServiceTable {
  const table = new ServiceTable({ masquerade });
  table.setNode(here, ['10.0.1.10']);
  for (const [service, slices] of services)
    table.setService(`${service.metadata!.namespace}/${service.metadata!.name}`, { service, slices });
  return table;
}

const cases: Record<string, () => ServiceTable> = {
  'cluster-ip': () => tableOf([sampleService('web'), [sampleSlice('web', ['10.0.1.20', '10.0.2.20'])]]),
  'no-endpoints': () => tableOf([sampleService('web', { type: 'NodePort', nodePort: 30080 }), []]),
  affinity: () =>
    tableOf([
      sampleService('web', { spec: { sessionAffinity: 'ClientIP' } }),
      [sampleSlice('web', ['10.0.1.20', '10.0.2.20'])],
    ]),
  'node-port': () =>
    tableOf([sampleService('web', { type: 'NodePort', nodePort: 30080 }), [sampleSlice('web', ['10.0.1.20'])]]),
  'external-local': () =>
    tableOf([
      sampleService('web', {
        type: 'LoadBalancer',
        nodePort: 30080,
        spec: {
          externalTrafficPolicy: 'Local',
          healthCheckNodePort: 32000,
          loadBalancerSourceRanges: ['10.9.0.0/16', '192.0.2.0/24'],
        },
        status: {
          loadBalancer: { ingress: [{ ip: '10.0.3.9' }, { ip: '127.90.0.1' }, { ip: '10.0.3.8', ipMode: 'Proxy' }] },
        },
      }),
      [
        sampleSlice('web', [
          ['10.0.1.20', 'node-1'],
          ['10.0.2.20', 'node-2'],
        ]),
      ],
    ]),
  'udp-and-sctp': () =>
    tableOf([
      sampleService('dns', {
        spec: {
          ports: [
            { name: 'dns', protocol: 'UDP', port: 53 },
            { name: 'link', protocol: 'SCTP', port: 3868 },
          ],
        },
      }),
      [
        {
          ...sampleSlice('dns', ['10.0.1.20']),
          ports: [
            { name: 'dns', protocol: 'UDP', port: 53 },
            { name: 'link', protocol: 'SCTP', port: 3868 },
          ],
        },
      ],
    ]),
};

for (const [name, make] of Object.entries(cases)) {
  test(`the rules of ${name} are as recorded (KEELSON_GOLDEN=write records them)`, () => {
    const file = join(import.meta.dirname, 'golden', `${name}.nft`);
    const text = renderRuleset(make().ruleset());
    if (process.env['KEELSON_GOLDEN'] === 'write') writeFileSync(file, text);
    assert.equal(text, readFileSync(file, 'utf8'));
  });
}

const chainsOf = (...given: Parameters<typeof planService>) => [...planService(...given).chains.keys()];
const endpoints = (chains: readonly string[]) =>
  chains.filter((name) => name.startsWith('endpoint-')).map((name) => name.replace(/.*__/, ''));

test('ready endpoints come before those that terminate, and these before none', () => {
  const slice = sampleSlice('web', ['10.0.1.20', '10.0.1.21', '10.0.1.22']);
  const [one, two, three] = slice.endpoints!;
  const terminating = { ready: false, serving: true, terminating: true };
  const only = (...list: EndpointSlice['endpoints'] & {}) =>
    chainsOf(sampleService('web'), [{ ...slice, endpoints: list }], here);
  assert.deepEqual(endpoints(only(one!, { ...two!, conditions: terminating })), ['10.0.1.20/8080']);
  assert.deepEqual(
    endpoints(only({ ...two!, conditions: terminating }, { ...three!, conditions: { ready: false, serving: false } })),
    ['10.0.1.21/8080'],
  );
  assert.deepEqual(only({ ...one!, conditions: { ready: false, serving: true } }), []);
});

test('an internal policy of Local forwards to this node alone, and drops where another node has endpoints', () => {
  const service = sampleService('web', { spec: { internalTrafficPolicy: 'Local' } });
  const both = sampleSlice('web', [
    ['10.0.1.20', 'node-1'],
    ['10.0.2.20', 'node-2'],
  ]);
  assert.deepEqual(endpoints(chainsOf(service, [both], here)), ['10.0.1.20/8080']);
  const elsewhere = planService(service, [both], { nodeName: 'node-3', zone: '' });
  assert.deepEqual(elsewhere.elements[1], ['no-endpoint-services', '10.100.0.10 . tcp . 80', 'drop']);
});

test('topology hints narrow the endpoints only when all have them and some are for this zone', () => {
  const slice = sampleSlice('web', ['10.0.1.20', '10.0.2.20']);
  const hinted = (...zones: (string | undefined)[]) => [
    {
      ...slice,
      endpoints: slice.endpoints!.map((endpoint, index) => ({
        ...endpoint,
        ...(zones[index] && { hints: { forZones: [{ name: zones[index] }] } }),
      })),
    },
  ];
  const chosen = (...zones: (string | undefined)[]) =>
    endpoints(chainsOf(sampleService('web'), hinted(...zones), here)).length;
  assert.equal(chosen('ap-northeast-2a', 'ap-northeast-2c'), 1);
  assert.equal(chosen('ap-northeast-2a', undefined), 2);
  assert.equal(chosen('ap-northeast-2b', 'ap-northeast-2c'), 2);
});

test('nothing from an object gets into a rule unchecked', () => {
  const hostile = '10.0.0.1; flush ruleset';
  const service = sampleService('web', {
    type: 'LoadBalancer',
    spec: { externalIPs: [hostile], loadBalancerSourceRanges: [hostile] },
    status: { loadBalancer: { ingress: [{ ip: hostile }] } },
  });
  const slices = [sampleSlice('web', [hostile, '10.0.1.20'])];
  assert.ok(!JSON.stringify([...planService(service, slices, here).chains]).includes('flush'));
  assert.deepEqual(
    planService(sampleService('web', { spec: { clusterIP: hostile, clusterIPs: [hostile] } }), slices, here).elements,
    [],
  );
});

test('changes that follow one another lead to the table that is planned from nothing', () => {
  const random = new SeededRandom('service-rules');
  const table = tableOf();
  let before = emptyRuleset;
  // A model of what nft would hold: chains with their rules, collections with their elements.
  const held = new Map<string, string[]>();
  for (let step = 0; step < 200; step++) {
    const name = `svc-${randomInteger(random, 5)}`;
    const count = randomInteger(random, 4);
    const addresses = Array.from({ length: count }, (_, index) => `10.0.1.${20 + ((step + index) % 7)}`);
    const service = sampleService(name, {
      type: 'NodePort',
      nodePort: 30000 + Number(name.slice(4)),
      spec: {
        clusterIP: `10.100.0.${Number(name.slice(4)) + 1}`,
        clusterIPs: [`10.100.0.${Number(name.slice(4)) + 1}`],
        sessionAffinity: randomInteger(random, 2) === 0 ? 'ClientIP' : 'None',
      },
    });
    table.setService(
      `default/${name}`,
      randomInteger(random, 5) === 0 ? undefined : { service, slices: [sampleSlice(name, addresses)] },
    );
    const after = table.ruleset();
    const { apply, cleanup } = rulesetChanges(before, after);
    play(held, apply + cleanup);
    const fresh = new Map<string, string[]>();
    play(fresh, rulesetChanges(emptyRuleset, after).apply);
    assert.deepEqual(sorted(held), sorted(fresh), `after step ${step}`);
    assert.equal(rulesetChanges(after, table.ruleset()).apply, '');
    before = after;
  }
});

function play(held: Map<string, string[]>, text: string): void {
  for (const line of text.split('\n').filter(Boolean)) {
    const [, verb, what, name, rest] = /^(\w+) (\w+) ip kube-proxy (\S+) ?(.*)$/.exec(line)!;
    const list = held.get(name!);
    if (verb === 'add' && what !== 'rule' && what !== 'element') {
      assert.equal(list, undefined, line);
      held.set(name!, []);
    } else if (verb === 'flush') held.set(name!, []);
    else if (verb === 'delete' && what !== 'element') {
      if (what === 'chain') assert.deepEqual(list, [], line);
      held.delete(name!);
    } else if (what === 'rule') list!.push(rest!);
    else {
      for (const element of rest!.slice(2, -2).split(', ')) {
        if (verb === 'add') {
          assert.ok(!list!.some((known) => known.split(' : ')[0] === element.split(' : ')[0]), line);
          list!.push(element);
        } else {
          assert.ok(list!.includes(element), line);
          list!.splice(list!.indexOf(element), 1);
        }
      }
    }
  }
}

function sorted(held: Map<string, string[]>): [string, string[]][] {
  const collections = (name: string) => !/^(service|local|external|endpoint|firewall)-[0-9a-f]{8}/.test(name);
  return [...held]
    .map(([name, list]): [string, string[]] => [name, collections(name) ? [...list].sort() : list])
    .sort(([one], [other]) => (one < other ? -1 : 1));
}
