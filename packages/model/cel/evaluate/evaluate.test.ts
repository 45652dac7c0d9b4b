import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authorizerType,
  authorizerValue,
  CelCompileError,
  CelEvaluationError,
  compile,
  dynType,
  intType,
  LazyBinding,
  listType,
  stringType,
  typeOfSchema,
} from '../index.ts';
import { type Case, Fails, languageCases, libraryCases, macroCases, optionalCases } from './expressions.cases.ts';

function outcome(text: string): unknown {
  try {
    return compile(text, { minor: 36, variables: {} }).evaluate({}).value;
  } catch (error) {
    if (error instanceof CelEvaluationError) return new Fails(error.message);
    // What cannot be evaluated whatever the variables are is refused when it is compiled.
    if (error instanceof CelCompileError) return new Fails('');
    throw error;
  }
}

function checkAll(cases: readonly Case[]): void {
  for (const [expression, expected] of cases) {
    const actual = outcome(expression);
    if (expected instanceof Fails && actual instanceof Fails && actual.message === '') continue;
    assert.deepEqual(actual, expected, expression);
  }
}

test('the language evaluates as it is defined', () => checkAll(languageCases));
test('optional values are there or not', () => checkAll(optionalCases));
test('macros with two variables go over indices and keys', () => checkAll(macroCases));
test('libraries answer as Kubernetes documents them', () => checkAll(libraryCases));

const rule = typeOfSchema(
  {
    type: 'object',
    properties: {
      replicas: { type: 'integer' },
      ratio: { type: 'number' },
      'my-field': { type: 'string' },
      namespace: { type: 'string' },
      when: { type: 'string', format: 'date-time' },
      size: { 'x-kubernetes-int-or-string': true },
      gone: { type: 'string', nullable: true },
      tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      ports: {
        type: 'array',
        items: { type: 'object', properties: { port: { type: 'integer' }, name: { type: 'string' } } },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['port'],
      },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
    },
  },
  true,
)!;

const object = {
  kind: 'Thing',
  metadata: { name: 'x' },
  replicas: 3,
  ratio: 2,
  'my-field': 'v',
  namespace: 'n',
  when: '2024-01-01T00:00:00Z',
  size: '50%',
  gone: null,
  tags: ['a', 'b'],
  ports: [
    { port: 1, name: 'a' },
    { port: 2, name: 'b' },
  ],
  labels: { 'a/b': 'c' },
};

const schemaCases: readonly Case[] = [
  ['self.replicas * 2 == 6 && self.ratio == 2.0 && self.ratio / 4.0 == 0.5', true],
  ["self.my__dash__field == 'v' && self.__namespace__ == 'n' && self.metadata.name == 'x'", true],
  ["self.when < timestamp('2024-01-02T00:00:00Z')", true],
  ['type(self.size) == string', true],
  ['has(self.gone)', false],
  ["self.tags == ['b', 'a'] && self.tags + ['b', 'c'] == ['a', 'b', 'c']", true],
  ["(self.ports + [{'port': 2, 'name': 'z'}]).size() == 2", new Fails('')],
  ['self.ports.map(p, p.port).sum()', 3],
  ["self.labels['a/b'] == 'c' && 'a/b' in self.labels && self.labels.all(k, k == 'a/b')", true],
  ['self.ports == oldSelf.ports', true],
  ['self.unknown == 1', new Fails('')],
];

test('values are of the types that their schema gives them', () => {
  const old = { ...object, ports: object.ports.toReversed() };
  for (const [expression, expected] of schemaCases) {
    let actual: unknown;
    try {
      const program = compile(expression, { minor: 36, variables: { self: rule, oldSelf: rule } });
      actual = program.evaluate({ self: object, oldSelf: old }).value;
    } catch (error) {
      actual = new Fails(error instanceof CelEvaluationError ? error.message : '');
    }
    assert.deepEqual(actual, expected, expression);
  }
});

test('what is no own property of a value is not there, and what is unbound is an error', () => {
  const variables = { object: dynType };
  const evaluate = (text: string, bindings: Record<string, unknown>) =>
    compile(text, { minor: 36, variables }).evaluate(bindings).value;
  assert.equal(evaluate("'constructor' in object || has(object.__proto__)", { object: {} }), false);
  assert.equal(evaluate('object.__proto__', { object: JSON.parse('{"__proto__": 1}') }), 1);
  assert.throws(() => evaluate('object.toString', { object: {} }), { message: 'no such key: toString' });
  assert.throws(() => evaluate('object', {}), { message: 'no such attribute(s): object' });
  assert.equal(evaluate('object == null', { object: null }), true);
});

test('a lazy binding is made once, when it is used', () => {
  let made = 0;
  const lazy = new LazyBinding(() => {
    made += 1;
    return [1, 2];
  });
  const program = compile('l.size() + l[0]', { minor: 36, variables: { l: listType(intType), s: stringType } });
  assert.equal(program.evaluate({ l: lazy }).value, 3);
  assert.equal(made, 1);
  assert.deepEqual([...program.variables], ['l']);
});

test('a raw result can be bound to a variable of another program', () => {
  const first = compile("quantity('1Gi')", { minor: 36, variables: {} });
  const { raw } = first.evaluate({});
  const second = compile("q.isGreaterThan(quantity('1Mi'))", { minor: 36, variables: { q: first.resultType } });
  assert.equal(second.evaluate({ q: raw }).value, true);
});

test('an authoriser is asked with what was selected', () => {
  const text =
    "authorizer.serviceAccount('ns', 'sa').group('apps').resource('deployments').subresource('scale').namespace('a').name('b').check('update').allowed() && !authorizer.path('/healthz').check('get').allowed()";
  const queries: unknown[] = [];
  const program = compile(text, { minor: 36, variables: { authorizer: authorizerType } });
  const authorizer = {
    check(query: { path?: string }) {
      queries.push(query);
      return { allowed: query.path === undefined, reason: '' };
    },
  };
  assert.equal(program.evaluate({ authorizer: authorizerValue }, { authorizer }).value, true);
  assert.deepEqual(queries[0], {
    verb: 'update',
    group: 'apps',
    resource: 'deployments',
    subresource: 'scale',
    namespace: 'a',
    name: 'b',
    serviceAccount: { namespace: 'ns', name: 'sa' },
  });
});
