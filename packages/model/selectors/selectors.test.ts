import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldMatcher, parseFieldSelector } from './field-selector.ts';
import { parseLabelSelector, selectorFromObject, selectorText } from './label-selector.ts';
import { SelectorError } from './selector-error.ts';

test('label selectors match as their text says', () => {
  const labels = { app: 'web', tier: 'front', size: '5', empty: '' };
  const cases: [string, boolean][] = [
    ['', true],
    ['app=web', true],
    ['app==web,tier=front', true],
    ['app!=web', false],
    ['missing!=web', true],
    ['app in (db, web)', true],
    ['app notin (db,web)', false],
    ['missing notin (a)', true],
    ['app', true],
    ['!app', false],
    ['! missing', true],
    ['size>4', true],
    ['size > 5', false],
    ['size<6', true],
    ['app>1', false],
    ['empty=', true],
    ['empty in (,x)', true],
    ['in in (in)', false],
    ['toString', false],
    ['example.com/app', false],
  ];
  for (const [text, matches] of cases) assert.equal(parseLabelSelector(text).matches(labels), matches, text);
});

test('label selectors that cannot be read are refused with upstream texts', () => {
  const cases: Record<string, string> = {
    'app=web,': "found '', expected: identifier after ','",
    ',app': "found ',', expected: !, identifier, or 'end of string'",
    'app web': "unable to parse requirement: found 'web', expected: in, notin, =, ==, !=, gt, lt",
    'app=web tier': "found 'tier', expected: ',' or 'end of string'",
    'app in web': "unable to parse requirement: found 'web' expected: '('",
    'app in (web': "unable to parse requirement: found '', expected: ',' or ')'",
    'app=(': "unable to parse requirement: found '(', expected: identifier",
    'app in ()':
      "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    'app>x':
      "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
  };
  for (const [text, message] of Object.entries(cases)) {
    assert.throws(() => parseLabelSelector(text), { constructor: SelectorError, message }, text);
  }
  assert.throws(
    () => parseLabelSelector('a_/b=c'),
    /^Error: unable to parse requirement: <nil>: Invalid value: "a_\/b": prefix part a lowercase RFC 1123/,
  );
});

test('selectors of objects', () => {
  assert.equal(selectorFromObject(undefined).matches({}), false);
  assert.equal(selectorFromObject({}).matches({ any: 'thing' }), true);
  const selector = selectorFromObject({
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'NotIn', values: ['back'] },
      { key: 'on', operator: 'Exists' },
    ],
  });
  assert.equal(selector.matches({ app: 'web', on: '' }), true);
  assert.equal(selector.matches({ app: 'web', on: '', tier: 'back' }), false);
  assert.equal(selector.toString(), 'app=web,on,tier notin (back)');
  assert.equal(selectorText({}), '<none>');
  assert.throws(() => selectorFromObject({ matchExpressions: [{ key: 'a', operator: 'Maybe' }] }), {
    message: '"Maybe" is not a valid label selector operator',
  });
});

test('field selectors', () => {
  assert.deepEqual(parseFieldSelector('spec.nodeName=a,status.phase!=Succeeded,x==a\\,b\\=c\\\\'), [
    { field: 'spec.nodeName', operator: '=', value: 'a' },
    { field: 'status.phase', operator: '!=', value: 'Succeeded' },
    { field: 'x', operator: '=', value: 'a,b=c\\' },
  ]);
  assert.deepEqual(parseFieldSelector(''), []);
  assert.throws(() => parseFieldSelector('what'), { message: "invalid selector: 'what'; can't understand 'what'" });
  const strategy = { selectableFields: { 'status.phase': (object: any) => object.status?.phase ?? '' } };
  const running = fieldMatcher(strategy, parseFieldSelector('status.phase=Running,metadata.name!=b'));
  assert.equal(running({ metadata: { name: 'a' }, status: { phase: 'Running' } }), true);
  assert.equal(running({ metadata: { name: 'b' }, status: { phase: 'Running' } }), false);
  assert.throws(() => fieldMatcher(strategy, parseFieldSelector('spec.x=1')), {
    message: 'field label not supported: spec.x',
  });
  assert.throws(() => fieldMatcher({}, parseFieldSelector('spec.x=1')), {
    message: '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
  });
});
