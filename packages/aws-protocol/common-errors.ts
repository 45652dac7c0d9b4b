import { AwsError } from './aws-error.ts';
import type { CommonError } from './protocol.ts';

export type CommonErrorTable = Readonly<Record<CommonError, readonly [code: string, status: number, message: string]>>;

const wrongSignature =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
  'and signing method. Consult the service documentation for details.';
const unknownKey = 'The security token included in the request is invalid.';
const expiredToken = 'The security token included in the request is expired';
const failure = 'An internal error occurred.';
const tooLarge = 'The request is larger than the service accepts.';

/** awsQuery: IAM, STS, CloudFormation and the like (their pages of common errors). */
export const queryErrors: CommonErrorTable = {
  missingAuthentication: ['MissingAuthenticationToken', 403, 'Request is missing Authentication Token'],
  incompleteSignature: ['IncompleteSignature', 400, 'The request signature does not conform to AWS standards.'],
  unknownKey: ['InvalidClientTokenId', 403, unknownKey],
  wrongSignature: ['SignatureDoesNotMatch', 403, wrongSignature],
  expiredRequest: ['SignatureDoesNotMatch', 403, 'Signature expired'],
  expiredToken: ['ExpiredToken', 403, expiredToken],
  invalidToken: ['InvalidClientTokenId', 403, unknownKey],
  accessDenied: ['AccessDenied', 403, 'Access denied'],
  unsupported: ['UnsupportedOperation', 400, 'The operation is not supported.'],
  internal: ['InternalFailure', 500, failure],
  tooLarge: ['RequestEntityTooLarge', 413, tooLarge],
};

const notValidated = 'AWS was not able to validate the provided access credentials';

/** ec2Query: "Error codes for the Amazon EC2 API". */
export const ec2Errors: CommonErrorTable = {
  missingAuthentication: ['MissingAuthenticationToken', 403, 'Request is missing Authentication Token'],
  incompleteSignature: ['IncompleteSignature', 400, 'The request signature does not conform to AWS standards.'],
  unknownKey: ['AuthFailure', 401, notValidated],
  wrongSignature: ['AuthFailure', 401, notValidated],
  expiredRequest: ['RequestExpired', 400, 'Request has expired.'],
  expiredToken: ['RequestExpired', 400, 'Request has expired.'],
  invalidToken: ['AuthFailure', 401, notValidated],
  accessDenied: ['UnauthorizedOperation', 403, 'You are not authorized to perform this operation.'],
  unsupported: ['UnsupportedOperation', 400, 'The operation is not supported.'],
  internal: ['InternalError', 500, failure],
  tooLarge: ['RequestEntityTooLarge', 413, tooLarge],
};

function jsonErrors(status: number): CommonErrorTable {
  return {
    missingAuthentication: ['MissingAuthenticationTokenException', status, 'Missing Authentication Token'],
    incompleteSignature: [
      'IncompleteSignatureException',
      status,
      'The request signature does not conform to AWS standards.',
    ],
    unknownKey: ['UnrecognizedClientException', status, unknownKey],
    wrongSignature: ['InvalidSignatureException', status, wrongSignature],
    expiredRequest: ['InvalidSignatureException', status, 'Signature expired'],
    expiredToken: ['ExpiredTokenException', status, expiredToken],
    invalidToken: ['UnrecognizedClientException', status, unknownKey],
    accessDenied: ['AccessDeniedException', status, 'Access denied'],
    unsupported: ['UnsupportedOperationException', 400, 'The operation is not supported.'],
    internal: ['InternalFailure', 500, failure],
    tooLarge: ['RequestEntityTooLargeException', 413, tooLarge],
  };
}

/** awsJson1_0 and awsJson1_1 answer with 400 where restJson1 has 403. */
export const awsJsonErrors: CommonErrorTable = jsonErrors(400);
export const restJsonErrors: CommonErrorTable = jsonErrors(403);

export function makeCommonError(table: CommonErrorTable, error: CommonError, message: string | undefined): AwsError {
  const [code, status, text] = table[error];
  // EC2 gives one text for every doubt about the signature.
  const fixed = code === 'AuthFailure' || code === 'RequestExpired';
  return new AwsError(code, fixed ? text : (message ?? text), {}, status);
}
