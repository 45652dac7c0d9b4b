import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const merge = { 'content-type': 'application/merge-patch+json' };
const json = { 'content-type': 'application/json-patch+json' };
const apply = { 'content-type': 'application/apply-patch+yaml' };
/** How many of each sort: those that are overtaken begin anew, those that apply stay managers. */
const counters = 10;
const appliers = 20;
const patchers = 150;

/** Reads, adds one, and writes what it has read; again for as long as others were faster. */
async function increment(server: TestServer): Promise<number> {
  for (let conflicts = 0; ; conflicts++) {
    const { json: object } = await server.ask('GET', `${maps}/x`);
    object.data.count = String(Number(object.data.count) + 1);
    const answer = await server.ask('PUT', `${maps}/x?fieldManager=counter`, object);
    if (answer.status === 200) return conflicts;
    assert.equal(answer.status, 409, answer.text);
    assert.equal(answer.json.reason, 'Conflict');
  }
}

for (const seed of ['a', 'b']) {
  test(`hundreds of writers of one object lose nothing (seed ${seed})`, async () => {
    const server = await TestServer.start({ seed });
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { count: '0', list: '' } };
    await server.ask('POST', maps, object);
    const work: Promise<unknown>[] = [];
    for (let index = 0; index < patchers; index++) {
      const mine = { [`k${index}`]: 'x' };
      const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { [`a${index}`]: 'x' } };
      if (index < counters) work.push(increment(server));
      if (index < appliers) work.push(server.ask('PATCH', `${maps}/x?fieldManager=m${index}`, config, apply));
      work.push(server.ask('PATCH', `${maps}/x?fieldManager=patcher`, { metadata: { annotations: mine } }, merge));
      const add = [{ op: 'add', path: `/data/j${index}`, value: 'x' }];
      work.push(server.ask('PATCH', `${maps}/x?fieldManager=json`, add, json));
    }
    const answers = await Promise.all(work);
    for (const answer of answers)
      if (typeof answer === 'object') assert.equal((answer as { status: number }).status, 200);
    const { json: last } = await server.ask('GET', `${maps}/x`);
    assert.equal(last.data.count, String(counters));
    assert.equal(Object.keys(last.data).length, appliers + patchers + 2);
    assert.equal(Object.keys(last.metadata.annotations).length, patchers);
    const managers = new Map(last.metadata.managedFields.map((entry: any) => [entry.manager, entry]));
    assert.equal(managers.size, appliers + 4);
    for (let index = 0; index < appliers; index++)
      assert.deepEqual((managers.get(`m${index}`) as any).fieldsV1, { 'f:data': { [`f:a${index}`]: {} } });
    assert.equal(Object.keys((managers.get('json') as any).fieldsV1['f:data']).length, patchers);
  });
}
