import { AwsError } from '@keelson/aws-protocol';

/** IAM's errors, worded as IAM words them. */
export function noSuchEntity(message: string): AwsError {
  return new AwsError('NoSuchEntity', message, {}, 404);
}

export function noSuchUser(name: string): AwsError {
  return noSuchEntity(`The user with name ${name} cannot be found.`);
}

export function noSuchRole(name: string): AwsError {
  return noSuchEntity(`The role with name ${name} cannot be found.`);
}

export function noSuchInstanceProfile(name: string): AwsError {
  return noSuchEntity(`Instance Profile ${name} cannot be found.`);
}

export function noSuchPolicy(arn: string): AwsError {
  return noSuchEntity(`Policy ${arn} was not found.`);
}

export function alreadyExists(message: string): AwsError {
  return new AwsError('EntityAlreadyExists', message, {}, 409);
}

export function deleteConflict(message: string): AwsError {
  return new AwsError('DeleteConflict', message, {}, 409);
}

export function limitExceeded(message: string): AwsError {
  return new AwsError('LimitExceeded', message, {}, 409);
}

export function invalidInput(message: string): AwsError {
  return new AwsError('InvalidInput', message, {}, 400);
}

export function malformedPolicy(message: string): AwsError {
  return new AwsError('MalformedPolicyDocument', message, {}, 400);
}

export function validationError(message: string): AwsError {
  return new AwsError('ValidationError', message, {}, 400);
}

export function protectedRole(name: string): AwsError {
  return new AwsError(
    'UnmodifiableEntity',
    `Cannot perform the operation on the protected role '${name}' - this role is only modifiable by AWS`,
    {},
    400,
  );
}
