import { PolicyError, type PolicyKind, parsePolicy } from '../policy/document.ts';
import { limitExceeded, malformedPolicy } from './errors.ts';

/** Characters without white space, which IAM does not count. */
export function policySize(document: string): number {
  return document.replace(/\s/g, '').length;
}

/** @throws AwsError MalformedPolicyDocument with IAM's reason when the document is no policy of this kind. */
export function checkPolicy(document: string, kind: PolicyKind): void {
  try {
    parsePolicy(document, kind);
  } catch (thrown) {
    if (thrown instanceof PolicyError) throw malformedPolicy(thrown.message);
    throw thrown;
  }
}

const longestTrustPolicy = 2048;
const longestManagedPolicy = 6144;

export function checkTrustPolicy(document: string): void {
  checkPolicy(document, 'trust');
  if (policySize(document) > longestTrustPolicy)
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${longestTrustPolicy}`);
}

export function checkManagedPolicy(document: string): void {
  checkPolicy(document, 'identity');
  if (policySize(document) > longestManagedPolicy)
    throw limitExceeded(`Cannot exceed quota for PolicySize: ${longestManagedPolicy}`);
}
