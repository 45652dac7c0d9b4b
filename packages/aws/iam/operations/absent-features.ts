import type { OperationHandler } from '../../service.ts';
import type { IamOptions } from '../index.ts';
import { noSuchEntity, noSuchUser } from './errors.ts';

/**
 * What no identity of this region can have, because nothing creates it: groups, passwords, MFA, certificates, keys of
 * other kinds, federation. To ask for them is answered truthfully (there are none); Terraform and eksctl do ask.
 */
export function absentFeatureOperations({ store }: IamOptions): Record<string, OperationHandler> {
  const none =
    (member: string, ofUser = false): OperationHandler =>
    async (input: { UserName?: string }) => {
      if (ofUser && input.UserName !== undefined && (await store.users.find(input.UserName)) === undefined)
        throw noSuchUser(input.UserName);
      return { [member]: [], IsTruncated: false };
    };
  const noLoginProfile: OperationHandler = async (input: { UserName?: string }, { principal }) => {
    throw noSuchEntity(`Login Profile for User ${input.UserName ?? principal.name} cannot be found.`);
  };
  const noProvider: OperationHandler = async (input: { OpenIDConnectProviderArn: string }) => {
    throw noSuchEntity(`OpenIDConnect Provider not found for arn ${input.OpenIDConnectProviderArn}`);
  };
  return {
    ListGroups: none('Groups'),
    ListGroupsForUser: none('Groups', true),
    ListMFADevices: none('MFADevices', true),
    ListVirtualMFADevices: none('VirtualMFADevices'),
    ListOpenIDConnectProviders: none('OpenIDConnectProviderList'),
    ListSAMLProviders: none('SAMLProviderList'),
    ListServerCertificates: none('ServerCertificateMetadataList'),
    ListServiceSpecificCredentials: none('ServiceSpecificCredentials', true),
    ListSigningCertificates: none('Certificates', true),
    ListSSHPublicKeys: none('SSHPublicKeys', true),
    GetLoginProfile: noLoginProfile,
    DeleteLoginProfile: noLoginProfile,
    GetOpenIDConnectProvider: noProvider,
    DeleteOpenIDConnectProvider: noProvider,
  };
}
