/** Groups of instances that are kept at a size, `autoscaling.keelson.dev/v1`, named as their users name them. */
export const autoscalingTypes = {
  AutoScalingGroup: { metadata: 'ObjectMeta', spec: 'AutoScalingGroupSpec', status: 'AutoScalingGroupStatus' },
  AutoScalingGroupSpec: {
    minSize: 'int32!',
    maxSize: 'int32!',
    desiredCapacity: 'int32!',
    subnetIds: '[]string!',
    launch: 'LaunchSpecification!',
    /** Instances that the group must not count any more: they leave before others do. */
    instancesToTerminate: '[]string',
    tags: '[]Tag',
  },
  /** What each instance is launched with. */
  LaunchSpecification: {
    imageId: 'string!',
    instanceTypes: '[]string!',
    securityGroupIds: '[]string!',
    iamInstanceProfile: 'string',
    userData: 'string',
    keyName: 'string',
    lifecycle: 'string!',
    tags: '[]Tag',
  },
  AutoScalingGroupStatus: {
    observedGeneration: 'int64',
    instances: '[]GroupInstance',
    /** Why the group has fewer instances than it should, as an activity would tell: code and text of the EC2 error. */
    failureCode: 'string',
    failureMessage: 'string',
  },
  GroupInstance: {
    instanceId: 'string!',
    availabilityZone: 'string!',
    lifecycleState: 'string!',
    healthStatus: 'string!',
  },
  Tag: { key: 'string!', value: 'string!' },
} as const;
