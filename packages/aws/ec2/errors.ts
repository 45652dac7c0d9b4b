import { AwsError } from '@keelson/aws-protocol';

/** EC2's errors ("Error codes for the Amazon EC2 API"). */

/** `InvalidVpcID.NotFound`: The vpc ID 'vpc-…' does not exist. */
export function idNotFound(code: string, kind: string, id: string): AwsError {
  return new AwsError(code, `The ${kind} '${id}' does not exist`);
}

export function invalidValue(parameter: string, value: unknown, detail = ''): AwsError {
  return new AwsError(
    'InvalidParameterValue',
    `Value (${String(value)}) for parameter ${parameter} is invalid. ${detail}`.trim(),
  );
}

export function missingParameter(parameter: string): AwsError {
  return new AwsError('MissingParameter', `The request must contain the parameter ${parameter}`);
}

export function dependencyViolation(kind: string, id: string): AwsError {
  return new AwsError('DependencyViolation', `The ${kind} '${id}' has dependencies and cannot be deleted.`);
}
