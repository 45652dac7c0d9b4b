import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubernetesResources } from '@keelson/client';
import { catalogueFor } from '@keelson/model';
import type { ValidatingAdmissionPolicy } from '@keelson/model/generated/types/admissionregistration-v1.ts';
import { controlPlaneInProcess } from '@keelson/testkit/control-plane-in-process.ts';
import { typeWarnings } from './type-warnings.ts';

const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['*'], resources: ['replicasets', 'deployments'] };

function policy(spec: ValidatingAdmissionPolicy['spec'], rules: object[] = [rule]): ValidatingAdmissionPolicy {
  return { metadata: { name: 'p' }, spec: { matchConstraints: { resourceRules: rules }, ...spec } };
}

function warnings(spec: ValidatingAdmissionPolicy['spec'], rules?: object[]) {
  return typeWarnings(policy(spec, rules), catalogueFor(36), 36);
}

const unknown = (kind: string, column: number, field: string, line: string) =>
  `${kind}: compilation failed: ERROR: <input>:1:${column}: undefined field '${field}'\n | ${line}\n | ${'.'.repeat(column - 1)}^\n`;

test('fields that a kind does not have are told, kind by kind', () => {
  assert.deepEqual(warnings({ validations: [{ expression: 'object.spec.replicas > 1' }] }), []);
  const line = 'object.replicas > 1';
  assert.deepEqual(warnings({ validations: [{ expression: 'true' }, { expression: line }] }), [
    {
      fieldRef: 'spec.validations[1].expression',
      warning: ['Deployment', 'ReplicaSet']
        .map((kind) => unknown(`apps/v1, Kind=${kind}`, 7, 'replicas', line))
        .join('\n'),
    },
  ]);
});

test('messages, variables and parameters are checked with their types', () => {
  const message = 'params.data.a + string(variables.replicas) + object.metadata.nome';
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    variables: [{ name: 'replicas', expression: 'object.spec.replicas' }],
    validations: [{ expression: "variables.replicas == 'a'", messageExpression: message }],
  };
  const [first, second] = warnings(spec, [{ ...rule, resources: ['deployments'] }]);
  assert.equal(first!.fieldRef, 'spec.validations[0].expression');
  assert.match(first!.warning!, /found no matching overload for '_==_' applied to '\(int, string\)'/);
  assert.equal(second!.fieldRef, 'spec.validations[0].messageExpression');
  assert.match(second!.warning!, /undefined field 'nome'/);
});

test('rules that name no kind are not checked', () => {
  const spec = { validations: [{ expression: 'object.nope == 1' }] };
  for (const part of [
    { apiGroups: ['*'] },
    { apiVersions: ['*'] },
    { resources: ['*', 'deployments/status'] },
    { resources: ['unknown'] },
  ])
    assert.deepEqual(warnings(spec, [{ ...rule, ...part }]), []);
});

test('the status says what was found, for every generation', async () => {
  const { plane, clock, log } = await controlPlaneInProcess('policies');
  const policies = plane
    .clientAs('admin', ['system:masters'])
    .resource(kubernetesResources.validatingAdmissionPolicies);
  await policies.create(policy({ validations: [{ expression: 'object.replicas > 1' }] }));
  await clock.advance(1000);
  const checked = await policies.get('p');
  assert.equal(checked.status?.observedGeneration, 1);
  assert.equal(checked.status?.typeChecking?.expressionWarnings?.length, 1);
  await policies.update({ ...checked, spec: { ...checked.spec, validations: [{ expression: 'true' }] } });
  await clock.advance(1000);
  assert.deepEqual((await policies.get('p')).status, { observedGeneration: 2, typeChecking: {} });
  assert.deepEqual(
    log.filter(({ fields }) => /forbidden/.test(String(fields['error']))),
    [],
  );
  await plane.stop();
});
