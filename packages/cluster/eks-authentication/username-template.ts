import type { EksIdentity } from './identity.ts';

/**
 * Fills in `{{AccountID}}`, `{{SessionName}}` (with `@` as `-`), `{{SessionNameRaw}}`, `{{AccessKeyID}}` and
 * `{{EC2PrivateDNSName}}`, as aws-iam-authenticator does in user names and groups. Undefined when a name that is asked
 * for is not known of this identity: such a mapping does not apply.
 */
export function fillTemplate(template: string, identity: EksIdentity): string | undefined {
  const values: Record<string, string | undefined> = {
    AccountID: identity.accountId,
    SessionName: identity.sessionName.replaceAll('@', '-'),
    SessionNameRaw: identity.sessionName,
    AccessKeyID: identity.accessKeyId,
    EC2PrivateDNSName: identity.privateDnsName,
  };
  let known = true;
  const text = template.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => {
    if (!Object.hasOwn(values, name)) return whole;
    const value = values[name];
    if (value === undefined || value === '') known = false;
    return value ?? '';
  });
  return known ? text : undefined;
}
