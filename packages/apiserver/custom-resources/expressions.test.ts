import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';
import { crontab, crontabDefinition, crontabs, define, definitionsPath } from './testing/definitions.ts';

const merge = { 'content-type': 'application/merge-patch+json' };

function withSpec(spec: object): any {
  const schema = { type: 'object', properties: { spec } };
  return crontabDefinition({
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
  });
}

const integer = { type: 'integer' };
const bounds = {
  type: 'object',
  properties: {
    cronSpec: { type: 'string', maxLength: 20 },
    labels: {
      type: 'object',
      maxProperties: 8,
      additionalProperties: { type: 'string', maxLength: 63 },
      'x-kubernetes-validations': [{ rule: 'self.all(key, key.split("/")[0].size() < 253)' }],
    },
    min: integer,
    max: integer,
    fixed: {
      type: 'string',
      maxLength: 10,
      'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'fixed is fixed' }],
    },
    grows: {
      type: 'integer',
      'x-kubernetes-validations': [
        {
          rule: '!oldSelf.hasValue() || self >= oldSelf.value()',
          optionalOldSelf: true,
          reason: 'FieldValueForbidden',
        },
      ],
    },
  },
  'x-kubernetes-validations': [
    {
      rule: 'self.min <= self.max',
      messageExpression: '"bounds of " + self.cronSpec + " are wrong"',
      fieldPath: '.min',
    },
  ],
};

test('rules of a schema are asked of objects, with the present ones where they compare', async () => {
  const server = await TestServer.start();
  await define(server, withSpec(bounds));
  const spec = { min: 1, max: 3, fixed: 'a', grows: 5 };
  const made = await server.ask('POST', crontabs, crontab('one', spec));
  assert.equal(made.status, 201, made.text);
  const bad = await server.ask('POST', crontabs, crontab('two', { min: 4, max: 3 }));
  assert.equal(
    bad.json.message,
    'CronTab.stable.example.com "two" is invalid: spec.min: Invalid value: bounds of * * * * */5 are wrong',
  );
  const changes: [object, string][] = [
    [{ fixed: 'b' }, 'spec.fixed: Invalid value: "b": fixed is fixed'],
    [{ grows: 4 }, 'spec.grows: Forbidden: failed rule: !oldSelf.hasValue() || self >= oldSelf.value()'],
  ];
  for (const [change, message] of changes) {
    const answer = await server.ask('PATCH', `${crontabs}/one`, { spec: change }, merge);
    assert.equal(answer.json.message, `CronTab.stable.example.com "one" is invalid: ${message}`);
  }
  const grown = await server.ask('PATCH', `${crontabs}/one`, { spec: { grows: 6 } }, merge);
  assert.equal(grown.status, 200, grown.text);
  const typed = await server.ask('POST', crontabs, crontab('three', { min: 'x', max: 3 }));
  assert.match(typed.json.message, /<nil>: Invalid value: null: some validation rules were not checked because/);
});

test('what failed before and is not touched is let be', async () => {
  const server = await TestServer.start();
  const open = withSpec({ type: 'object', properties: { name: { type: 'string' }, other: { type: 'string' } } });
  await define(server, open);
  await server.ask('POST', crontabs, crontab('one', { name: 'long name', other: 'x' }));
  const path = `${definitionsPath}/crontabs.stable.example.com`;
  const present = (await server.ask('GET', path)).json;
  const { properties } = present.spec.versions[0].schema.openAPIV3Schema.properties.spec;
  properties.name.maxLength = 4;
  properties.other['x-kubernetes-validations'] = [{ rule: 'self == "y"' }];
  properties.other.maxLength = 5;
  assert.equal((await server.ask('PUT', path, present)).status, 200);
  const touched = await server.ask('PATCH', `${crontabs}/one`, { metadata: { labels: { a: 'b' } } }, merge);
  assert.equal(touched.status, 200, touched.text);
  const changed = await server.ask('PATCH', `${crontabs}/one`, { spec: { name: 'another' } }, merge);
  assert.match(
    changed.json.message,
    /spec.name: Too long: may not be more than 4 bytes, <nil>: Invalid value: null: some/,
  );
});

const refused: [string, object, string | RegExp][] = [
  [
    'does not compile',
    { type: 'object', properties: { a: integer }, 'x-kubernetes-validations': [{ rule: 'self.b > 1' }] },
    /spec\.validation\.openAPIV3Schema\.properties\[spec\]\.x-kubernetes-validations\[0\]\.rule: Invalid value: .*compilation failed: ERROR: <input>:1:5: undefined field 'b'/s,
  ],
  [
    'is no question',
    { type: 'object', properties: { a: integer }, 'x-kubernetes-validations': [{ rule: 'self.a + 1' }] },
    /rule: Invalid value: .*cel expression must evaluate to a bool/,
  ],
  [
    'costs too much',
    {
      type: 'object',
      properties: {
        list: {
          type: 'array',
          items: { type: 'string' },
          'x-kubernetes-validations': [{ rule: 'self.all(x, self.all(y, x == y))' }],
        },
      },
    },
    /rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x \(try simplifying the rule/,
  ],
  [
    'compares what cannot be compared',
    {
      type: 'object',
      properties: {
        list: {
          type: 'array',
          maxItems: 3,
          items: { type: 'string', maxLength: 3, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] },
        },
      },
    },
    'spec.validation.openAPIV3Schema.properties[spec].properties[list].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[spec].properties[list]',
  ],
  [
    'has a default that fails it',
    {
      type: 'object',
      properties: { a: { type: 'integer', default: 1, 'x-kubernetes-validations': [{ rule: 'self > 1' }] } },
    },
    'spec.validation.openAPIV3Schema.properties[spec].properties[a].default: Invalid value: 1: failed rule: self > 1',
  ],
];

test('a definition with a rule that cannot be asked is refused', async (t) => {
  const server = await TestServer.start();
  for (const [title, spec, message] of refused) {
    await t.test(title, async () => {
      const answer = await server.ask('POST', definitionsPath, withSpec(spec));
      assert.equal(answer.status, 422, answer.text);
      const text = answer.json.message.replace(/^.*? is invalid: /, '');
      if (typeof message === 'string') assert.equal(text, message);
      else assert.match(text, message);
    });
  }
});

test('an object costs no more than its budget', async () => {
  const server = await TestServer.start();
  const rules = Array.from({ length: 20 }, () => ({ rule: 'self.all(x, self.all(y, x <= y || y <= x))' }));
  const list = {
    type: 'array',
    maxItems: 400,
    items: { type: 'integer' },
    'x-kubernetes-validations': rules.slice(0, 12),
  };
  await define(server, withSpec({ type: 'object', properties: { cronSpec: { type: 'string' }, list } }));
  const numbers = Array.from({ length: 400 }, (_, value) => value);
  const answer = await server.ask('POST', crontabs, crontab('one', { list: numbers }));
  assert.equal(answer.status, 422, answer.text);
  assert.match(answer.json.message, /no further validation rules will be run/);
});
