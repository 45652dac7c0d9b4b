import type { OperationHandler } from '../../service.ts';
import type { IamOptions } from '../index.ts';
import { alreadyExists, noSuchEntity } from './errors.ts';

/** The account: its alias, and what is in it. */
export function accountOperations({ store, account }: IamOptions): Record<string, OperationHandler> {
  return {
    async ListAccountAliases() {
      const alias = (await store.accounts.find(account))?.spec.alias;
      return { AccountAliases: alias === undefined ? [] : [alias], IsTruncated: false };
    },
    async CreateAccountAlias({ AccountAlias }: { AccountAlias: string }) {
      const set = await store.accounts.change(account, ({ spec }) => {
        if (spec.alias !== undefined && spec.alias !== AccountAlias)
          throw alreadyExists(`The account alias ${spec.alias} already exists.`);
        spec.alias = AccountAlias;
      });
      if (set === undefined)
        await store.accounts.resource.create({
          apiVersion: 'iam.keelson.dev/v1',
          kind: 'Account',
          metadata: { name: account },
          spec: { accountId: account, alias: AccountAlias },
        });
      return {};
    },
    async DeleteAccountAlias({ AccountAlias }: { AccountAlias: string }) {
      const missing = () => noSuchEntity(`The account alias ${AccountAlias} cannot be found.`);
      const removed = await store.accounts.change(account, ({ spec }) => {
        if (spec.alias !== AccountAlias) throw missing();
        delete spec.alias;
      });
      if (removed === undefined) throw missing();
      return {};
    },
    async GetAccountSummary() {
      const [users, roles, policies, profiles] = await Promise.all([
        store.users.list(),
        store.roles.list(),
        store.policies.list(),
        store.instanceProfiles.list(),
      ]);
      return {
        SummaryMap: {
          Users: users.filter(({ spec }) => spec.root !== true).length,
          Roles: roles.length,
          Policies: policies.length,
          InstanceProfiles: profiles.length,
          Groups: 0,
          MFADevices: 0,
          Providers: 0,
          ServerCertificates: 0,
          AccessKeysPerUserQuota: 2,
          AttachedPoliciesPerRoleQuota: 10,
          AttachedPoliciesPerUserQuota: 10,
          PolicySizeQuota: 6144,
          VersionsPerPolicyQuota: 5,
        },
      };
    },
  };
}
