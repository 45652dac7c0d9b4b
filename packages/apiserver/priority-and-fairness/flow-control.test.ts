import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectBody } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import type { Authenticator } from '../authentication/contract.ts';
import { everything, TestServer } from '../testing/test-server.ts';
import { reconcileConfiguration } from './keep-flow-configuration.ts';

const api = '/apis/flowcontrol.apiserver.k8s.io/v1';
const pods = '/api/v1/namespaces/default/pods';

/** Takes the user's word for who they are; callers in the process are the administrator. */
const byHeader: Authenticator = {
  authenticate: async ({ headers, peer }) => {
    const name = peer.inProcess?.name ?? headers['x-user'] ?? 'system:anonymous';
    const groups = peer.inProcess?.groups ?? [...(headers['x-groups'] ?? '').split(','), 'system:authenticated'];
    return { outcome: 'authenticated', user: { name, groups } };
  },
};

/** A server with few seats whose authoriser holds everybody's requests until `open` is called. */
async function heldServer() {
  let held: (() => void)[] = [];
  let holding = false;
  const server = await TestServer.start({
    authenticator: byHeader,
    authorizer: {
      authorize: async (attributes) => {
        if (holding && !attributes.user.groups.includes('system:masters'))
          await new Promise<void>((resolve) => held.push(resolve));
        return everything.authorize(attributes);
      },
    },
    limits: { inFlight: { reading: 10, mutating: 10, longRunning: 100 } },
  });
  const ask = async (user: string, target = pods, groups = '') => {
    const response = await server.server.handler({
      method: 'GET',
      target,
      headers: { 'x-user': user, 'x-groups': groups },
      body: new Uint8Array(0),
      signal: new AbortController().signal,
      peer: { address: '127.0.0.1', certificates: [] },
    });
    return { ...response, text: Buffer.from(await collectBody(response.body)).toString() };
  };
  return {
    server,
    ask,
    hold: () => {
      holding = true;
    },
    /** Lets everything go on, now and from now on. */
    open: () => {
      holding = false;
      for (const resolve of held) resolve();
      held = [];
    },
    held: () => held.length,
  };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('the configuration is there from the start, and comes back', async () => {
  const server = await TestServer.start();
  const schemas = (await server.ask('GET', `${api}/flowschemas`)).json.items;
  assert.deepEqual(schemas.map(({ metadata }: any) => metadata.name).sort(), [
    'catch-all',
    'exempt',
    'global-default',
    'kube-controller-manager',
    'kube-scheduler',
    'kube-system-service-accounts',
    'probes',
    'service-accounts',
    'system-leader-election',
    'system-node-high',
    'system-nodes',
  ]);
  for (const { status } of schemas)
    assert.deepEqual([status.conditions[0].type, status.conditions[0].status], ['Dangling', 'False']);
  await server.ask('DELETE', `${api}/flowschemas/exempt`);
  await server.ask('DELETE', `${api}/prioritylevelconfigurations/workload-low`);
  await server.ask('POST', `${api}/flowschemas`, {
    metadata: { name: 'mine' },
    spec: { priorityLevelConfiguration: { name: 'nowhere' } },
  });
  await server.world.clock.advance(10_000);
  await settled();
  assert.equal((await server.ask('GET', `${api}/flowschemas/exempt`)).status, 200);
  assert.equal((await server.ask('GET', `${api}/prioritylevelconfigurations/workload-low`)).status, 200);
  const [condition] = (await server.ask('GET', `${api}/flowschemas/mine`)).json.status.conditions;
  assert.deepEqual(
    [condition.status, condition.reason, condition.message],
    [
      'True',
      'NotFound',
      'This FlowSchema references the PriorityLevelConfiguration object named "nowhere" but there is no such object',
    ],
  );
});

test('what its owner changed is left alone when it says so', () => {
  const wanted: ApiObject = { metadata: { name: 'a', annotations: {} }, spec: { value: 1 } };
  const key = 'apf.kubernetes.io/autoupdate-spec';
  const stored = (annotations: Record<string, string>, generation = 2): ApiObject => ({
    metadata: { name: 'a', annotations, generation },
    spec: { value: 2 },
  });
  const cases: [ApiObject, string | undefined, unknown][] = [
    [stored({ [key]: 'true' }), 'true', 1],
    [stored({ [key]: 'false' }), undefined, undefined],
    [stored({}), 'false', 2],
    [stored({}, 1), 'true', 1],
  ];
  for (const [object, annotation, value] of cases) {
    const [step] = reconcileConfiguration([object], [], [wanted]);
    assert.equal(step?.object.metadata?.annotations?.[key], annotation);
    assert.equal(step?.object['spec'].value, value);
  }
  assert.equal(reconcileConfiguration([stored({ [key]: 'false' })], [wanted], [])[0]!.action, 'update');
  assert.deepEqual(
    reconcileConfiguration([stored({ [key]: 'true' }), { metadata: { name: 'b' } }], [], []).map(
      ({ action }) => action,
    ),
    ['delete'],
  );
});

test('beyond its seats a user waits, others and administrators do not; beyond its queues it is refused', async () => {
  const { server, ask, hold, open, held } = await heldServer();
  hold();
  // global-default has 2 seats of 20, 6 queues of 50 for one user.
  const many = Array.from({ length: 400 }, () => ask('greedy'));
  await settled();
  const running = held();
  assert.ok(running >= 1 && running <= 4, `${running}`);
  const refusals = many.length - 300 - running;
  const dump = async (what: string) =>
    (await ask('root', `/debug/api_priority_and_fairness/${what}`, 'system:masters')).text;
  const level = (await dump('dump_priority_levels')).split('\n').find((line) => line.startsWith('global-default,'));
  assert.deepEqual(level!.split(/,\s+/).slice(1, 8), [
    '6',
    'false',
    'false',
    '300',
    String(running),
    String(running),
    String(refusals),
  ]);
  assert.equal((await dump('dump_requests?includeRequestDetails=1')).split('\n').length, 300 + running + 3);
  assert.match(await dump('dump_queues'), /^global-default,\s+\d+,\s+50,/m);
  const node = ask('system:node:a', pods, 'system:nodes');
  await settled();
  assert.equal(held(), running + 1, 'another level has seats of its own');
  const polite = ask('polite');
  await settled();
  open();
  assert.equal((await node).status, 200);
  assert.equal((await polite).status, 200);
  const answers = await Promise.all(many);
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(refused.length, refusals);
  assert.equal(refused[0]!.headers['retry-after'], '1');
  assert.match(refused[0]!.text, /"message":"Too many requests, please try again later\."/);
  const schema = (await server.ask('GET', `${api}/flowschemas/global-default`)).json.metadata.uid;
  const priority = (await server.ask('GET', `${api}/prioritylevelconfigurations/global-default`)).json.metadata.uid;
  for (const { headers } of answers) {
    assert.equal(headers['x-kubernetes-pf-flowschema-uid'], schema);
    assert.equal(headers['x-kubernetes-pf-prioritylevel-uid'], priority);
  }
  const metrics = (await ask('root', '/metrics', 'system:masters')).text;
  const labels = 'flow_schema="global-default",priority_level="global-default"';
  assert.ok(
    metrics.includes(`apiserver_flowcontrol_rejected_requests_total{${labels},reason="queue-full"} ${refusals}`),
  );
  assert.ok(metrics.includes(`apiserver_flowcontrol_current_executing_requests{${labels}} 0`));
});

test('who waits too long is refused', async () => {
  const { server, ask, hold, open, held } = await heldServer();
  hold();
  const many = Array.from({ length: 60 }, () => ask('greedy'));
  await settled();
  await server.world.clock.advance(15_000);
  await settled();
  const running = held();
  open();
  const codes = (await Promise.all(many)).map(({ status }) => status).sort();
  assert.deepEqual(codes, [...Array(running).fill(200), ...Array(60 - running).fill(429)]);
});

test('a level lends seats that it does not need', async () => {
  const { server, ask, hold, open, held } = await heldServer();
  hold();
  const many = Array.from({ length: 30 }, () => ask('greedy'));
  await settled();
  const before = held();
  await server.world.clock.advance(10_000);
  await settled();
  assert.ok(held() > before, `${before} then ${held()}`);
  open();
  assert.ok((await Promise.all(many)).every(({ status }) => status === 200));
});
