import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  collectBody,
  createLog,
  type HttpResponse,
  pick,
  randomInteger,
  SeededRandom,
  VirtualClock,
} from '@keelson/base';
import { decodeObject } from '@keelson/model';
import { TestServer } from './testing/test-server.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'BREW'];
const roots = [
  '/api/v1',
  '/apis/apps/v1',
  '/apis/coordination.k8s.io/v1',
  '/apis/meta.keelson.dev/v1',
  '/apis/events.k8s.io/v1',
  '/apis/x/v1',
  '/api',
  '',
];
const middles = [
  '',
  '/namespaces/default',
  '/namespaces/none',
  '/namespaces/%2e%2e',
  '/namespaces/%ff',
  '/watch',
  '/watch/namespaces/default',
  '/namespaces',
];
const resources = [
  '',
  '/pods',
  '/configmaps',
  '/services',
  '/deployments',
  '/leases',
  '/events',
  '/nodes',
  '/namespaces',
  '/transactions',
  '/__proto__',
  '/constructor',
  '/tokenreviews',
];
const names = [
  '',
  '/one',
  '/One_Bad',
  '/__proto__',
  '/a%2Fb',
  `/${'x'.repeat(300)}`,
  '/%00',
  '/one/status',
  '/one/scale',
  '/one/log',
  '/one/binding',
  '/one/eviction',
  '/one/finalize',
  '/one/a/b/c',
];
const queries = [
  '',
  'watch=1&timeoutSeconds=1',
  'limit=-1',
  'limit=1e3',
  'limit=99999999999999999999',
  'continue=e30',
  'continue=%F0%9F',
  'resourceVersion=-1',
  'resourceVersion=18446744073709551616',
  'labelSelector=a%3D%3D%3Db',
  'labelSelector=a in (',
  'fieldSelector=metadata.name%3D%5C',
  'fieldSelector=__proto__%3Dx',
  'dryRun=All&fieldValidation=Strict',
  'fieldValidation=No',
  'gracePeriodSeconds=-5',
  'propagationPolicy=Never',
  'resourceVersionMatch=Exact&resourceVersion=1',
  'sendInitialEvents=true',
  'watch=true&resourceVersion=999999&timeoutSeconds=1',
  'fieldManager=%0d%0ax',
  'includeObject=All',
  'timeoutSeconds=-1&watch=1&resourceVersion=0',
];
const types = [
  'application/json',
  'application/yaml',
  'application/merge-patch+json',
  'application/json-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'application/vnd.kubernetes.protobuf',
  'text/html',
  ';;;',
];
const accepts = [
  'application/json',
  '*/*',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'text/html',
  ';q=x,,',
  'application/json;as=Table;v=v9;g=x',
  'application/vnd.kubernetes.protobuf',
  'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
];
const scraps = [
  '{}',
  '[]',
  'null',
  '1',
  '"x"',
  '{"metadata":null}',
  '{"metadata":{"name":"one"}}',
  '{"metadata":{"name":5}}',
  '{"metadata":{"name":"one","labels":{"__proto__":"x"}}}',
  '{"__proto__":{"a":1}}',
  '{"spec":{"containers":[{}]}}',
  '{"spec":{"replicas":-1}}',
  '{"spec":{"replicas":1e99}}',
  '{"metadata":{"name":"one","finalizers":["x"]}}',
  '{"metadata":{"generateName":"a-"},"spec":{"selector":{"matchLabels":{"a":"b"}}}}',
  '{"operations":[{"verb":"create","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"t","namespace":"default"}}}]}',
  '{"operations":[null,5]}',
  '[{"op":"replace","path":"/metadata/name","value":"other"}]',
  '[{"op":"add","path":"/__proto__/x","value":1}]',
  '[{"op":"move"}]',
  '{"$patch":"delete"}',
  '{"spec":{"$patch":"replace"}}',
  '{"metadata":{"$deleteFromPrimitiveList/finalizers":["x"]}}',
  'a: b: c',
  '- - -\n',
  '\ufeff{}',
  `${'['.repeat(5000)}`,
  '{"target":{"name":"n"}}',
  '{"deleteOptions":{"dryRun":["No"]}}',
  '{"kind":"DeleteOptions","preconditions":{"uid":"x"}}',
  'k8s\0\n\u00ff',
];

const served = [
  '/api/v1/namespaces/default/configmaps',
  '/api/v1/namespaces/default/pods',
  '/api/v1/namespaces/default/services',
  '/api/v1/namespaces/default/events',
  '/api/v1/namespaces',
  '/api/v1/nodes',
  '/apis/apps/v1/namespaces/default/deployments',
  '/apis/coordination.k8s.io/v1/namespaces/default/leases',
  '/apis/events.k8s.io/v1/namespaces/default/events',
];
const ofCollection = ['GET', 'POST', 'POST', 'POST', 'DELETE'];
const ofObject = ['GET', 'PUT', 'PATCH', 'PATCH', 'PATCH', 'DELETE', 'POST'];
const ofSubresource = ['/status', '/scale', '/binding', '/eviction', '/finalize'];

/** Mostly what is served, asked wrongly; else what is not. */
function line(random: SeededRandom): { method: string; target: string } {
  const query = randomInteger(random, 3) === 0 ? `?${pick(random, queries)}` : '';
  const choice = randomInteger(random, 10);
  if (choice < 1) return { method: 'POST', target: '/apis/meta.keelson.dev/v1/transactions' };
  if (choice < 4) return { method: pick(random, ofCollection), target: `${pick(random, served)}${query}` };
  if (choice < 7) return { method: pick(random, ofObject), target: `${pick(random, served)}/one${query}` };
  if (choice < 8)
    return {
      method: pick(random, ofObject),
      target: `${pick(random, served)}/one${pick(random, ofSubresource)}${query}`,
    };
  const path = [roots, middles, resources, names].map((parts) => pick(random, parts)).join('');
  return { method: pick(random, methods), target: `${path}${query}` };
}

/** The types that fit the method more often than not. */
function typeFor(random: SeededRandom, method: string): string {
  if (randomInteger(random, 5) === 0) return pick(random, types);
  return method === 'PATCH' ? pick(random, types.slice(2, 5)) : pick(random, types.slice(0, 2));
}

for (const seed of ['a', 'b', 'c']) {
  test(`nothing that a client sends is the server's fault (seed ${seed})`, async () => {
    const faults: unknown[] = [];
    const log = createLog(new VirtualClock(), (entry) => faults.push(entry), 'error');
    const server = await TestServer.start({ seed, log, services: { block: '10.100.0.0/16' } });
    const random = new SeededRandom(seed);
    for (let count = 0; count < 2500; count++) {
      const { method, target } = line(random);
      const body = randomInteger(random, 4) === 0 ? '' : pick(random, scraps);
      const headers = {
        'content-type': typeFor(random, method),
        accept: randomInteger(random, 3) === 0 ? pick(random, accepts) : 'application/json',
        ...(randomInteger(random, 20) === 0 ? { 'impersonate-user': 'jane', 'impersonate-extra-%zz': 'x' } : {}),
      };
      const aborts = new AbortController();
      let response: HttpResponse | undefined;
      void server.respond(method, target, { body, headers, signal: aborts.signal }).then((answer) => {
        response = answer;
      });
      // What asks for a revision of the future waits for it.
      await server.world.clock.until(() => response !== undefined, 10_000);
      const said = `${method} ${target} ${headers['content-type']} ${body.slice(0, 80)}`;
      assert.ok(response !== undefined, said);
      assert.ok(response.status < 500 || response.status === 504, `${response.status} ${said}`);
      aborts.abort();
      if (response.status >= 400) {
        const bytes = await collectBody(response.body);
        const status = decodeObject('meta/v1.Status', bytes, response.headers['content-type']!).object;
        assert.equal(status.kind, 'Status', said);
        assert.equal(status['code'], response.status, said);
        assert.ok(status['message'].length > 0 && status['reason'].length > 0, said);
      }
    }
    assert.deepEqual(faults, []);
    assert.equal(({} as Record<string, unknown>)['a'], undefined, 'no prototype was touched');
    assert.equal((await server.ask('GET', '/readyz')).text, 'ok');
  });
}
