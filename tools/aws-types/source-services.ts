/** Where one service's facts are read from. */
export interface SourceService {
  /** The name of the table, which is also the name in a SigV4 credential scope. */
  readonly name: string;
  /** The package @aws-sdk/client-<client>. */
  readonly client: string;
  /** The folder in botocore's data. */
  readonly botocore: string;
}

export const sourceServices: readonly SourceService[] = [
  { name: 'autoscaling', client: 'auto-scaling', botocore: 'autoscaling' },
  { name: 'cloudformation', client: 'cloudformation', botocore: 'cloudformation' },
  { name: 'ec2', client: 'ec2', botocore: 'ec2' },
  { name: 'ecr', client: 'ecr', botocore: 'ecr' },
  { name: 'eks', client: 'eks', botocore: 'eks' },
  { name: 'elasticloadbalancing', client: 'elastic-load-balancing-v2', botocore: 'elbv2' },
  { name: 'iam', client: 'iam', botocore: 'iam' },
  { name: 'sts', client: 'sts', botocore: 'sts' },
];
