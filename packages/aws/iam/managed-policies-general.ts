import type { ManagedPolicy, ManagedStatement } from './managed-policies.ts';

export function allow(actions: readonly string[], resources: readonly string[] = ['*']): ManagedStatement {
  return { Effect: 'Allow', Action: actions, Resource: resources };
}

const readOnlyServices = [
  'autoscaling',
  'cloudformation',
  'ec2',
  'ecr',
  'eks',
  'elasticloadbalancing',
  'iam',
  'kms',
  'logs',
  'ssm',
  'sts',
];

const readings = readOnlyServices.flatMap((service) =>
  ['BatchGet*', 'Describe*', 'Get*', 'List*'].map((action) => `${service}:${action}`),
);

/** Policies of AWS that are about no service in particular, or about one that EKS stands on. */
export const generalPolicies: readonly ManagedPolicy[] = [
  { name: 'AdministratorAccess', statements: [allow(['*'])] },
  {
    name: 'PowerUserAccess',
    statements: [
      { Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: ['*'] },
      allow([
        'account:GetAccountInformation',
        'account:GetPrimaryEmail',
        'account:ListRegions',
        'iam:CreateServiceLinkedRole',
        'iam:DeleteServiceLinkedRole',
        'iam:ListRoles',
        'organizations:DescribeOrganization',
      ]),
    ],
  },
  { name: 'ReadOnlyAccess', statements: [allow(readings)] },
  { name: 'job-function/ViewOnlyAccess', statements: [allow(readings.filter((action) => !action.includes(':Get')))] },
  { name: 'IAMFullAccess', statements: [allow(['iam:*', 'organizations:Describe*', 'organizations:List*'])] },
  {
    name: 'IAMReadOnlyAccess',
    statements: [
      allow([
        'iam:GenerateCredentialReport',
        'iam:GenerateServiceLastAccessedDetails',
        'iam:Get*',
        'iam:List*',
        'iam:Simulate*',
      ]),
    ],
  },
  {
    name: 'AmazonEC2FullAccess',
    statements: [allow(['ec2:*', 'elasticloadbalancing:*', 'cloudwatch:*', 'autoscaling:*'])],
  },
  {
    name: 'AmazonEC2ReadOnlyAccess',
    statements: [allow(['ec2:Describe*', 'ec2:Get*', 'elasticloadbalancing:Describe*', 'autoscaling:Describe*'])],
  },
  { name: 'AmazonVPCFullAccess', statements: [allow(['ec2:*'])] },
  { name: 'AWSCloudFormationFullAccess', statements: [allow(['cloudformation:*'])] },
  {
    name: 'AWSCloudFormationReadOnlyAccess',
    statements: [
      allow([
        'cloudformation:Describe*',
        'cloudformation:EstimateTemplateCost',
        'cloudformation:Get*',
        'cloudformation:List*',
        'cloudformation:ValidateTemplate',
        'cloudformation:Detect*',
      ]),
    ],
  },
  {
    name: 'AutoScalingFullAccess',
    statements: [
      allow(['autoscaling:*', 'cloudwatch:PutMetricAlarm', 'ec2:Describe*', 'elasticloadbalancing:Describe*']),
    ],
  },
  { name: 'ElasticLoadBalancingFullAccess', statements: [allow(['elasticloadbalancing:*', 'ec2:Describe*'])] },
  { name: 'AmazonS3FullAccess', statements: [allow(['s3:*', 's3-object-lambda:*'])] },
  {
    name: 'AmazonS3ReadOnlyAccess',
    statements: [allow(['s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*'])],
  },
  { name: 'CloudWatchLogsFullAccess', statements: [allow(['logs:*', 'cloudwatch:GenerateQuery'])] },
  {
    name: 'CloudWatchAgentServerPolicy',
    statements: [
      allow([
        'cloudwatch:PutMetricData',
        'ec2:DescribeVolumes',
        'ec2:DescribeTags',
        'logs:PutLogEvents',
        'logs:PutRetentionPolicy',
        'logs:DescribeLogStreams',
        'logs:DescribeLogGroups',
        'logs:CreateLogStream',
        'logs:CreateLogGroup',
        'xray:PutTraceSegments',
        'xray:PutTelemetryRecords',
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
        'xray:GetSamplingStatisticSummaries',
      ]),
      allow(['ssm:GetParameter'], ['arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*']),
    ],
  },
  {
    name: 'AmazonSSMFullAccess',
    statements: [
      allow([
        'cloudwatch:PutMetricData',
        'ds:CreateComputer',
        'ds:DescribeDirectories',
        'ec2:DescribeInstanceStatus',
        'logs:*',
        'ssm:*',
        'ec2messages:*',
      ]),
    ],
  },
  {
    name: 'AmazonSSMManagedInstanceCore',
    statements: [
      allow([
        'ssm:DescribeAssociation',
        'ssm:GetDeployablePatchSnapshotForInstance',
        'ssm:GetDocument',
        'ssm:DescribeDocument',
        'ssm:GetManifest',
        'ssm:GetParameter',
        'ssm:GetParameters',
        'ssm:ListAssociations',
        'ssm:ListInstanceAssociations',
        'ssm:PutInventory',
        'ssm:PutComplianceItems',
        'ssm:PutConfigurePackageResult',
        'ssm:UpdateAssociationStatus',
        'ssm:UpdateInstanceAssociationStatus',
        'ssm:UpdateInstanceInformation',
      ]),
      allow([
        'ssmmessages:CreateControlChannel',
        'ssmmessages:CreateDataChannel',
        'ssmmessages:OpenControlChannel',
        'ssmmessages:OpenDataChannel',
      ]),
      allow([
        'ec2messages:AcknowledgeMessage',
        'ec2messages:DeleteMessage',
        'ec2messages:FailMessage',
        'ec2messages:GetEndpoint',
        'ec2messages:GetMessages',
        'ec2messages:SendReply',
      ]),
    ],
  },
];
