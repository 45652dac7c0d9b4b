import { AwsError } from '@keelson/aws-protocol';

/** EKS' errors, worded as EKS words them. Each carries the members that its shape has for what it is about. */
interface About {
  readonly clusterName?: string;
  readonly nodegroupName?: string;
  readonly addonName?: string;
}

export function invalidParameter(message: string, about: About = {}): AwsError {
  return new AwsError('InvalidParameterException', message, { ...about });
}

export function invalidRequest(message: string, about: About = {}): AwsError {
  return new AwsError('InvalidRequestException', message, { ...about });
}

export function inUse(message: string, about: About = {}): AwsError {
  return new AwsError('ResourceInUseException', message, { ...about });
}

export function notFound(message: string, about: About = {}): AwsError {
  return new AwsError('ResourceNotFoundException', message, { ...about });
}

export function limitExceeded(message: string, about: About = {}): AwsError {
  return new AwsError('ResourceLimitExceededException', message, { ...about });
}

export function noCluster(name: string): AwsError {
  return notFound(`No cluster found for name: ${name}.`, { clusterName: name });
}

export function noNodegroup(clusterName: string, nodegroupName: string): AwsError {
  return notFound(`No node group found for name: ${nodegroupName}.`, { clusterName, nodegroupName });
}
