import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { configuredAudit } from '../configuration/configured-audit.ts';
import { requestInfo } from '../request/request-info.ts';
import { TestServer } from '../testing/test-server.ts';
import { AuditLog } from './audit-log.ts';
import { type AuditPolicy, decideAudit, readAuditPolicy } from './policy.ts';

const directory = mkdtempSync(join(tmpdir(), 'keelson-audit-'));
after(() => rmSync(directory, { recursive: true }));
const maps = '/api/v1/namespaces/default/configmaps';

const head = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';

test('the first rule that a request meets decides', () => {
  const policy = readAuditPolicy(`${head}omitStages: [RequestReceived]
rules:
- {level: None, users: ['system:kube-proxy'], verbs: [watch], resources: [{group: '', resources: [endpoints, services]}]}
- {level: None, userGroups: ['system:authenticated'], nonResourceURLs: ['/api*', /version]}
- {level: Request, resources: [{group: '', resources: [configmaps], resourceNames: [one]}], namespaces: [kube-system]}
- {level: RequestResponse, resources: [{group: '', resources: ['pods/*', '*/scale']}], omitStages: [ResponseStarted]}
- {level: Metadata, resources: [{group: apps}], omitManagedFields: true}
- {level: Metadata, namespaces: ['']}
`);
  const level = (method: string, target: string, name = 'jane', groups = ['system:authenticated']) =>
    decideAudit(policy, { name, groups }, requestInfo(method, target)).level;
  const cases: [string, string, string][] = [
    ['GET', '/api/v1/services?watch=1', 'Metadata'],
    ['GET', '/apis', 'None'],
    ['GET', '/versions', 'None'],
    ['GET', '/api/v1/namespaces/kube-system/configmaps/one', 'Request'],
    ['GET', '/api/v1/namespaces/kube-system/configmaps/two', 'None'],
    ['GET', '/api/v1/namespaces/default/pods/a/log', 'RequestResponse'],
    ['PUT', '/api/v1/namespaces/default/replicationcontrollers/a/scale', 'RequestResponse'],
    ['PUT', '/apis/apps/v1/namespaces/default/deployments/a', 'Metadata'],
    ['GET', '/api/v1/nodes', 'Metadata'],
  ];
  for (const [method, target, expected] of cases) assert.equal(level(method, target), expected, target);
  assert.equal(level('GET', '/api/v1/services?watch=1', 'system:kube-proxy'), 'None');
  const pods = decideAudit(policy, { name: 'a', groups: [] }, requestInfo('GET', '/api/v1/namespaces/a/pods/b/exec'));
  assert.deepEqual(pods.omitStages, ['RequestReceived', 'ResponseStarted']);
});

test('a policy is refused with everything that is wrong', () => {
  const bad = `${head}omitStages: [Never]
rules:
- {level: Some, nonResourceURLs: [a, '/*/b'], namespaces: [x]}
- {resources: [{group: '', resourceNames: [a]}]}
`;
  assert.throws(
    () => readAuditPolicy(bad),
    (error: Error) => {
      for (const expected of [
        'omitStages[0]: Unsupported value: "Never"',
        'rules[0].level: Unsupported value: "Some"',
        'rules[0].nonResourceURLs: Invalid value: rules cannot apply to both regular resources and non-resource URLs',
        `rules[0].nonResourceURLs[0]: Invalid value: "a": non-resource URL rules must begin with a '/' character`,
        `rules[0].nonResourceURLs[1]: Invalid value: "/*/b": non-resource URL wildcards '*' must be the final character`,
        'rules[1].level: Required value',
        'rules[1].resources[0].resourceNames: Invalid value: using resourceNames requires at least one resource',
      ])
        assert.ok(error.message.includes(expected), `${expected}\nis not in\n${error.message}`);
      return true;
    },
  );
  assert.throws(() => readAuditPolicy(head), /loaded illegal policy with 0 rules/);
});

async function audited(name: string, rules: AuditPolicy['rules'], work: (server: TestServer) => Promise<void>) {
  const path = join(directory, `${name}.log`);
  const log = { path, maxSize: 100, maxBackup: 0, maxAge: 0 };
  const server = await TestServer.start({ audit: { policy: { rules }, log } });
  await work(server);
  await server.server.stop();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('each stage of a request is told, as much as its level says', async () => {
  const events = await audited(
    'levels',
    [
      { level: 'RequestResponse', verbs: ['create'], omitManagedFields: true },
      { level: 'Request', verbs: ['patch'], omitStages: ['RequestReceived'] },
      { level: 'Metadata', verbs: ['get', 'delete'] },
    ],
    async (server) => {
      const created = await server.ask(
        'POST',
        maps,
        { metadata: { name: 'a' }, data: { x: '1' } },
        { 'user-agent': 'kubectl/v1.33', 'x-forwarded-for': '10.0.0.1, 10.0.0.2' },
      );
      assert.match(created.headers['audit-id']!, /^[0-9a-f-]{36}$/);
      const type = { 'content-type': 'application/merge-patch+json' };
      await server.ask('PATCH', `${maps}/a`, { data: { x: '2' } }, type);
      const headers = { 'impersonate-user': 'kim', 'audit-id': 'mine' };
      const got = await server.ask('GET', `${maps}/none`, undefined, headers);
      assert.equal(got.headers['audit-id'], 'mine');
      assert.equal((await server.ask('GET', maps)).headers['audit-id'], undefined, 'nothing is told of lists');
    },
  );
  assert.deepEqual(
    events.map(({ stage, verb, level }) => `${verb} ${stage} ${level}`),
    [
      'create RequestReceived RequestResponse',
      'create ResponseComplete RequestResponse',
      'patch ResponseComplete Request',
      'get RequestReceived Metadata',
      'get ResponseComplete Metadata',
    ],
  );
  const [received, created, patched, , got] = events;
  assert.equal(received.auditID, created.auditID);
  assert.deepEqual(created.objectRef, { resource: 'configmaps', namespace: 'default', apiVersion: 'v1' });
  assert.deepEqual(created.user, { username: 'admin', groups: ['system:masters'] });
  assert.deepEqual([created.userAgent, created.sourceIPs], ['kubectl/v1.33', ['10.0.0.1', '10.0.0.2', '127.0.0.1']]);
  assert.deepEqual(created.requestObject.data, { x: '1' });
  assert.equal(created.responseObject.metadata.name, 'a');
  assert.equal(created.responseObject.metadata.managedFields, undefined);
  assert.deepEqual(created.responseStatus, { metadata: {}, code: 201 });
  assert.equal(created.annotations['authorization.k8s.io/decision'], 'allow');
  assert.deepEqual(patched.requestObject, { data: { x: '2' } });
  assert.equal(patched.responseObject, undefined);
  assert.equal(got.impersonatedUser.username, 'kim');
  assert.deepEqual([got.responseStatus.code, got.responseStatus.reason], [404, 'NotFound']);
});

test('a watch is told when it begins and when it ends; who is not known is told too', async () => {
  const events = await audited('watch', [{ level: 'Metadata' }], async (server) => {
    const watch = await server.watch(`${maps}?watch=1`);
    watch.close();
    await watch.next();
  });
  const told = events.filter(({ verb }) => verb === 'watch').map(({ stage }) => stage);
  assert.deepEqual(told, ['RequestReceived', 'ResponseStarted', 'ResponseComplete']);
});

test('a refusal is told with its decision and reason', async () => {
  const path = join(directory, 'refused.log');
  const server = await TestServer.start({
    authorizer: { authorize: async () => ({ decision: 'noOpinion', reason: 'no rule' }) },
    audit: { policy: { rules: [{ level: 'Metadata' }] }, log: { path, maxSize: 1, maxBackup: 0, maxAge: 0 } },
  });
  await server.ask('GET', maps);
  await server.server.stop();
  const event = JSON.parse(readFileSync(path, 'utf8').trim().split('\n').at(-1)!);
  assert.equal(event.responseStatus.code, 403);
  assert.deepEqual(event.annotations, {
    'authorization.k8s.io/decision': 'forbid',
    'authorization.k8s.io/reason': 'no rule',
  });
});

test('a full log is put aside, and old ones go', async () => {
  const world = virtualWorld('rotated');
  const folder = join(directory, 'rotated');
  const log = new AuditLog({ path: join(folder, 'audit.log'), maxSize: 1, maxBackup: 2, maxAge: 0 }, world);
  for (let count = 0; count < 5; count++) {
    log.write({ text: 'x'.repeat(700 << 10), count });
    await log.flush();
    await world.clock.advance(1000);
  }
  const files = readdirSync(folder).sort();
  assert.equal(files.length, 3);
  assert.match(files[0]!, /^audit-2026-01-01T00-00-\d\d\.\d{3}\.log$/);
  assert.equal(JSON.parse(readFileSync(join(folder, 'audit.log'), 'utf8')).count, 4);
  const nowhere = new AuditLog(
    { path: join(folder, 'audit.log', 'below.log'), maxSize: 1, maxBackup: 0, maxAge: 0 },
    world,
  );
  nowhere.write({});
  await nowhere.flush();
  assert.equal(nowhere.lost, 1);
});

test('settings name a policy and a log', () => {
  const auditPolicyFile = join(directory, 'policy.yaml');
  writeFileSync(auditPolicyFile, `${head}rules: [{level: Metadata}]\n`);
  assert.equal(configuredAudit({ auditPolicyFile }), undefined);
  const configured = configuredAudit({ auditPolicyFile, auditLogPath: '/var/log/audit.log', auditLogMaxage: 7 });
  assert.deepEqual(configured!.log, { path: '/var/log/audit.log', maxSize: 100, maxBackup: 0, maxAge: 7 });
  assert.throws(() => configuredAudit({ auditPolicyFile: '/none', auditLogPath: '-' }), /\/none cannot be read/);
});
