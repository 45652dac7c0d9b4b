import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../testing/test-server.ts';
import {
  crontab,
  crontabDefinition,
  crontabs,
  crontabVersion,
  define,
  definitionsPath,
} from './testing/definitions.ts';

const version = (openAPIV3Schema: unknown) => ({
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema },
});
const withSchema = (schema: unknown) => crontabDefinition({ versions: [version(schema)] });

function nested(depth: number, wrap: (inner: object) => object): object {
  let schema: object = { type: 'string' };
  for (let level = 0; level < depth; level++) schema = wrap(schema);
  return schema;
}

const many = Array.from({ length: 20_000 }, (_, index) => `x${index}`);

// What a client may send instead of a definition: each is refused, or taken and harmless.
const hostile: [string, any][] = [
  ['deep properties', withSchema(nested(480, (inner) => ({ type: 'object', properties: { a: inner } })))],
  ['deep lists', withSchema({ type: 'object', properties: { a: nested(480, (items) => ({ type: 'array', items })) } })],
  [
    'deep alternatives',
    withSchema({ type: 'object', anyOf: [nested(480, (inner) => ({ anyOf: [inner, { required: ['a'] }] }))] }),
  ],
  [
    'deeper than anything',
    JSON.stringify(withSchema('DEEP')).replace('"DEEP"', `${'{"properties":{"a":'.repeat(5000)}{}${'}}'.repeat(5000)}`),
  ],
  [
    'many properties',
    withSchema({ type: 'object', properties: Object.fromEntries(many.map((name) => [name, { type: 'string' }])) }),
  ],
  ['many values', withSchema({ type: 'object', properties: { a: { type: 'string', enum: many } } })],
  [
    'names of prototypes',
    withSchema(
      JSON.parse(
        '{"type":"object","properties":{"__proto__":{"type":"string","default":"x"},"constructor":{"type":"object"}}}',
      ),
    ),
  ],
  [
    'a pattern that grows',
    withSchema({
      type: 'object',
      properties: { a: { type: 'string', pattern: '((((a{1,100}){1,100}){1,100}){1,100}){1,100}' } },
    }),
  ],
  [
    'a long pattern',
    withSchema({ type: 'object', properties: { a: { type: 'string', pattern: '(a|b)*'.repeat(5000) } } }),
  ],
  ['a pattern that is none', withSchema({ type: 'object', properties: { a: { type: 'string', pattern: '(((' } } })],
  [
    'a rule that is deep',
    withSchema({
      type: 'object',
      properties: { a: { type: 'string', 'x-kubernetes-validations': [{ rule: '('.repeat(5000) }] } },
    }),
  ],
  [
    'many rules',
    withSchema({
      type: 'object',
      properties: {
        a: {
          type: 'string',
          maxLength: 1,
          'x-kubernetes-validations': many.slice(0, 2000).map((name) => ({ rule: `self != '${name}'` })),
        },
      },
    }),
  ],
  [
    'defaults in defaults',
    withSchema(nested(200, (inner) => ({ type: 'object', default: {}, properties: { a: inner } }))),
  ],
  ['no names', crontabDefinition({ names: null })],
  ['versions of no form', crontabDefinition({ versions: [null] })],
  ['a schema of no form', withSchema([])],
  [
    'columns of no form',
    crontabDefinition({
      versions: [
        { ...crontabVersion, additionalPrinterColumns: [{ name: 'a', type: 'string', jsonPath: '.a[?(@.b[?(@.c' }] },
      ],
    }),
  ],
  [
    'numbers of no size',
    withSchema({ type: 'object', properties: { a: { type: 'string', maxLength: -5, maxItems: 1e300 } } }),
  ],
];

test('a hostile definition never costs more than its refusal', async (t) => {
  const server = await TestServer.start();
  for (const [title, definition] of hostile)
    await t.test(title, async () => {
      const answer = await server.ask('POST', `${definitionsPath}?dryRun=All`, definition);
      assert.ok([201, 400, 413, 422].includes(answer.status), `${answer.status} ${answer.text.slice(0, 300)}`);
    });
});

const values: [string, unknown][] = [
  ['deep', JSON.parse(`${'{"a":'.repeat(900)}1${'}'.repeat(900)}`)],
  ['too deep', JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`)],
  ['names of prototypes', JSON.parse('{"__proto__":{"x":1},"constructor":1,"toString":null}')],
  ['no object', 'x'],
  ['nothing', null],
  ['many of nothing', Array.from({ length: 50_000 }, () => null)],
];

test('a hostile object is refused or pruned', async (t) => {
  const server = await TestServer.start();
  await define(server, crontabDefinition());
  for (const [title, value] of values)
    await t.test(title, async () => {
      for (const spec of [{ free: value }, { template: value }, { tags: value }, { other: value }]) {
        const answer = await server.ask('POST', `${crontabs}?dryRun=All`, crontab('one', spec));
        assert.ok([201, 400, 413, 422].includes(answer.status), `${answer.status} ${answer.text.slice(0, 300)}`);
      }
      const whole = await server.ask('POST', `${crontabs}?dryRun=All`, { ...crontab('one'), metadata: value });
      assert.ok([201, 400, 413, 422].includes(whole.status), `${whole.status} ${whole.text.slice(0, 300)}`);
    });
});
