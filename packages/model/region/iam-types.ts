/**
 * Identities of the account, `iam.keelson.dev/v1`. Objects are named as IAM names them: users and roles by their names,
 * access keys by their ids; paths and ARNs are fields. What begins with `sealed` is encrypted under the region's key.
 */
export const iamTypes = {
  Account: { metadata: 'ObjectMeta', spec: 'AccountSpec' },
  AccountSpec: { accountId: 'string!', alias: 'string' },
  User: { metadata: 'ObjectMeta', spec: 'UserSpec' },
  UserSpec: {
    userName: 'string!',
    userId: 'string!',
    path: 'string!',
    /** The account itself: every call is allowed to it. */
    root: 'bool',
    attachedPolicies: '[]string',
    inlinePolicies: 'map<string>',
    permissionsBoundary: 'string',
    tags: '[]Tag',
  },
  AccessKey: { metadata: 'ObjectMeta', spec: 'AccessKeySpec', status: 'AccessKeyStatus' },
  AccessKeySpec: { userName: 'string!', sealedSecret: 'string!', status: 'string!' },
  AccessKeyStatus: { lastUsedTime: 'string', lastUsedService: 'string', lastUsedRegion: 'string' },
  Role: { metadata: 'ObjectMeta', spec: 'RoleSpec' },
  RoleSpec: {
    roleName: 'string!',
    roleId: 'string!',
    path: 'string!',
    description: 'string',
    assumeRolePolicyDocument: 'string!',
    maxSessionDuration: 'int32!',
    attachedPolicies: '[]string',
    inlinePolicies: 'map<string>',
    permissionsBoundary: 'string',
    /** The service that a service-linked role belongs to: `eks.amazonaws.com`. */
    serviceName: 'string',
    tags: '[]Tag',
  },
  InstanceProfile: { metadata: 'ObjectMeta', spec: 'InstanceProfileSpec' },
  InstanceProfileSpec: {
    instanceProfileName: 'string!',
    instanceProfileId: 'string!',
    path: 'string!',
    roles: '[]string',
    tags: '[]Tag',
  },
  Policy: { metadata: 'ObjectMeta', spec: 'PolicySpec' },
  PolicySpec: {
    policyName: 'string!',
    policyId: 'string!',
    path: 'string!',
    description: 'string',
    defaultVersionId: 'string!',
    versions: '[]PolicyVersion!',
    tags: '[]Tag',
  },
  PolicyVersion: { versionId: 'string!', document: 'string!', createDate: 'string!' },
  Tag: { key: 'string!', value: 'string!' },
} as const;
