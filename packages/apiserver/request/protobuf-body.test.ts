import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';

/** Writes protobuf by hand: what a Go client sends. */
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
const integer = (number: number, value: number): number[] => [...varint(number * 8), ...varint(value)];
const bytes = (number: number, value: string | number[]): number[] => {
  const content = typeof value === 'string' ? [...Buffer.from(value)] : value;
  return [...varint(number * 8 + 2), ...varint(content.length), ...content];
};
const envelope = (apiVersion: string, kind: string, raw: number[]): Buffer =>
  Buffer.from([...Buffer.from('k8s\0'), ...bytes(1, [...bytes(1, apiVersion), ...bytes(2, kind)]), ...bytes(2, raw)]);
const meta = (name: string): number[] =>
  bytes(1, [
    ...bytes(1, name),
    ...bytes(3, ''),
    ...bytes(8, []),
    ...bytes(11, [...bytes(1, 'app'), ...bytes(2, name)]),
  ]);

async function send(server: TestServer, target: string, body: Buffer) {
  const headers = {
    'content-type': 'application/vnd.kubernetes.protobuf',
    accept: 'application/json',
  };
  const response = await server.server.handler({
    method: 'POST',
    target,
    headers,
    body,
    signal: new AbortController().signal,
    peer: { address: '', certificates: [], inProcess: server.user },
  });
  return { status: response.status, json: JSON.parse(Buffer.from(response.body as Uint8Array).toString()) };
}

test('objects are read from protobuf by the numbers of the tables', async () => {
  const server = await TestServer.start();
  const secret = [...meta('token'), ...bytes(2, [...bytes(1, 'key'), ...bytes(2, [0, 255])]), ...bytes(3, 'Opaque')];
  const created = await send(server, '/api/v1/namespaces/default/secrets', envelope('v1', 'Secret', secret));
  assert.equal(created.status, 201, JSON.stringify(created.json));
  assert.deepEqual(created.json.data, { key: 'AP8=' });
  assert.deepEqual(created.json.metadata.labels, { app: 'token' });
  const volume = [...bytes(1, 'cache'), ...bytes(2, bytes(2, []))];
  const quantity = bytes(2, [...bytes(1, 'cpu'), ...bytes(2, bytes(1, '100m'))]);
  const probe = bytes(11, [
    ...bytes(1, bytes(2, [...bytes(1, '/health'), ...bytes(2, [...integer(1, 1), ...bytes(3, 'web')])])),
    ...integer(4, 7),
  ]);
  const container = [...bytes(1, 'main'), ...bytes(2, 'nginx'), ...bytes(8, quantity), ...probe];
  const spec = [...bytes(1, volume), ...bytes(2, container), ...integer(4, 0)];
  const pod = await send(
    server,
    '/api/v1/namespaces/default/pods',
    envelope('v1', 'Pod', [...meta('p'), ...bytes(2, spec)]),
  );
  assert.equal(pod.status, 201, JSON.stringify(pod.json));
  const { volumes, containers, terminationGracePeriodSeconds } = pod.json.spec;
  assert.deepEqual(volumes, [{ name: 'cache', emptyDir: {} }]);
  assert.equal(containers[0].resources.requests.cpu, '100m');
  assert.equal(terminationGracePeriodSeconds, 0, 'a zero that was given is kept');
});

const bad: [string, Buffer, RegExp][] = [
  ['no magic', Buffer.from('{}'), /does not appear to be a protobuf message/],
  ['a length beyond the end', Buffer.from([...Buffer.from('k8s\0'), 18, 127, 1]), /unexpected EOF/],
  ['an unknown wire type', Buffer.from([...Buffer.from('k8s\0'), 15]), /illegal wireType 7/],
  ['a number that does not end', Buffer.from([...Buffer.from('k8s\0'), ...Array(12).fill(255)]), /integer overflow/],
  ['text where a message is', envelope('v1', 'ConfigMap', integer(1, 5)), /wrong wireType/],
  ['another kind', envelope('v1', 'Secret', meta('x')), /cannot be handled as a ConfigMap/],
];

test('broken protobuf is a bad request', async () => {
  const server = await TestServer.start();
  for (const [title, body, message] of bad) {
    const { status, json } = await send(server, '/api/v1/namespaces/default/configmaps', body);
    assert.equal(status, 400, title);
    assert.match(json.message, message);
  }
});
