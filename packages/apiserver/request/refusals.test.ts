import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

interface Refusal {
  readonly title: string;
  readonly method: string;
  readonly target: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly code: number;
  readonly reason: string;
  readonly message: string | RegExp;
}

const refusals: readonly Refusal[] = [
  {
    title: 'an object that exists',
    method: 'POST',
    target: maps,
    body: configMap('there'),
    code: 409,
    reason: 'AlreadyExists',
    message: 'configmaps "there" already exists',
  },
  {
    title: 'an object that does not exist',
    method: 'GET',
    target: `${maps}/none`,
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "none" not found',
  },
  {
    title: 'an update from an old revision',
    method: 'PUT',
    target: `${maps}/there`,
    body: { metadata: { name: 'there', resourceVersion: '1' } },
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on configmaps "there": the object has been modified; please apply your changes to the latest version and try again',
  },
  {
    title: 'another name than the path',
    method: 'PUT',
    target: `${maps}/there`,
    body: { metadata: { name: 'other' } },
    code: 400,
    reason: 'BadRequest',
    message: 'the name of the object (other) does not match the name on the URL (there)',
  },
  {
    title: 'another namespace than the path',
    method: 'POST',
    target: maps,
    body: { metadata: { name: 'x', namespace: 'kube-system' } },
    code: 400,
    reason: 'BadRequest',
    message: 'the namespace of the provided object does not match the namespace sent on the request',
  },
  {
    title: 'another kind than the path',
    method: 'POST',
    target: maps,
    body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' } },
    code: 400,
    reason: 'BadRequest',
    message:
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
  },
  {
    title: 'another version than the path',
    method: 'POST',
    target: maps,
    body: { apiVersion: 'v2', kind: 'ConfigMap', metadata: { name: 'x' } },
    code: 400,
    reason: 'BadRequest',
    message: 'the API version in the data (v2) does not match the expected API version (v1)',
  },
  {
    title: 'an unknown field under strict validation',
    method: 'POST',
    target: `${maps}?fieldValidation=Strict`,
    body: { ...configMap('x'), nonsense: 1 },
    code: 400,
    reason: 'BadRequest',
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "nonsense"',
  },
  {
    title: 'a body that is no JSON',
    method: 'POST',
    target: maps,
    body: '{"a":',
    code: 400,
    reason: 'BadRequest',
    message: /^ConfigMap in version "v1" cannot be handled as a ConfigMap: /,
  },
  {
    title: 'an empty body',
    method: 'POST',
    target: maps,
    body: '',
    code: 400,
    reason: 'BadRequest',
    message: /unexpected end of JSON input/,
  },
  {
    title: 'a bad name',
    method: 'POST',
    target: maps,
    body: configMap('Bad_Name'),
    code: 422,
    reason: 'Invalid',
    message: /^ConfigMap "Bad_Name" is invalid: metadata\.name: Invalid value: "Bad_Name": /,
  },
  {
    title: 'a form of body that is not known',
    method: 'POST',
    target: maps,
    body: 'k8s',
    headers: { 'content-type': 'text/plain' },
    code: 415,
    reason: 'UnsupportedMediaType',
    message:
      'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  },
  {
    title: 'a list as the metadata of one object',
    method: 'GET',
    target: maps,
    headers: { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json' },
    code: 406,
    reason: 'NotAcceptable',
    message: 'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)',
  },
  {
    title: 'a field selector that is not supported',
    method: 'GET',
    target: `${maps}?fieldSelector=spec.x%3D1`,
    code: 400,
    reason: 'BadRequest',
    message: /"spec\.x" is not a known field selector/,
  },
  {
    title: 'a label selector that cannot be read',
    method: 'GET',
    target: `${maps}?labelSelector=%21%21`,
    code: 400,
    reason: 'BadRequest',
    message: /^unable to parse requirement: /,
  },
  {
    title: 'a resource that does not exist',
    method: 'GET',
    target: '/api/v1/namespaces/default/nonsense',
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  },
  {
    title: 'a verb that does not exist',
    method: 'POST',
    target: `${maps}/there`,
    body: configMap('there'),
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
  },
  {
    title: 'a precondition on another uid',
    method: 'DELETE',
    target: `${maps}/there`,
    body: { preconditions: { uid: 'someone-else' } },
    code: 409,
    reason: 'Conflict',
    message: /^Operation cannot be fulfilled on configmaps "there": the UID in the precondition \(someone-else\)/,
  },
  {
    title: 'a dryRun that is not All',
    method: 'POST',
    target: `${maps}?dryRun=Some`,
    body: configMap('x'),
    code: 422,
    reason: 'Invalid',
    message: /dryRun: Unsupported value: "Some"/,
  },
  {
    title: 'a continue token that is none',
    method: 'GET',
    target: `${maps}?limit=1&continue=%00`,
    code: 400,
    reason: 'BadRequest',
    message: /^invalid continue token: continue key is not valid: illegal base64 data at input byte 0$/,
  },
  {
    title: 'a revision that is no number',
    method: 'GET',
    target: `${maps}?resourceVersion=abc`,
    code: 400,
    reason: 'BadRequest',
    message: 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
  },
  {
    title: 'a JSON patch whose test fails',
    method: 'PATCH',
    target: `${maps}/there`,
    body: [{ op: 'test', path: '/data', value: 1 }],
    headers: { 'content-type': 'application/json-patch+json' },
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
  },
];

test('what is wrong with a request is said in Kubernetes words', async (t) => {
  const server = await TestServer.start();
  await server.ask('POST', maps, configMap('there'));
  for (const { title, method, target, body, headers, code, reason, message } of refusals) {
    await t.test(title, async () => {
      const answer = await server.ask(method, target, body, headers);
      assert.equal(answer.status, code, answer.text);
      assert.equal(answer.json.kind, 'Status');
      assert.equal(answer.json.reason, reason);
      if (typeof message === 'string') assert.equal(answer.json.message, message);
      else assert.match(answer.json.message, message);
    });
  }
});
