import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyTableDefaults } from './defaults.ts';
import { parseField } from './field-expression.ts';
import { findType, structType } from './struct-type.ts';

test('a field with all its facts', () => {
  const text = '*[]Container! omit #2 keys(name,port) merge(name) retainKeys enum(A,B) default="x y"';
  assert.deepEqual(parseField('f', text, 'core/v1'), {
    name: 'f',
    type: { form: 'list', element: { form: 'struct', name: 'core/v1.Container' } },
    pointer: true,
    required: true,
    kept: false,
    number: 2,
    listType: 'map',
    keys: ['name', 'port'],
    merge: true,
    mergeKey: 'name',
    retainKeys: true,
    enum: ['A', 'B'],
    default: 'x y',
  });
});

test('a text that is no field is refused', () => {
  assert.throws(() => parseField('f', 'strin', 'core/v1'), TypeError);
  assert.throws(() => parseField('f', 'string sorted', 'core/v1'), TypeError);
});

test('embedded types give their fields', () => {
  const volume = structType('core/v1.Volume');
  assert.equal(volume.fields.get('configMap')?.type.form, 'struct');
  assert.deepEqual(volume.embedded, [{ name: 'core/v1.VolumeSource', number: 2 }]);
  assert.equal(findType('core/v1.constructor'), undefined);
});

test('defaults of the tables are filled in where nothing is, everywhere in the object', () => {
  const object = { spec: { ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }] } };
  applyTableDefaults('core/v1.Service', object);
  assert.deepEqual(object.spec.ports, [
    { port: 80, protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
  ]);
  const pod = { spec: { containers: [{ ports: [{ containerPort: 1 }] }], initContainers: null } };
  applyTableDefaults('core/v1.Pod', pod);
  assert.deepEqual(pod.spec.containers[0]!.ports, [{ containerPort: 1, protocol: 'TCP' }]);
});
