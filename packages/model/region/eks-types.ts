/**
 * EKS' own resources, `eks.keelson.dev/v1`. A cluster's object is named like the cluster; what belongs to a cluster is
 * named `CLUSTER.NAME` (a cluster's name has no dot). Access entries are `CLUSTER.` and the hash of their principal.
 */
export const eksTypes = {
  Cluster: { metadata: 'ObjectMeta', spec: 'ClusterSpec', status: 'ClusterStatus' },
  ClusterSpec: {
    roleArn: 'string!',
    version: 'string!',
    subnetIds: '[]string!',
    securityGroupIds: '[]string!',
    endpointPublicAccess: 'bool!',
    endpointPrivateAccess: 'bool!',
    publicAccessCidrs: '[]string!',
    serviceIpv4Cidr: 'string!',
    ipFamily: 'string!',
    enabledLogTypes: '[]string!',
    authenticationMode: 'string!',
    bootstrapClusterCreatorAdminPermissions: 'bool!',
    bootstrapSelfManagedAddons: 'bool!',
    supportType: 'string!',
    deletionProtection: 'bool!',
    zonalShift: 'bool!',
    /** JSON of the EncryptionConfigList, as given. */
    encryptionConfig: 'string',
    creatorArn: 'string!',
    /** The principal's unique id; the creator's hidden administrator permission in CONFIG_MAP mode hangs on it. */
    creatorPrincipalId: 'string!',
    clientRequestToken: 'string',
    tags: 'map<string>',
  },
  ClusterStatus: {
    /** `CREATING`, `ACTIVE`, `DELETING`, `FAILED`, `UPDATING`. */
    phase: 'string!',
    endpoint: 'string',
    /** Where the cluster's nodes reach it. */
    nodeEndpoint: 'string',
    certificateAuthorityData: 'string',
    oidcIssuer: 'string',
    vpcId: 'string',
    clusterSecurityGroupId: 'string',
    platformVersion: 'string',
    /** The generation of the spec that this status is of; behind it, an update is under way. */
    observedGeneration: 'int64',
    /** The version that answers, while an update to spec.version is under way. */
    observedVersion: 'string',
    issues: '[]HealthIssue',
  },
  HealthIssue: { code: 'string!', message: 'string!', resourceIds: '[]string' },
  Nodegroup: { metadata: 'ObjectMeta', spec: 'NodegroupSpec', status: 'NodegroupStatus' },
  NodegroupSpec: {
    clusterName: 'string!',
    nodegroupName: 'string!',
    nodeRole: 'string!',
    subnets: '[]string!',
    instanceTypes: '[]string!',
    amiType: 'string!',
    capacityType: 'string!',
    diskSize: 'int32!',
    minSize: 'int32!',
    maxSize: 'int32!',
    desiredSize: 'int32!',
    maxUnavailable: 'int32',
    maxUnavailablePercentage: 'int32',
    version: 'string!',
    releaseVersion: 'string!',
    labels: 'map<string>',
    taints: '[]NodegroupTaint',
    /** JSON of RemoteAccessConfig, as given. */
    remoteAccess: 'string',
    /** JSON of NodeRepairConfig, as given. */
    nodeRepairConfig: 'string',
    clientRequestToken: 'string',
    tags: 'map<string>',
  },
  /** The effect as EKS writes it: `NO_SCHEDULE`, `NO_EXECUTE`, `PREFER_NO_SCHEDULE`. */
  NodegroupTaint: { key: 'string!', value: 'string', effect: 'string!' },
  NodegroupStatus: {
    /** `CREATING`, `ACTIVE`, `UPDATING`, `DELETING`, `CREATE_FAILED`, `DELETE_FAILED`, `DEGRADED`. */
    phase: 'string!',
    observedGeneration: 'int64',
    autoScalingGroupName: 'string',
    /** What was last put on the nodes, so that what leaves the spec leaves them too. */
    appliedLabels: 'map<string>',
    appliedTaints: '[]NodegroupTaint',
    issues: '[]HealthIssue',
  },
  AccessEntry: { metadata: 'ObjectMeta', spec: 'AccessEntrySpec' },
  AccessEntrySpec: {
    clusterName: 'string!',
    principalArn: 'string!',
    /** The unique id of that principal when the entry was made: a new one of the same name does not get in. */
    principalId: 'string!',
    type: 'string!',
    username: 'string!',
    kubernetesGroups: '[]string!',
    policies: '[]AssociatedAccessPolicy!',
    modifiedAt: 'string!',
    clientRequestToken: 'string',
    tags: 'map<string>',
  },
  AssociatedAccessPolicy: {
    policyArn: 'string!',
    /** `cluster` or `namespace`. */
    scopeType: 'string!',
    namespaces: '[]string!',
    associatedAt: 'string!',
    modifiedAt: 'string!',
  },
  Update: { metadata: 'ObjectMeta', spec: 'UpdateSpec', status: 'UpdateStatus' },
  UpdateSpec: {
    clusterName: 'string!',
    nodegroupName: 'string',
    addonName: 'string',
    updateId: 'string!',
    type: 'string!',
    params: '[]UpdateParameter!',
    /** The generation that the changed object has with this update. */
    generation: 'int64!',
    clientRequestToken: 'string',
  },
  UpdateParameter: { type: 'string!', value: 'string!' },
  UpdateStatus: { phase: 'string!', errors: '[]UpdateError' },
  UpdateError: { errorCode: 'string!', errorMessage: 'string!', resourceIds: '[]string' },
} as const;
