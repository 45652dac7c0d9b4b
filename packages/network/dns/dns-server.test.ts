import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { randomInteger, SeededRandom, sleep, systemWorld } from '@keelson/base';
import { MemoryApi } from '@keelson/testkit/memory-api.ts';
import { sampleService, sampleSlice } from '../services/suite/sample-services.ts';
import { decodeMessage } from './decode-message.ts';
import { DnsListener } from './dns-listener.ts';
import { DnsServer } from './dns-server.ts';
import { encodeMessage } from './encode-message.ts';
import { exchangeQuery } from './exchange-query.ts';
import { nameOf, nameText, queryFor, recordTypes, replyTo, responseCodes } from './message.ts';
import { addressRecord, soaRecord } from './records.ts';
import { TcpFrames } from './tcp-frames.ts';

const world = systemWorld();
const api = new MemoryApi(world);
const corefile = (upstream: number) => `.:0 {
  errors
  health 127.0.0.1:0
  ready 127.0.0.1:18181
  kubernetes cluster.local in-addr.arpa {
    pods insecure
    fallthrough in-addr.arpa
  }
  forward . 127.0.0.1:${upstream}
  cache 30
  loop
  loadbalance
}`;
let upstream: DnsListener;
let server: DnsServer;
let resolver: Resolver;
let asked = 0;

before(async () => {
  upstream = await DnsListener.listen({
    host: '127.0.0.1',
    port: 0,
    log: world.log,
    answer: async (query) => {
      const [question] = query.questions;
      const name = nameText(question!.name);
      asked++;
      if (name === 'slow.example') await sleep(world.clock, 60_000);
      if (name.endsWith('many.example'))
        return replyTo(query, {
          answers: Array.from({ length: 200 }, (_, index) => addressRecord(question!.name, 60, `192.0.2.${index}`)!),
        });
      if (name === 'up.example' && question!.type === recordTypes.A)
        return replyTo(query, { recursionAvailable: true, answers: [addressRecord(question!.name, 60, '192.0.2.1')!] });
      return replyTo(query, { code: responseCodes.NXDOMAIN, authorities: [soaRecord(nameOf('example'), 60, 1)] });
    },
  });
  for (const name of ['default', 'other']) api.put('namespaces', { metadata: { name } });
  const ports = [{ name: 'http', protocol: 'TCP', port: 80 }];
  api.put('services', sampleService('web', { spec: { ports } }));
  api.put('services', sampleService('db', { spec: { clusterIP: 'None', clusterIPs: ['None'], ports } }));
  api.put(
    'services',
    sampleService('ext', { type: 'ExternalName', spec: { clusterIP: '', clusterIPs: [], externalName: 'up.example' } }),
  );
  const slice = sampleSlice('db', ['10.0.1.20', '10.0.2.20', '10.0.3.20']);
  const [one, two, three] = slice.endpoints!;
  api.put('endpointslices', {
    ...slice,
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints: [{ ...one!, hostname: 'db-0' }, two!, { ...three!, conditions: { ready: false } }],
  });
  server = await DnsServer.start({
    world,
    file: 'Corefile',
    readCorefile: () => corefile(upstream.port),
    readResolvConf: () => '',
    client: () => api,
    host: '127.0.0.1',
    serverAddresses: () => ['10.0.9.9'],
    fatal: (error) => assert.fail(error),
  });
  resolver = new Resolver({ timeout: 1000, tries: 4 });
  resolver.setServers([`127.0.0.1:${server.portOf(0)}`]);
});

after(async () => {
  await server.stop();
  await upstream.close();
});

const port = () => server.portOf(0)!;
const ask = (name: string, type: number, tcp = false) =>
  exchangeQuery(
    queryFor({ name: nameOf(name), type, class: 1 }, { id: 7 }),
    { address: '127.0.0.1', port: port() },
    { clock: world.clock, timeout: 1000, tcp },
  );

test('a Service has its address, headless ones those of their ready pods', async () => {
  assert.deepEqual(await resolver.resolve4('web.default.svc.cluster.local', { ttl: true }), [
    { address: '10.100.0.10', ttl: 5 },
  ]);
  assert.deepEqual((await resolver.resolve4('DB.default.svc.Cluster.LOCAL')).sort(), ['10.0.1.20', '10.0.2.20']);
  assert.deepEqual(await resolver.resolve4('db-0.db.default.svc.cluster.local'), ['10.0.1.20']);
  assert.deepEqual(await resolver.resolve4('10-0-2-20.db.default.svc.cluster.local'), ['10.0.2.20']);
});

test('named ports have SRV records, with the addresses they lead to', async () => {
  const single = { name: 'web.default.svc.cluster.local', port: 80, priority: 0, weight: 100, type: 'SRV' };
  assert.deepEqual(await resolver.resolveSrv('_http._tcp.web.default.svc.cluster.local'), [single]);
  const found = await resolver.resolveSrv('_http._tcp.db.default.svc.cluster.local');
  assert.deepEqual(found.map(({ name, port: at, weight }) => [name, at, weight]).sort(), [
    ['10-0-2-20.db.default.svc.cluster.local', 8080, 50],
    ['db-0.db.default.svc.cluster.local', 8080, 50],
  ]);
  const { additionals, authoritative } = await ask('_http._tcp.db.default.svc.cluster.local', recordTypes.SRV);
  assert.equal(additionals.length, 2);
  assert.equal(authoritative, true);
});

test('pods, external names and addresses are resolved', async () => {
  assert.deepEqual(await resolver.resolve4('10-1-2-3.other.pod.cluster.local'), ['10.1.2.3']);
  assert.deepEqual(await resolver.resolveCname('ext.default.svc.cluster.local'), ['up.example']);
  assert.deepEqual(await resolver.resolve4('ext.default.svc.cluster.local'), ['192.0.2.1']);
  assert.deepEqual(await resolver.reverse('10.100.0.10'), ['web.default.svc.cluster.local']);
  assert.deepEqual(await resolver.reverse('10.0.1.20'), ['db-0.db.default.svc.cluster.local']);
  assert.deepEqual(await resolver.resolveTxt('dns-version.cluster.local'), [['1.1.0']]);
  assert.deepEqual(await resolver.resolve4('ns.dns.cluster.local'), ['10.0.9.9']);
  assert.equal((await resolver.resolveSoa('cluster.local')).nsname, 'ns.dns.cluster.local');
});

test('a name that does not exist is told from one that has no such record', async () => {
  const cases: [string, number, number][] = [
    ['nosuch.default.svc.cluster.local', recordTypes.A, responseCodes.NXDOMAIN],
    ['web.nosuch.svc.cluster.local', recordTypes.A, responseCodes.NXDOMAIN],
    ['10-1-2-3.nosuch.pod.cluster.local', recordTypes.A, responseCodes.NXDOMAIN],
    ['nothing.cluster.local', recordTypes.A, responseCodes.NXDOMAIN],
    ['_https._tcp.web.default.svc.cluster.local', recordTypes.SRV, responseCodes.NXDOMAIN],
    ['web.default.svc.cluster.local', recordTypes.AAAA, responseCodes.NOERROR],
    ['_tcp.web.default.svc.cluster.local', recordTypes.A, responseCodes.NOERROR],
    ['default.svc.cluster.local', recordTypes.A, responseCodes.NOERROR],
    ['svc.cluster.local', recordTypes.A, responseCodes.NOERROR],
    ['10-1-2-3.other.pod.cluster.local', recordTypes.AAAA, responseCodes.NOERROR],
  ];
  for (const [name, type, code] of cases) {
    const answer = await ask(name, type);
    assert.deepEqual([answer.code, answer.answers.length], [code, 0], name);
    assert.deepEqual(
      answer.authorities.map((record) => [record.type, nameText(record.name), record.ttl]),
      [[recordTypes.SOA, 'cluster.local', 5]],
      name,
    );
  }
});

test('what changes in the API is answered', async () => {
  api.put('services', sampleService('late', { spec: { clusterIP: '10.100.0.44', clusterIPs: ['10.100.0.44'] } }));
  for (let tries = 0; (await ask('late.default.svc.cluster.local', recordTypes.A)).code !== 0; tries++)
    assert.ok(tries < 1000);
  assert.deepEqual(await resolver.resolve4('late.default.svc.cluster.local'), ['10.100.0.44']);
  api.remove('services', 'default', 'late');
  for (let tries = 0; (await ask('late.default.svc.cluster.local', recordTypes.A)).code === 0; tries++)
    assert.ok(tries < 1000);
  await assert.rejects(resolver.reverse('10.100.0.44'), { code: 'ENOTFOUND' });
});

test('other names are forwarded once and remembered, absent ones too', async () => {
  const before = asked;
  for (let times = 0; times < 3; times++)
    assert.deepEqual((await ask('up.example', recordTypes.A)).answers[0]?.data, Buffer.from([192, 0, 2, 1]));
  const { ttl } = (await resolver.resolve4('up.example', { ttl: true }))[0]!;
  assert.ok(ttl <= 30 && ttl > 20, String(ttl));
  for (let times = 0; times < 3; times++)
    assert.equal((await ask('absent.example', recordTypes.A)).code, responseCodes.NXDOMAIN);
  assert.ok(asked - before <= 2, `${asked - before} were forwarded`);
});

test('a long answer is cut over UDP and whole over TCP', async () => {
  const cut = await ask('many.example', recordTypes.A);
  assert.equal(cut.truncated, true);
  assert.equal((await ask('many.example', recordTypes.A, true)).answers.length, 200);
});

test('a resolver that does not answer fails only those who ask it', async () => {
  const slow = ask('slow.example', recordTypes.A);
  assert.equal((await ask('web.default.svc.cluster.local', recordTypes.A)).code, 0);
  await assert.rejects(slow, /did not answer within 1000 ms/);
});

test('queries that make no sense get their codes', async () => {
  const question = { name: nameOf('web.default.svc.cluster.local'), type: 1, class: 1 };
  const to = { address: '127.0.0.1', port: port() };
  const options = { clock: world.clock, timeout: 1000, tcp: false };
  assert.equal((await exchangeQuery(queryFor(question, { opcode: 4 }), to, options)).code, responseCodes.NOTIMP);
  assert.equal((await exchangeQuery(queryFor({ ...question, class: 3 }), to, options)).code, responseCodes.REFUSED);
  assert.equal(
    (await exchangeQuery(queryFor(question, { questions: [question, question] }), to, options)).code,
    responseCodes.FORMERR,
  );
});

test('the probes answer', async () => {
  const ready = await fetch(`http://127.0.0.1:${server.endpointPort(18181)}/ready`);
  assert.deepEqual([ready.status, await ready.text()], [200, 'OK']);
  const health = await fetch(`http://127.0.0.1:${server.endpointPort(0)}/health`);
  assert.deepEqual([health.status, await health.text()], [200, 'OK']);
});

test('hostile packets and streams leave the server answering', async () => {
  const random = new SeededRandom('dns-server');
  const socket = createSocket('udp4');
  const good = encodeMessage(queryFor({ name: nameOf('web.default.svc.cluster.local'), type: 1, class: 1 }));
  for (let round = 0; round < 2000; round++) {
    const bytes =
      randomInteger(random, 2) === 0 ? Buffer.from(random.bytes(1 + randomInteger(random, 80))) : Buffer.from(good);
    bytes[randomInteger(random, bytes.length)] = randomInteger(random, 256);
    await new Promise((resolve) => socket.send(bytes, port(), '127.0.0.1', resolve));
  }
  socket.close();
  for (const bytes of [
    Buffer.from(random.bytes(5000)),
    TcpFrames.frame(random.bytes(11)),
    TcpFrames.frame(new Uint8Array(0)),
  ]) {
    await new Promise((resolve) => {
      const stream = connect(port(), '127.0.0.1', () => stream.end(bytes));
      stream.on('error', () => {});
      stream.on('close', resolve);
      stream.resume();
    });
  }
  assert.equal((await ask('web.default.svc.cluster.local', recordTypes.A, true)).code, 0);
  assert.deepEqual(await resolver.resolve4('web.default.svc.cluster.local'), ['10.100.0.10']);
});

test('forwarding in a circle is found out', async () => {
  let own = 0;
  const first = await DnsListener.listen({
    host: '127.0.0.1',
    port: 0,
    log: world.log,
    answer: async (query) => {
      const back = await exchangeQuery(
        query,
        { address: '127.0.0.1', port: own },
        { clock: world.clock, timeout: 500, tcp: false },
      );
      return { ...back, id: query.id };
    },
  });
  // A port that is free now is the looping server's a moment later.
  const holder = await DnsListener.listen({
    host: '127.0.0.1',
    port: 0,
    log: world.log,
    answer: async (query) => replyTo(query),
  });
  own = holder.port;
  await holder.close();
  const found = new Promise<Error>((resolve) => {
    void DnsServer.start({
      world,
      file: 'Corefile',
      readCorefile: () => `.:${own} {\n loop\n forward . 127.0.0.1:${first.port}\n}`,
      readResolvConf: () => '',
      client: () => api,
      host: '127.0.0.1',
      fatal: resolve,
    }).then((looping) => void found.then(() => looping.stop()));
  });
  const failure = await found;
  assert.match(failure.message, /^plugin\/loop: Loop .* detected for zone "\."/);
  await first.close();
});

test('an answer for another question is not taken', async () => {
  const liar = await DnsListener.listen({
    host: '127.0.0.1',
    port: 0,
    log: world.log,
    answer: async (query) =>
      replyTo(query, {
        questions: [{ name: nameOf('evil.example'), type: 1, class: 1 }],
        answers: [addressRecord(nameOf('evil.example'), 60, '6.6.6.6')!],
      }),
  });
  const asking = exchangeQuery(
    queryFor({ name: nameOf('up.example'), type: 1, class: 1 }),
    { address: '127.0.0.1', port: liar.port },
    { clock: world.clock, timeout: 100, tcp: false },
  );
  await assert.rejects(asking, /did not answer/);
  await liar.close();
  assert.equal(decodeMessage(encodeMessage(queryFor({ name: [], type: 1, class: 1 }))).questions[0]!.name.length, 0);
});
