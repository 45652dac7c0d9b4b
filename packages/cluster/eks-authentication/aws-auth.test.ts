import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapByAwsAuth, parseAwsAuth } from './aws-auth.ts';
import type { EksIdentity } from './identity.ts';

const node: EksIdentity = {
  arn: 'arn:aws:sts::000000000000:assumed-role/NodeRole/i-0123456789abcdef0',
  canonicalArn: 'arn:aws:iam::000000000000:role/NodeRole',
  accountId: '000000000000',
  principalId: 'AROAEXAMPLE',
  sessionName: 'i-0123456789abcdef0',
  accessKeyId: 'ASIAEXAMPLE',
  authenticationMode: 'CONFIG_MAP',
  clusterCreatorAdmin: false,
  privateDnsName: 'ip-172-31-0-5.ap-northeast-2.compute.internal',
};
const person = {
  ...node,
  arn: 'arn:aws:iam::000000000000:user/eve',
  canonicalArn: 'arn:aws:iam::000000000000:user/eve',
  sessionName: '',
};

const data = {
  mapRoles: `
- rolearn: arn:aws:iam::000000000000:role/noderole
  username: system:node:{{EC2PrivateDNSName}}
  groups: [system:bootstrappers, system:nodes]
- rolearn: arn:aws:iam::000000000000:role/Admins
  username: admin:{{SessionName}}
  groups:
    - system:masters
`,
  mapUsers: '- {userarn: "arn:aws:iam::000000000000:user/eve", groups: ["team-{{AccountID}}"]}',
  mapAccounts: '- "111111111111"',
};

test('roles and users are found whatever the case of their ARNs, and templates are filled in', () => {
  const awsAuth = parseAwsAuth(data);
  assert.deepEqual(awsAuth.problems, []);
  assert.deepEqual(mapByAwsAuth(awsAuth, node), {
    username: 'system:node:ip-172-31-0-5.ap-northeast-2.compute.internal',
    groups: ['system:bootstrappers', 'system:nodes'],
  });
  assert.deepEqual(mapByAwsAuth(awsAuth, person), { username: person.canonicalArn, groups: ['team-000000000000'] });
  const admin = { ...node, canonicalArn: 'arn:aws:iam::000000000000:role/Admins', sessionName: 'eve@example' };
  assert.deepEqual(mapByAwsAuth(awsAuth, admin), { username: 'admin:eve-example', groups: ['system:masters'] });
});

test('a mapping whose template cannot be filled maps nobody', () => {
  const { privateDnsName: _, ...elsewhere } = node;
  assert.equal(mapByAwsAuth(parseAwsAuth(data), elsewhere), undefined);
});

test('accounts let their users in without groups, and everybody else stays out', () => {
  const awsAuth = parseAwsAuth(data);
  const stranger = { ...person, accountId: '111111111111', canonicalArn: 'arn:aws:iam::111111111111:user/bob' };
  assert.deepEqual(mapByAwsAuth(awsAuth, stranger), { username: stranger.canonicalArn, groups: [] });
  assert.equal(mapByAwsAuth(awsAuth, { ...stranger, accountId: '222222222222' }), undefined);
  assert.equal(mapByAwsAuth(parseAwsAuth(undefined), node), undefined);
});

test('what cannot be read is told, and the rest still counts', () => {
  const broken = parseAwsAuth({
    ...data,
    mapRoles: '{',
    mapUsers: '- {groups: [a]}\n- {userarn: "arn:aws:iam::000000000000:user/eve", username: eve}',
  });
  assert.equal(broken.problems.length, 2);
  assert.deepEqual(mapByAwsAuth(broken, person), { username: 'eve', groups: [] });
  assert.equal(parseAwsAuth({ mapRoles: '&a [*a, *a]' }).mappings.length, 0);
});
