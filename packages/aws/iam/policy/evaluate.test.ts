import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionsHold, matchesArn } from './conditions.ts';
import { PolicyError, parsePolicy } from './document.ts';
import { evaluatePolicies } from './evaluate.ts';
import { matchesWildcard } from './wildcard.ts';

interface Rule {
  Effect?: string;
  [name: string]: unknown;
}

function verdict(rules: Rule[], action: string, resource = '*', context: Record<string, string> = {}): string {
  const Statement = rules.map((rule) => ({
    Effect: 'Allow',
    ...('NotResource' in rule ? {} : { Resource: '*' }),
    ...rule,
  }));
  const document = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), 'identity');
  return evaluatePolicies([document], { action, resource, context });
}

test('silence denies, an Allow allows, a Deny wins whatever the order', () => {
  assert.equal(verdict([{ Action: 'ec2:*' }], 'eks:ListClusters'), 'implicitDeny');
  assert.equal(verdict([{ Action: 'eks:list*' }], 'EKS:ListClusters'), 'allow', 'actions know no case');
  const both = [{ Action: '*' }, { Effect: 'Deny', Action: 'eks:Delete*' }];
  assert.equal(verdict(both, 'eks:DeleteCluster'), 'explicitDeny');
  assert.equal(verdict([...both].reverse(), 'eks:DeleteCluster'), 'explicitDeny');
  assert.equal(verdict(both, 'eks:CreateCluster'), 'allow');
});

test('NotAction and NotResource allow the rest', () => {
  assert.equal(verdict([{ NotAction: ['iam:*'] }], 'eks:ListClusters'), 'allow');
  assert.equal(verdict([{ NotAction: ['iam:*'] }], 'iam:ListUsers'), 'implicitDeny');
  const rest = [{ Action: 'iam:*', NotResource: 'arn:aws:iam::*:role/locked-*' }];
  assert.equal(verdict(rest, 'iam:GetRole', 'arn:aws:iam::0:role/free'), 'allow');
  assert.equal(verdict(rest, 'iam:GetRole', 'arn:aws:iam::0:role/locked-1'), 'implicitDeny');
});

test('resources match with wildcards, case and variables', () => {
  const own = [{ Action: 'iam:*', Resource: 'arn:aws:iam::*:user/${aws:username}' }];
  const context = { 'aws:username': 'alice' };
  assert.equal(verdict(own, 'iam:GetUser', 'arn:aws:iam::0:user/alice', context), 'allow');
  assert.equal(verdict(own, 'iam:GetUser', 'arn:aws:iam::0:user/Alice', context), 'implicitDeny');
  assert.equal(verdict(own, 'iam:GetUser', 'arn:aws:iam::0:user/${aws:username}', {}), 'allow');
  assert.equal(verdict(own, 'iam:GetUser', 'arn:aws:iam::0:user/bob', {}), 'implicitDeny');
});

test('conditions', () => {
  const holds = (block: object, context: Record<string, string>) => {
    const text = JSON.stringify({ Statement: { Effect: 'Allow', Action: '*', Resource: '*', Condition: block } });
    return conditionsHold(parsePolicy(text, 'identity').statements[0]!.conditions, context);
  };
  const tag = { 'aws:requesttag/team': 'red' };
  assert.ok(holds({ StringEquals: { 'aws:RequestTag/Team': ['blue', 'red'] } }, tag));
  assert.ok(!holds({ StringEquals: { 'aws:RequestTag/Team': 'Red' } }, tag));
  assert.ok(holds({ StringEqualsIgnoreCase: { 'aws:RequestTag/Team': 'Red' } }, tag));
  assert.ok(holds({ StringLike: { 'aws:RequestTag/Team': 'r?*' } }, tag));
  assert.ok(!holds({ StringNotEquals: { 'aws:RequestTag/Team': ['blue', 'red'] } }, tag));
  assert.ok(holds({ StringNotEquals: { 'aws:RequestTag/Team': 'red' } }, {}), 'a missing key is not equal');
  assert.ok(!holds({ StringEquals: { 'aws:RequestTag/Team': 'red' } }, {}));
  assert.ok(holds({ StringEqualsIfExists: { 'aws:RequestTag/Team': 'red' } }, {}));
  assert.ok(holds({ Null: { 'aws:RequestTag/Team': 'true' } }, {}));
  assert.ok(!holds({ Null: { 'aws:RequestTag/Team': true } }, tag));
  assert.ok(holds({ NumericLessThan: { 'x:n': '10' } }, { 'x:n': '9' }));
  assert.ok(
    holds(
      { DateGreaterThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } },
      { 'aws:currenttime': '2026-02-01T00:00:00.000Z' },
    ),
  );
  assert.ok(holds({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, { 'aws:sourceip': '10.1.2.3' }));
  assert.ok(!holds({ IpAddress: { 'aws:SourceIp': 'nonsense' } }, { 'aws:sourceip': '10.1.2.3' }));
  assert.ok(holds({ Bool: { 'aws:SecureTransport': false } }, { 'aws:securetransport': 'false' }));
  assert.ok(!holds({ StringEquals: { constructor: 'x' } }, {}));
});

test('wildcards, in time that does not run away', () => {
  assert.ok(matchesWildcard('a*b?d', 'axxbcd'));
  assert.ok(!matchesWildcard('a*b?d', 'axxbd'));
  assert.ok(matchesWildcard('***', ''));
  assert.ok(!matchesWildcard(`${'a*'.repeat(200)}b`, 'a'.repeat(5000)));
  assert.ok(matchesArn('arn:aws:iam::*:role/*', 'arn:aws:iam::0:role/a:b'));
  assert.ok(!matchesArn('arn:aws:*:role/x', 'arn:aws:iam::0:role/x'), 'a star does not reach over a colon');
});

test('documents that IAM refuses', () => {
  const refusal = (document: unknown, kind: 'identity' | 'trust' = 'identity') => {
    try {
      parsePolicy(typeof document === 'string' ? document : JSON.stringify(document), kind);
    } catch (thrown) {
      assert.ok(thrown instanceof PolicyError);
      return thrown.message;
    }
    return 'good';
  };
  const one = (rule: object) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...rule }] });
  assert.equal(refusal('{'), 'This policy contains invalid Json');
  assert.equal(refusal('[]'), 'Syntax errors in policy.');
  assert.equal(refusal({ Version: '2020-01-01', Statement: [] }), 'Syntax errors in policy.');
  assert.equal(refusal(one({ Action: 's3:*' })), 'Policy statement must contain resources.');
  assert.equal(refusal(one({ Resource: '*' })), 'Policy statement must contain actions.');
  assert.equal(
    refusal(one({ Action: 'List', Resource: '*' })),
    'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
  );
  assert.equal(refusal(one({ Action: 's3:*', Resource: 'bucket' })), 'Resource bucket must be in ARN format or "*".');
  assert.equal(
    refusal(one({ Action: 's3:*', Resource: '*', Principal: '*' })),
    'Policy document should not specify a principal.',
  );
  assert.equal(
    refusal(one({ Action: 's3:*', Resource: '*', Condition: { Sounds: { a: 'b' } } })),
    'Invalid Condition type : Sounds.',
  );
  assert.equal(refusal(one({ Action: 'sts:AssumeRole' }), 'trust'), 'Missing required field Principal');
  assert.equal(
    refusal(one({ Action: 'sts:AssumeRole', Principal: { Service: 'a' }, Resource: '*' }), 'trust'),
    'Has prohibited field Resource',
  );
  assert.equal(
    refusal(one({ Action: 's3:Get', Principal: '*' }), 'trust'),
    'AssumeRole policy may only specify STS AssumeRole actions.',
  );
  assert.equal(
    refusal(one({ Action: 'sts:AssumeRole', Principal: { AWS: 'alice' } }), 'trust'),
    'Invalid principal in policy: "AWS":"alice"',
  );
  assert.equal(
    refusal(
      one({ Action: ['sts:AssumeRole', 'sts:TagSession'], Principal: { Service: ['pods.eks.amazonaws.com'] } }),
      'trust',
    ),
    'good',
  );
});
