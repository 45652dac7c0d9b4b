import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newestMinor } from '../../catalogue/kubernetes-catalogue.ts';
import { changeRefusals, created, refusals } from '../testing/refusals.ts';
import { mutatingAdmissionPolicy } from './mutating-admission-policy/index.ts';
import { mutatingAdmissionPolicyBinding } from './mutating-admission-policy-binding/index.ts';
import { expressionMinor } from './policy-errors.ts';
import { validatingAdmissionPolicy } from './validating-admission-policy/index.ts';
import { validatingAdmissionPolicyBinding } from './validating-admission-policy-binding/index.ts';

const apiVersion = 'admissionregistration.k8s.io/v1';
const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const policy = (spec: object = {}) => ({
  apiVersion,
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'p.example.com' },
  spec: {
    matchConstraints: { resourceRules: [rule] },
    validations: [{ expression: 'object.spec.replicas <= 5' }],
    ...spec,
  },
});

const validating: readonly (readonly [title: string, spec: object, expected: readonly string[]])[] = [
  ['nothing wrong', {}, []],
  [
    'nothing in it',
    { matchConstraints: undefined, validations: [], failurePolicy: 'Maybe' },
    [
      'spec.failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"',
      'spec.matchConstraints: Required value',
      'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
      'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
    ],
  ],
  ['no rules', { matchConstraints: {} }, ['spec.matchConstraints.resourceRules: Required value']],
  [
    'names of resources',
    { matchConstraints: { resourceRules: [{ ...rule, resourceNames: ['a/b', 'c', 'c'] }] } },
    [
      'spec.matchConstraints.resourceRules[0].resourceNames[0]: Invalid value: "a/b": may not contain \'/\'',
      'spec.matchConstraints.resourceRules[0].resourceNames[2]: Duplicate value: "c"',
    ],
  ],
  [
    'a kind of parameters',
    { paramKind: { apiVersion: 'a/b/c', kind: '' } },
    [
      'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      'spec.paramKind.kind: Required value',
    ],
  ],
  [
    'parameters',
    { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: "params.data.a == 'b'" }] },
    [],
  ],
  [
    'no parameters',
    { validations: [{ expression: 'params == null' }] },
    [
      "spec.validations[0].expression: Invalid value: \"params == null\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params == null\n | ^",
    ],
  ],
  [
    'no condition',
    { validations: [{ expression: '1' }, { expression: ' ' }] },
    [
      'spec.validations[0].expression: Invalid value: "1": must evaluate to bool but got int',
      'spec.validations[1].expression: Required value: expression is not specified',
    ],
  ],
  [
    'messages',
    { validations: [{ expression: 'true', message: 'a\nb', messageExpression: '1', reason: 'Why' }] },
    [
      'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int',
      'spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
      'spec.validations[0].reason: Unsupported value: "Why": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
    ],
  ],
  [
    'variables, in order',
    {
      variables: [
        { name: 'n', expression: 'size(request.name)' },
        { name: 'm', expression: 'variables.n + 1' },
        { name: 'if', expression: '' },
      ],
      validations: [{ expression: 'variables.m > 1 && variables.n == variables.k' }],
    },
    [
      'spec.variables[2].name: Invalid value: "if": name is not a valid CEL identifier',
      'spec.variables[2].expression: Required value: expression is not specified',
      'spec.validations[0].expression: Invalid value: "variables.m > 1 && variables.n == variables.k": compilation failed: ERROR: <input>:1:44: undefined field \'k\'\n | variables.m > 1 && variables.n == variables.k\n | ...........................................^',
    ],
  ],
  [
    'annotations',
    {
      auditAnnotations: [
        { key: 'a', valueExpression: '1' },
        { key: 'a', valueExpression: "request.name == '' ? null : 'x'" },
      ],
    },
    [
      'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int',
      "spec.auditAnnotations[1].valueExpression: Invalid value: \"request.name == '' ? null : 'x'\": compilation failed: ERROR: <input>:1:20: found no matching overload for '_?_:_' applied to '(bool, null, string)'\n | request.name == '' ? null : 'x'\n | ...................^",
      'spec.auditAnnotations[1].key: Duplicate value: "a"',
    ],
  ],
  [
    'conditions see no variables',
    { variables: [{ name: 'n', expression: '1' }], matchConditions: [{ name: 'a', expression: 'variables.n == 1' }] },
    [
      "spec.matchConditions[0].expression: Invalid value: \"variables.n == 1\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'variables' (in container '')\n | variables.n == 1\n | ^",
    ],
  ],
  [
    'the authoriser',
    {
      validations: [
        { expression: "authorizer.requestResource.check('delete').allowed()", messageExpression: 'authorizer' },
      ],
    },
    [
      "spec.validations[0].messageExpression: Invalid value: \"authorizer\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'authorizer' (in container '')\n | authorizer\n | ^",
    ],
  ],
];

for (const [title, spec, expected] of validating) {
  test(`validating policy: ${title}`, () =>
    assert.deepEqual(refusals(validatingAdmissionPolicy, policy(spec)), expected));
}

test('what an expression used before may stay', () => {
  assert.equal(expressionMinor, newestMinor);
  const object = policy({ failurePolicy: 'Maybe' });
  const broken = (spec: any) => spec.validations.push({ expression: 'x' });
  assert.equal(changeRefusals(validatingAdmissionPolicy, object, (next) => broken(next.spec)).length, 2);
  const made = created(validatingAdmissionPolicy, policy());
  assert.deepEqual(
    [
      made['spec'].failurePolicy,
      made['spec'].matchConstraints.matchPolicy,
      made['spec'].matchConstraints.resourceRules[0].scope,
    ],
    ['Fail', 'Equivalent', '*'],
  );
});

test('bindings', () => {
  const binding = (spec: object) => ({
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: 'b' },
    spec,
  });
  const own = (spec: object) => refusals(validatingAdmissionPolicyBinding, binding(spec));
  assert.deepEqual(own({ policyName: 'p', validationActions: ['Deny'], matchResources: {} }), []);
  assert.deepEqual(own({ validationActions: ['Deny', 'Warn'] }), [
    'spec.policyName: Required value',
    'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
  ]);
  assert.deepEqual(own({ policyName: 'p', paramRef: {} }), [
    'spec.paramRef: Required value: one of name or selector must be specified',
    'spec.paramRef.parameterNotFoundAction: Required value',
    'spec.validationActions: Required value: at least one validation action is required',
  ]);
  assert.deepEqual(refusals(mutatingAdmissionPolicyBinding, binding({ policyName: 'p', paramRef: { name: 'x' } })), []);
});

test('mutating policies', () => {
  const own = (mutation: object, rest: object = {}) =>
    refusals(
      mutatingAdmissionPolicy,
      policy({ validations: undefined, reinvocationPolicy: 'Never', mutations: [mutation], ...rest }),
    );
  const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
  const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
  assert.deepEqual(own(apply('Object{spec: Object.spec{replicas: object.spec.replicas + 1}}')), []);
  assert.deepEqual(
    own(patch('[JSONPatch{op: "add", path: "/a/" + jsonpatch.escapeKey("b/c"), value: {"a": "b"}}]')),
    [],
  );
  assert.deepEqual(own(apply('1')), [
    'spec.mutations[0].applyConfiguration.expression: Invalid value: "1": must evaluate to Object but got int',
  ]);
  assert.deepEqual(own({ patchType: 'JSONPatch', applyConfiguration: { expression: 'Object{}' } }), [
    'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
    'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
  ]);
  assert.deepEqual(own({}, { reinvocationPolicy: undefined }), [
    'spec.mutations[0].patchType: Required value',
    'spec.reinvocationPolicy: Required value',
  ]);
  const deletes = { matchConstraints: { resourceRules: [{ ...rule, operations: ['DELETE'] }] } };
  assert.deepEqual(own(apply('Object{}'), deletes), [
    'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
  ]);
});
