import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import type { UserInfo } from '../authentication/contract.ts';
import { AccessPolicyAuthorizer, withAccessPolicies } from './access-policy-authorizer.ts';
import { reviewLocalSubjectAccess, reviewSelfAccess, reviewSelfRules, reviewSubjectAccess } from './access-review.ts';
import { AlwaysAllowAuthorizer, AuthorizerChain, MastersAuthorizer } from './authorizer-chain.ts';
import type { Attributes, Authorizer, Decision } from './contract.ts';
import { reviewHandlers } from './review-handlers.ts';

class Recorder implements Authorizer {
  asked: Attributes[] = [];
  readonly answer: { decision: Decision; reason: string };

  constructor(decision: Decision, reason = '') {
    this.answer = { decision, reason };
  }

  async authorize(attributes: Attributes) {
    this.asked.push(attributes);
    return this.answer;
  }
}

const jane: UserInfo = { name: 'jane', groups: ['devs'] };
const attributes: Attributes = {
  user: jane,
  verb: 'get',
  resourceRequest: true,
  namespace: 'shop',
  apiGroup: '',
  apiVersion: 'v1',
  resource: 'pods',
  subresource: '',
  name: '',
  path: '',
};

test('a chain stops at the first that decides, and else gives every reason', async () => {
  const [quiet, no, yes] = [new Recorder('noOpinion', 'a'), new Recorder('deny', 'no'), new Recorder('allow', 'yes')];
  assert.deepEqual(await new AuthorizerChain([quiet, yes, no]).authorize(attributes), yes.answer);
  assert.deepEqual(await new AuthorizerChain([quiet, no, yes]).authorize(attributes), no.answer);
  assert.equal(yes.asked.length, 1);
  assert.deepEqual(await new AuthorizerChain([quiet, new Recorder('noOpinion', 'b')]).authorize(attributes), {
    decision: 'noOpinion',
    reason: 'a\nb',
  });
});

test('system:masters may do everything, and nobody by its name alone', async () => {
  const masters = new MastersAuthorizer();
  const root = { ...attributes, user: { name: 'x', groups: ['system:masters'] } };
  assert.equal((await masters.authorize(root)).decision, 'allow');
  assert.equal(
    (await masters.authorize({ ...attributes, user: { name: 'system:masters', groups: [] } })).decision,
    'noOpinion',
  );
  assert.equal((await masters.rulesFor(jane)).resourceRules.length, 0);
});

const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
const scopes: readonly ['*' | readonly string[], string, boolean][] = [
  ['*', 'shop', true],
  ['*', '', true],
  [['shop'], 'shop', true],
  [['shop'], 'shop-2', false],
  [['shop'], '', false],
  [['*'], '', false],
  [['dev-*'], 'dev-1', true],
  [['dev-*'], 'prod', false],
  [['*-dev-*'], 'a-dev-b', true],
  [['*-dev'], 'a-dev-b', false],
  [['a*a'], 'a', false],
  [[], 'shop', false],
];

for (const [namespaces, namespace, expected] of scopes) {
  test(`an access policy for ${JSON.stringify(namespaces)} ${expected ? 'holds' : 'does not hold'} in "${namespace}"`, async () => {
    const user = withAccessPolicies(jane, [{ name: 'p', rules: [rule], namespaces }]);
    const authorizer = new AccessPolicyAuthorizer();
    const result = await authorizer.authorize({ ...attributes, user, namespace });
    assert.equal(result.decision, expected ? 'allow' : 'noOpinion');
    if (expected) assert.equal(result.reason, 'access policy: allowed by "p"');
    assert.equal((await authorizer.authorize({ ...attributes, user, namespace, verb: 'list' })).decision, 'noOpinion');
    assert.equal((await authorizer.rulesFor(user, namespace)).resourceRules.length, expected ? 1 : 0);
  });
}

test('a SubjectAccessReview asks as the named user, and reports denials and errors', async () => {
  const recorder = new Recorder('deny', 'because');
  const answer = await reviewSubjectAccess(recorder, {
    spec: {
      user: 'joe',
      groups: ['g'],
      uid: '7',
      extra: { scopes: ['x'] },
      resourceAttributes: {
        verb: 'list',
        group: 'apps',
        resource: 'deployments',
        namespace: 'shop',
        fieldSelector: {
          requirements: [
            { key: 'metadata.name', operator: 'In', values: ['web'] },
            { key: 'spec.x', operator: 'Exists' },
          ],
        },
        labelSelector: { requirements: [{ key: 'a', operator: 'NotIn', values: ['1', '2'] }] },
      },
    },
  });
  assert.ok('object' in answer);
  assert.deepEqual(answer.object['status'], {
    allowed: false,
    denied: true,
    reason: 'because',
    evaluationError: 'spec.resourceAttributes.fieldSelector partially ignored due to parse error',
  });
  assert.deepEqual(recorder.asked[0], {
    ...attributes,
    user: { name: 'joe', groups: ['g'], uid: '7', extra: { scopes: ['x'] } },
    verb: 'list',
    apiGroup: 'apps',
    apiVersion: '*',
    resource: 'deployments',
    fieldSelector: 'metadata.name=web',
    labelSelector: 'a notin (1,2)',
  });
});

test('a SelfSubjectAccessReview asks as the caller, attachments and all', async () => {
  const user = withAccessPolicies(jane, [{ name: 'p', rules: [rule], namespaces: ['shop'] }]);
  const ask = async (namespace: string) => {
    const spec = { resourceAttributes: { verb: 'get', resource: 'pods', namespace } };
    const answer = await reviewSelfAccess(new AccessPolicyAuthorizer(), user, { spec });
    return 'object' in answer ? answer.object['status'] : undefined;
  };
  assert.deepEqual(await ask('shop'), { allowed: true, reason: 'access policy: allowed by "p"' });
  assert.deepEqual(await ask('other'), { allowed: false });
  const paths = new Recorder('allow');
  await reviewSelfAccess(paths, jane, { spec: { nonResourceAttributes: { verb: 'get', path: '/metrics' } } });
  assert.deepEqual([paths.asked[0]!.resourceRequest, paths.asked[0]!.path], [false, '/metrics']);
});

test('a LocalSubjectAccessReview is about the namespace of its path alone', async () => {
  const review = { metadata: { namespace: 'shop' }, spec: { user: 'joe', resourceAttributes: { namespace: 'shop' } } };
  const good = await reviewLocalSubjectAccess(new Recorder('allow'), 'shop', review);
  assert.ok('object' in good && good.object['status'].allowed === true);
  const bad = await reviewLocalSubjectAccess(new Recorder('allow'), 'other', review);
  assert.ok('status' in bad);
  assert.deepEqual(
    [bad.status.code, bad.status.message],
    [400, 'spec.resourceAttributes.namespace must match namespace: other'],
  );
});

test('a SelfSubjectRulesReview needs a namespace and lists the rules of every authority', async () => {
  const chain = new AuthorizerChain([new AccessPolicyAuthorizer(), new Recorder('allow'), new AlwaysAllowAuthorizer()]);
  const user = withAccessPolicies(jane, [{ name: 'p', rules: [rule], namespaces: '*' }]);
  const answer = await reviewSelfRules(chain, user, { spec: { namespace: 'shop' } });
  assert.ok('object' in answer);
  assert.deepEqual(answer.object['status'], {
    resourceRules: [rule, { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  });
  const refused = await reviewSelfRules(chain, user, { spec: {} });
  assert.ok('status' in refused && refused.status.message === 'no namespace on request');
});

test('the handlers answer all six kinds, and refuse what makes no sense', async () => {
  const handlers = reviewHandlers({
    world: virtualWorld(1),
    tokens: { authenticateToken: async () => ({ outcome: 'none' }) },
    audiences: [],
    authorizer: new AlwaysAllowAuthorizer(),
  });
  const ask = async (resource: string, object: Record<string, unknown>) => {
    const handler = handlers.find((candidate) => candidate.resource === resource);
    const answer = await handler!.review(object, { user: jane, namespace: 'shop' });
    return 'object' in answer ? answer.object['status'] : `${answer.status.code} ${answer.status.message}`;
  };
  const resourceAttributes = { verb: 'get', resource: 'pods', namespace: 'shop' };
  assert.equal(handlers.length, 6);
  assert.deepEqual(await ask('tokenreviews', { spec: { token: 'x' } }), { user: {}, error: 'invalid bearer token' });
  assert.equal((await ask('selfsubjectreviews', {})).userInfo.username, 'jane');
  assert.deepEqual(await ask('selfsubjectaccessreviews', { spec: { resourceAttributes } }), { allowed: true });
  assert.equal((await ask('selfsubjectrulesreviews', { spec: { namespace: 'shop' } })).incomplete, false);
  assert.equal(
    await ask('subjectaccessreviews', { spec: { resourceAttributes } }),
    '422 SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
  );
  assert.match(
    await ask('selfsubjectaccessreviews', { spec: {} }),
    /exactly one of nonResourceAttributes or resourceAttributes must be specified$/,
  );
  assert.match(
    await ask('localsubjectaccessreviews', { metadata: { namespace: 'a' }, spec: { user: 'joe', resourceAttributes } }),
    /spec\.resourceAttributes\.namespace: Invalid value: "shop": must match metadata\.namespace$/,
  );
});
