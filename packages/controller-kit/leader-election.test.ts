import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HttpHandler, virtualWorld } from '@keelson/base';
import { createClient } from '@keelson/client';
import { runElected } from './leader-election.ts';

/** Holds one Lease, with optimistic concurrency, and can be away. */
function leaseServer() {
  const state = { lease: undefined as any, revision: 1, away: false };
  const handler: HttpHandler = async (request) => {
    if (state.away) throw new Error('connection refused');
    const refuse = (code: number, reason: string) => ({
      status: code,
      headers: {},
      body: Buffer.from(JSON.stringify({ kind: 'Status', status: 'Failure', reason, code })),
    });
    if (request.method === 'GET' && state.lease === undefined) return refuse(404, 'NotFound');
    if (request.method !== 'GET') {
      const sent = JSON.parse(Buffer.from(request.body).toString());
      if (request.method === 'PUT' && sent.metadata.resourceVersion !== state.lease.metadata.resourceVersion)
        return refuse(409, 'Conflict');
      if (request.method === 'POST' && state.lease !== undefined) return refuse(409, 'AlreadyExists');
      state.lease = { ...sent, metadata: { ...sent.metadata, resourceVersion: `${++state.revision}` } };
    }
    return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(state.lease)) };
  };
  return { state, handler };
}

function setUp() {
  const world = virtualWorld('election');
  const server = leaseServer();
  const terms: string[] = [];
  const join = (identity: string) => {
    const stop = new AbortController();
    const client = createClient({ send: server.handler, clock: world.clock, userAgent: identity });
    const done = runElected({ name: 'l', identity, client, world }, stop.signal, async (signal) => {
      terms.push(`${identity} leads`);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      terms.push(`${identity} ends`);
    });
    return { stop: () => stop.abort(), done };
  };
  return { world, server, terms, join };
}

test('one leads at a time; when it stops, the next leads soon', async () => {
  const { world, server, terms, join } = setUp();
  const a = join('a');
  await world.clock.advance(100);
  const b = join('b');
  await world.clock.advance(60_000);
  assert.deepEqual(terms, ['a leads']);
  a.stop();
  await world.clock.advance(3000);
  await a.done;
  assert.deepEqual(terms, ['a leads', 'a ends', 'b leads']);
  assert.equal(server.state.lease.spec.holderIdentity, 'b');
  b.stop();
  await world.clock.advance(0);
  await b.done;
});

test('a leader that cannot renew ends before another may take over', async () => {
  const { world, server, terms, join } = setUp();
  const a = join('a');
  await world.clock.advance(5000);
  server.state.away = true;
  await world.clock.advance(8000);
  assert.deepEqual(terms, ['a leads']);
  await world.clock.advance(2000);
  assert.deepEqual(terms, ['a leads', 'a ends']);
  server.state.away = false;
  await world.clock.advance(4000);
  assert.deepEqual(terms, ['a leads', 'a ends', 'a leads']);
  assert.equal(server.state.lease.spec.leaseTransitions, 0);
  a.stop();
  await world.clock.advance(0);
  await a.done;
});
