import { createHash } from 'node:crypto';

/** The object that stands for something of a cluster: `CLUSTER.NAME`. */
export function memberName(clusterName: string, name: string): string {
  return `${clusterName}.${name}`;
}

/** The object of a principal's access entry. ARNs hold slashes, so the name holds a hash; the ARN is in the spec. */
export function accessEntryName(clusterName: string, principalArn: string): string {
  return memberName(clusterName, createHash('sha256').update(principalArn).digest('hex').slice(0, 32));
}

/** An AWS id that is the same each time for the same owner and purpose: what a repeated attempt finds again. */
export function derivedId(prefix: string, ...seed: readonly string[]): string {
  return `${prefix}-0${createHash('sha256').update(seed.join('/')).digest('hex').slice(0, 16)}`;
}

/** 32 hexadecimal digits: the id that EKS puts into a cluster's issuer and endpoint. */
export function clusterUniqueId(clusterUid: string): string {
  return createHash('sha256').update(clusterUid).digest('hex').slice(0, 32).toUpperCase();
}

export function clusterArn(region: string, account: string, name: string): string {
  return `arn:aws:eks:${region}:${account}:cluster/${name}`;
}

export function nodegroupArn(region: string, account: string, clusterName: string, name: string, uid: string): string {
  return `arn:aws:eks:${region}:${account}:nodegroup/${clusterName}/${name}/${uid}`;
}

/** `arn:aws:eks:…:access-entry/CLUSTER/role/ACCOUNT/NAME/UID`. */
export function accessEntryArn(
  region: string,
  account: string,
  clusterName: string,
  principalArn: string,
  uid: string,
): string {
  const [, , , , principalAccount = '', resource = ''] = principalArn.split(':');
  const [type = '', ...path] = resource.split('/');
  return `arn:aws:eks:${region}:${account}:access-entry/${clusterName}/${type}/${principalAccount}/${path.at(-1)}/${uid}`;
}

/** The name in a role's ARN, which may have a path before it; undefined when it is no role of IAM. */
export function roleNameOf(arn: string): string | undefined {
  return /^arn:aws:iam::\d{12}:role\/(?:[\w+=,.@/-]*\/)?([\w+=,.@-]{1,64})$/.exec(arn)?.[1];
}
