import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeObject, normalize } from './decode.ts';
import { DecodeError } from './decode-error.ts';

const deployment = 'apps/v1.Deployment';
const pod = 'core/v1.Pod';

function decode(type: string, text: string, mediaType = 'application/json') {
  return decodeObject(type, Buffer.from(text), mediaType, { duplicates: true });
}

test('unknown fields are pruned and named with their whole path', () => {
  const value = { spec: { template: { spec: { containers: [{ name: 'a', foo: 1 }], bar: {} } } }, baz: null };
  const { object, unknown } = normalize(deployment, value);
  assert.deepEqual(unknown, [
    'unknown field "spec.template.spec.containers[0].foo"',
    'unknown field "spec.template.spec.bar"',
    'unknown field "baz"',
  ]);
  assert.deepEqual(object['spec'].template.spec, { containers: [{ name: 'a', resources: {} }] });
  assert.equal((value.spec.template.spec.containers[0] as { foo: number }).foo, 1, 'the argument is left alone');
});

test('fields that are given twice are named, and the last one counts', () => {
  const { object, duplicate } = decode(
    deployment,
    '{"spec":{"replicas":1,"replicas":2,"template":{"spec":{"containers":[{"name":"a"},{"name":"b","name":"c"}]}}}}',
  );
  assert.deepEqual(duplicate, [
    'duplicate field "spec.replicas"',
    'duplicate field "spec.template.spec.containers[1].name"',
  ]);
  assert.equal(object['spec'].replicas, 2);
});

test('an object that is in its final form is returned as it is', () => {
  const value = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', creationTimestamp: '2026-01-02T03:04:05Z' },
    spec: { containers: [{ name: 'a', resources: { limits: { cpu: '500m' } } }], priority: 0 },
    status: {},
  };
  assert.equal(normalize(pod, value).object, value);
});

test('bytes that are null are no bytes', () => {
  const { object } = normalize('core/v1.Secret', { data: { a: null }, stringData: { b: null } });
  assert.deepEqual([object['data'], object['stringData']], [{ a: '' }, { b: '' }]);
});

test('nulls and zeros that say nothing are left out, required ones are filled in, unset ones stay unset', () => {
  const { object } = normalize(pod, {
    metadata: { labels: {}, annotations: null },
    spec: {
      hostNetwork: false,
      nodeName: '',
      priority: 0,
      tolerations: [],
      terminationGracePeriodSeconds: 0,
      containers: [{ ports: [{}], env: null }, null],
    },
  });
  assert.deepEqual(object, {
    metadata: {},
    spec: {
      priority: 0,
      terminationGracePeriodSeconds: 0,
      containers: [
        { ports: [{ containerPort: 0 }], name: '', resources: {} },
        { name: '', resources: {} },
      ],
    },
    status: {},
  });
});

test('quantities and times are canonical', () => {
  const { object } = normalize(pod, {
    metadata: { creationTimestamp: '2026-01-02T05:04:05.9+02:00' },
    spec: {
      containers: [{ name: 'a', resources: { limits: { cpu: 1, memory: '2048Mi' }, requests: { cpu: '0.5' } } }],
    },
  });
  assert.equal(object.metadata?.creationTimestamp, '2026-01-02T03:04:05Z');
  assert.deepEqual(object['spec'].containers[0].resources, {
    limits: { cpu: '1', memory: '2Gi' },
    requests: { cpu: '500m' },
  });
  const lease = normalize('coordination/v1.Lease', { spec: { renewTime: '2026-01-02T03:04:05Z' } }).object;
  assert.equal(lease['spec'].renewTime, '2026-01-02T03:04:05.000000Z');
});

test('union types of CustomResourceDefinitions', () => {
  const type = 'apiextensions/v1.JSONSchemaProps';
  const value = { additionalProperties: false, items: { type: 'string' }, properties: { a: { items: [{ foo: 1 }] } } };
  const { object, unknown } = normalize(type, value);
  assert.deepEqual(unknown, ['unknown field "properties.a.items[0].foo"']);
  assert.equal(object['additionalProperties'], false);
});

const wrongTypes: [string, unknown, string][] = [
  [
    deployment,
    { spec: { replicas: 'x' } },
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    deployment,
    { spec: { template: { spec: { containers: [{ env: [{ name: 'A', value: 1 }] }] } } } },
    'json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string',
  ],
  [
    pod,
    { metadata: { labels: { a: true } } },
    'json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
  ],
  [
    deployment,
    { spec: { replicas: 1.5 } },
    'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    pod,
    { spec: { containers: {} } },
    'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
  ],
  [pod, [], 'json: cannot unmarshal array into Go value of type v1.Pod'],
  [
    pod,
    { spec: { containers: [{ resources: { limits: { cpu: 'lots' } } }] } },
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    pod,
    { metadata: { creationTimestamp: 'today' } },
    'parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"',
  ],
  [
    pod,
    { metadata: { creationTimestamp: '2026-02-30T00:00:00Z' } },
    'parsing time "2026-02-30T00:00:00Z": day out of range',
  ],
  ['core/v1.Secret', { data: { a: '!!!!' } }, 'illegal base64 data at input byte 0'],
];

for (const [type, value, message] of wrongTypes) {
  test(`refused: ${message}`, () => assert.throws(() => normalize(type, value), new DecodeError(message)));
}

const badJson: [string, string][] = [
  ['', 'unexpected end of JSON input'],
  ['{"a":1', 'unexpected end of JSON input'],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['{} {}', "invalid character '{' after top-level value"],
  ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
  ['{"a":01}', "invalid character '1' after object key:value pair"],
  ['{"a":-x}', "invalid character 'x' in numeric literal"],
  ['{"a":"\\x"}', "invalid character 'x' in string escape code"],
  ['{"a":"\n"}', "invalid character '\\n' in string literal"],
  ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
];

for (const [text, message] of badJson) {
  test(`bad JSON ${JSON.stringify(text)}`, () => assert.throws(() => decode(pod, text), new DecodeError(message)));
}

test('invalid UTF-8 and deep nesting are refused', () => {
  assert.throws(() => decodeObject(pod, Buffer.from([0x22, 0xff, 0x22]), 'application/json'), DecodeError);
  const schema = '{"not":'.repeat(20_000) + '{}' + '}'.repeat(20_000);
  assert.throws(() => decode('apiextensions/v1.JSONSchemaProps', schema), new DecodeError('exceeded max depth'));
  const unknown = `{"foo":${'{"a":'.repeat(9000)}1${'}'.repeat(9001)}`;
  assert.throws(() => decode(pod, unknown), new DecodeError('exceeded max depth'));
  const raw = `{"spec":{},"fieldsV1":1,"metadata":{"managedFields":[{"fieldsV1":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}]}}`;
  assert.throws(() => decodeObject(pod, Buffer.from(raw), 'application/json'), new DecodeError('exceeded max depth'));
});

test('prototype names are pruned or plain data', () => {
  const text = '{"metadata":{"labels":{"__proto__":"x","constructor":"y"},"__proto__":{"name":"z"}},"__proto__":{}}';
  const { object, unknown } = decode(pod, text);
  assert.equal(JSON.stringify(object.metadata), '{"labels":{"__proto__":"x","constructor":"y"}}');
  assert.deepEqual(unknown, ['unknown field "metadata.__proto__"', 'unknown field "__proto__"']);
  assert.equal(Object.getPrototypeOf(object), Object.prototype);
});

test('YAML is read as YAML 1.1, but times and base 60 stay text', () => {
  const text = `
spec:
  hostNetwork: yes
  priority: 010
  nodeName: 2020-01-01
  hostname: 22:22
  terminationGracePeriodSeconds: 0x1f
`;
  const { object } = decode(pod, text, 'application/yaml');
  assert.deepEqual(object['spec'], {
    hostNetwork: true,
    priority: 8,
    nodeName: '2020-01-01',
    hostname: '22:22',
    terminationGracePeriodSeconds: 31,
  });
});

test('YAML keys that are given twice are named with their line', () => {
  const { duplicate, object } = decode(pod, 'metadata:\n  name: a\n  name: b\n', 'application/yaml');
  assert.deepEqual(duplicate, [
    'error converting YAML to JSON: yaml: unmarshal errors:\n  line 3: key "name" already set in map',
  ]);
  assert.equal(object.metadata?.name, 'b');
});

test('YAML of more levels than anything has is refused before it is parsed', () => {
  const deep = /^DecodeError: error converting YAML to JSON: yaml: exceeded max depth of 300$/;
  for (const text of [
    `a: ${'['.repeat(301)}`,
    `a: ${'{b: '.repeat(301)}`,
    `${'- '.repeat(301)}a`,
    `${' '.repeat(301)}a: b`,
  ])
    assert.throws(() => decode(pod, text, 'application/yaml'), deep);
  assert.throws(() => decode(pod, `a: ${'['.repeat(250)}`, 'application/yaml'), /yaml: line 1: Flow sequence in block/);
});

test('YAML whose aliases blow it up is refused', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level++) {
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  }
  const message = 'error converting YAML to JSON: yaml: document contains excessive aliasing';
  assert.throws(() => decode(pod, lines.join('\n'), 'application/yaml'), new DecodeError(message));
});

test('only JSON and YAML are read', () => {
  assert.throws(() => decode(pod, '{}', 'application/xml'), DecodeError);
  assert.deepEqual(decode(pod, '{}', 'application/json; charset=utf-8').unknown, []);
});
