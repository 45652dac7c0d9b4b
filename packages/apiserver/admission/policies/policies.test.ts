import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ApiObject, catalogueFor } from '@keelson/model';
import type { Attributes } from '../../authorization/contract.ts';
import { AdmissionError, type AdmissionRequest } from '../contract.ts';
import { RequestMatcher } from '../matching/index.ts';
import { MemoryReader } from '../memory-reader.ts';
import { writeRequest } from '../test-requests.ts';
import { MutatingAdmissionPolicy } from './mutating-admission-policy.ts';
import { ValidatingAdmissionPolicy } from './validating-admission-policy.ts';

const catalogue = catalogueFor(36);
const deployments = catalogue.find('apps', 'v1', 'deployments')!;
const pods = catalogue.find('', 'v1', 'pods')!;
const group = 'admissionregistration.k8s.io';
let generation = 0;

/** A server's plug-ins with some policies, and what they did with a request. */
class World {
  readonly reader = new MemoryReader();
  readonly asked: Attributes[] = [];
  readonly validating: ValidatingAdmissionPolicy;
  readonly mutating: MutatingAdmissionPolicy;

  constructor() {
    const { reader } = this;
    const authorizer = {
      authorize: async (attributes: Attributes) => {
        this.asked.push(attributes);
        return { decision: attributes.verb === 'allowed' ? ('allow' as const) : ('deny' as const), reason: 'why' };
      },
    };
    const tools = { reader, catalogue, matcher: new RequestMatcher({ catalogue, reader }), authorizer };
    this.validating = new ValidatingAdmissionPolicy(tools);
    this.mutating = new MutatingAdmissionPolicy(tools);
    reader.put('', 'namespaces', { metadata: { name: 'team', labels: { environment: 'test' } } });
  }

  policy(spec: object, name = 'p', kind = 'validating'): void {
    generation += 1;
    const full = { matchConstraints: rules, failurePolicy: 'Fail', ...spec };
    this.reader.put(group, `${kind}admissionpolicies`, { metadata: { name, uid: 'u', generation }, spec: full });
  }

  binding(spec: object = {}, name = 'b', kind = 'validating'): void {
    const full = { policyName: 'p', validationActions: ['Deny'], ...spec };
    this.reader.put(group, `${kind}admissionpolicybindings`, { metadata: { name }, spec: full });
  }

  async validate(more: Partial<AdmissionRequest> = {}): Promise<Said> {
    const annotations: Record<string, string> = {};
    const annotate = (key: string, value: string) => {
      annotations[key] = value;
    };
    const request = { ...deployment(), annotate, ...more };
    let error: AdmissionError | undefined;
    try {
      await this.validating.validate(request);
    } catch (thrown) {
      if (!(thrown instanceof AdmissionError)) throw thrown;
      error = thrown;
    }
    return { error, annotations, warnings: request.warnings };
  }
}

interface Said {
  readonly error: AdmissionError | undefined;
  readonly annotations: Record<string, string>;
  readonly warnings: readonly string[];
}

const rules = {
  resourceRules: [
    { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
  ],
};

function deployment(spec: object = { replicas: 6 }, metadata: object = {}): AdmissionRequest {
  const object: ApiObject = { metadata: { name: 'd', namespace: 'team', ...metadata }, spec };
  return { ...writeRequest('CREATE deployments.apps', { object }), resource: deployments };
}

const prefix = "deployments.apps \"d\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: ";

test('without policies nothing is asked, and without bindings neither', () => {
  const world = new World();
  assert.equal(world.validating.validate(deployment()), undefined);
  world.policy({ validations: [{ expression: 'false' }] });
  assert.equal(world.validating.validate(deployment()), undefined);
  assert.equal(world.mutating.mutate(deployment()), undefined);
});

const denials: readonly (readonly [title: string, spec: object, message: string | undefined, reason?: string])[] = [
  ['what holds', { validations: [{ expression: 'object.spec.replicas <= 6' }] }, undefined],
  [
    'what does not',
    { validations: [{ expression: ' object.spec.replicas <= 5 ' }] },
    'failed expression: object.spec.replicas <= 5',
  ],
  [
    'with a message',
    { validations: [{ expression: 'false', message: 'too many', reason: 'Forbidden' }] },
    'too many',
    'Forbidden',
  ],
  [
    'with a message that is an expression',
    {
      validations: [
        { expression: 'false', message: 'no', messageExpression: "'at most ' + string(object.spec.replicas - 1)" },
      ],
    },
    'at most 5',
  ],
  [
    'with one that fails',
    { validations: [{ expression: 'false', message: 'no', messageExpression: 'object.x' }] },
    'no',
  ],
  ['with lines', { validations: [{ expression: 'false', messageExpression: "'a\\nb'" }] }, 'failed expression: false'],
  [
    'an error',
    { validations: [{ expression: 'object.spec.x == 1' }] },
    "expression 'object.spec.x == 1' resulted in error: no such key: x",
  ],
  [
    'an error that is ignored',
    { failurePolicy: 'Ignore', validations: [{ expression: 'object.spec.x == 1' }] },
    undefined,
  ],
  [
    'a condition that is false',
    { matchConditions: [{ name: 'c', expression: 'false' }], validations: [{ expression: 'false' }] },
    undefined,
  ],
  [
    'a condition that fails',
    {
      matchConditions: [
        { name: 'c', expression: 'object.x' },
        { name: 'd', expression: 'object.y == 1' },
      ],
      validations: [{ expression: 'true' }],
    },
    "[compilation error: must evaluate to bool but got dyn, expression 'object.y == 1' resulted in error: no such key: y]",
  ],
  [
    'variables',
    {
      variables: [
        { name: 'n', expression: 'object.spec.replicas' },
        { name: 'm', expression: 'variables.n * 2' },
      ],
      validations: [
        { expression: 'variables.m == 12 && variables.n == 6' },
        { expression: 'variables.m < 12', message: 'm' },
      ],
    },
    'm',
  ],
  [
    'a variable that fails',
    { variables: [{ name: 'n', expression: 'object.x' }], validations: [{ expression: 'variables.n == 1' }] },
    'expression \'variables.n == 1\' resulted in error: composited variable "n" fails to evaluate: no such key: x',
  ],
  [
    'the namespace',
    { validations: [{ expression: "namespaceObject.metadata.labels.environment == 'prod'", message: 'prod only' }] },
    'prod only',
  ],
  [
    'the request',
    {
      validations: [
        {
          expression:
            "request.userInfo.username == 'jane' && request.resource.resource == 'deployments' && request.kind.kind == 'Deployment' && request.operation == 'CREATE' && oldObject == null && request.namespace == 'team' && !has(request.subResource)",
        },
      ],
    },
    undefined,
  ],
  [
    'the authoriser',
    {
      validations: [
        {
          expression:
            "authorizer.requestResource.check('allowed').allowed() && authorizer.group('').resource('pods').check('allowed').allowed()",
        },
        { expression: "authorizer.requestResource.check('delete').allowed()", messageExpression: "'may not'" },
      ],
    },
    'may not',
  ],
  [
    'a cost without end',
    {
      validations: [
        {
          expression:
            '[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, [1,2,3,4,5,6,7,8,9,10].all(f, a + b + c + d + e + f > 0))))))',
        },
      ],
    },
    'operation cancelled: actual cost limit exceeded',
  ],
];

for (const [title, spec, message, reason = 'Invalid'] of denials) {
  test(`a validating policy: ${title}`, async () => {
    const world = new World();
    world.policy(spec);
    world.binding();
    const { error } = await world.validate();
    if (message === undefined) return assert.equal(error, undefined);
    assert.ok(error);
    assert.ok(error.message.startsWith(prefix) && error.message.endsWith(message), error.message);
    assert.deepEqual([error.reason, error.code], [reason, reason === 'Forbidden' ? 403 : 422]);
    assert.equal(
      error.details?.causes?.[0]?.message,
      error.message.slice('deployments.apps "d" is forbidden: '.length),
    );
  });
}

test('actions: deny, warn, audit', async () => {
  const world = new World();
  world.policy({ validations: [{ expression: 'true' }, { expression: 'false', message: 'no' }] });
  world.binding({ validationActions: ['Warn', 'Audit'] });
  const { error, warnings, annotations } = await world.validate();
  assert.equal(error, undefined);
  assert.deepEqual(warnings, ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': no"]);
  assert.deepEqual(JSON.parse(annotations['validation.policy.admission.k8s.io/validation_failure']!), [
    { message: 'no', policy: 'p', binding: 'b', expressionIndex: 1, validationActions: ['Warn', 'Audit'] },
  ]);
});

test('audit annotations, of several bindings once', async () => {
  const world = new World();
  const valueExpression = "'high ' + params.data.n";
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  world.policy({
    paramKind,
    auditAnnotations: [
      { key: 'k', valueExpression },
      { key: 'none', valueExpression: 'null' },
    ],
  });
  for (const name of ['a', 'b', 'c']) {
    world.reader.put('', 'configmaps', {
      metadata: { name, namespace: 'team' },
      data: { n: name === 'c' ? 'b' : name },
    });
    world.binding({ paramRef: { name, parameterNotFoundAction: 'Deny' } }, name);
  }
  assert.deepEqual((await world.validate()).annotations, { 'p/k': 'high a, high b' });
});

test('parameters by name and by selector', async () => {
  const world = new World();
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  world.policy({
    paramKind,
    validations: [
      { expression: 'object.spec.replicas <= int(params.data.max)', messageExpression: 'string(params.metadata.name)' },
    ],
  });
  const say = async (paramRef: object | undefined) => {
    world.binding({ paramRef });
    return (await world.validate()).error?.message.replace(prefix, '');
  };
  const missing = 'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction';
  assert.equal(await say({ name: 'x', parameterNotFoundAction: 'Deny' }), missing);
  assert.equal(await say({ name: 'x', parameterNotFoundAction: 'Allow' }), undefined);
  for (const [name, max] of [
    ['five', '5'],
    ['six', '6'],
  ] as const) {
    world.reader.put('', 'configmaps', {
      metadata: { name, namespace: 'team', labels: { limits: 'yes' } },
      data: { max },
    });
  }
  world.reader.put('', 'configmaps', {
    metadata: { name: 'one', namespace: 'other', labels: { limits: 'yes' } },
    data: { max: '1' },
  });
  assert.equal(await say({ name: 'six', parameterNotFoundAction: 'Deny' }), undefined);
  assert.equal(await say({ name: 'one', namespace: 'other', parameterNotFoundAction: 'Deny' }), 'one');
  assert.equal(await say({ selector: { matchLabels: { limits: 'yes' } }, parameterNotFoundAction: 'Deny' }), 'five');
  assert.match((await say(undefined))!, /no such key: data|resulted in error/);
  world.policy({ paramKind: { apiVersion: 'a.b/v1', kind: 'C' }, validations: [{ expression: 'true' }] });
  const { error } = await world.validate();
  assert.match(
    error!.message,
    /'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'a.b\/v1, Kind=C'$/,
  );
});

test('bindings choose further, and configuration of admission is never asked about', async () => {
  const world = new World();
  const all = { resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }] };
  world.policy({ matchConstraints: all, validations: [{ expression: 'false' }] });
  world.binding({ matchResources: { namespaceSelector: { matchLabels: { environment: 'prod' } } } });
  assert.equal((await world.validate()).error, undefined);
  world.binding({ matchResources: { namespaceSelector: { matchLabels: { environment: 'test' } } } });
  assert.ok((await world.validate()).error);
  const own = catalogue.find(group, 'v1', 'validatingadmissionpolicies')!;
  const object = { metadata: { name: 'p' } };
  assert.equal(
    (await world.validate({ ...writeRequest('DELETE x', { previous: object }), resource: own })).error,
    undefined,
  );
});

async function mutated(world: World, request: AdmissionRequest): Promise<ApiObject> {
  await world.mutating.mutate(request);
  return request.object!;
}

function pod(): AdmissionRequest {
  const object: ApiObject = {
    metadata: { name: 'p', namespace: 'team' },
    spec: { containers: [{ name: 'app', image: 'a', env: [{ name: 'A', value: '1' }] }] },
  };
  return { ...writeRequest('CREATE pods', { object }), resource: pods };
}

const podRules = {
  resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
};

function mutatingWorld(...mutations: object[]): World {
  const world = new World();
  world.policy({ matchConstraints: podRules, reinvocationPolicy: 'IfNeeded', mutations }, 'p', 'mutating');
  world.binding({}, 'b', 'mutating');
  return world;
}

const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

test('ApplyConfiguration merges lists by their keys', async () => {
  const sidecar =
    "Object{spec: Object.spec{initContainers: [Object.spec.initContainers{name: 'mesh', image: 'm:v1', restartPolicy: 'Always'}], containers: object.spec.containers.map(c, Object.spec.containers{name: c.name, env: [Object.spec.containers.env{name: 'B', value: c.image}]})}}";
  const request = pod();
  const object = await mutated(mutatingWorld(apply(sidecar)), request);
  const [container] = object['spec'].containers;
  assert.deepEqual(container.env, [
    { name: 'A', value: '1' },
    { name: 'B', value: 'a' },
  ]);
  assert.equal(object['spec'].initContainers[0].restartPolicy, 'Always');
  assert.equal(object['spec'].initContainers[0].terminationMessagePath, '/dev/termination-log');
  assert.equal(request.reinvocation?.requested, true);
});

test('JSONPatch changes what its paths name, unless a test of it fails', async () => {
  const world = mutatingWorld(
    patch("[JSONPatch{op: 'add', path: '/metadata/labels', value: {'a/b': 'c'}}]"),
    patch("[JSONPatch{op: 'test', path: '/metadata/name', value: 'other'}, JSONPatch{op: 'remove', path: '/spec'}]"),
    patch(
      "[JSONPatch{op: 'replace', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b'), value: 'd'}, JSONPatch{op: 'add', path: '/spec/nodeSelector', value: Object.spec.nodeSelector{disk: 'ssd'}}]",
    ),
  );
  const changed = await mutated(world, pod());
  assert.deepEqual(changed.metadata!.labels, { 'a/b': 'd' });
  assert.equal(changed['spec'].containers.length, 1);
  assert.deepEqual(changed['spec'].nodeSelector, { disk: 'ssd' });
});

const failures: readonly (readonly [mutation: object, message: RegExp])[] = [
  [
    apply('Object{spec: Object.spec{nope: 1}}'),
    /'p' with binding 'b' denied request: error applying patch: failed to convert patch object to typed object: \.spec\.nope: field not declared in schema/,
  ],
  [
    apply("Object{spec: Object.wrong{hostname: 'x'}}"),
    /type mismatch: unexpected type name "Object.wrong", expected "Object.spec"/,
  ],
  [
    apply("Object{spec: Object.spec{containers: [Object.spec.containers{name: 'app', args: ['x']}]}}"),
    /may not mutate atomic arrays, maps or structs: \.spec\.containers\[0\]\.args/,
  ],
  [patch("[JSONPatch{op: 'remove', path: '/spec/nope'}]"), /JSON Patch: /],
  [
    patch("[JSONPatch{op: 'add', path: '/spec', value: Object.spec{os: Object.os{name: 'linux'}}}]"),
    /type mismatch: unexpected type name "Object.os", expected "Object.spec.os"/,
  ],
  [apply('object.spec'), /compilation error: must evaluate to Object but got dyn/],
  [patch("[JSONPatch{op: 'add', path: '/spec/containers', value: 1}]"), /denied request/],
];

for (const [mutation, message] of failures) {
  test(`a mutation that cannot be: ${JSON.stringify(mutation)}`, async () => {
    await assert.rejects(mutated(mutatingWorld(mutation), pod()), (error) => {
      assert.ok(error instanceof AdmissionError);
      assert.match(error.message, message);
      assert.deepEqual([error.code, error.reason], [403, 'Invalid']);
      return true;
    });
  });
}

test('the second pass asks again only what may need it', async () => {
  const count =
    "Object{metadata: Object.metadata{annotations: {'n': 'x' + (has(object.metadata.annotations) ? object.metadata.annotations.n : '')}}}";
  const world = mutatingWorld(apply(count));
  const request = pod();
  await mutated(world, request);
  request.reinvocation!.reinvoking = true;
  await mutated(world, request);
  assert.equal(request.object!.metadata!.annotations!['n'], 'x');
  request.object!.metadata!.labels = { changed: 'yes' };
  await mutated(world, request);
  assert.equal(request.object!.metadata!.annotations!['n'], 'xx');
});

test('what costs much lets others have their turn', async () => {
  const world = new World();
  const ten = '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]';
  const sum = `${ten}.map(a, ${ten}.map(b, ${ten}.map(c, ${ten}.map(d, a + b + c + d).size()).size()).size()).size()`;
  const variables = Array.from({ length: 9 }, (_, index) => ({ name: `v${index}`, expression: `${sum} + ${index}` }));
  const uses = variables.map(({ name }) => `variables.${name}`).join(' + ');
  world.policy({
    variables,
    validations: [{ expression: `${uses} == ${9 * 10 + 36}` }, { expression: `${sum} == 10` }],
  });
  world.binding();
  let turns = 0;
  let running = true;
  const others = (): void => {
    turns += 1;
    if (running) setImmediate(others);
  };
  setImmediate(others);
  const { error } = await world.validate();
  running = false;
  assert.equal(error, undefined);
  assert.ok(turns >= 2, String(turns));
});
