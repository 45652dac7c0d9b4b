import type { AdmissionPlugin } from '../admission/contract.ts';
import { negotiatePlain } from '../request/media-type.ts';
import { valueResponse } from '../request/respond.ts';
import { writeOptions } from '../request/write-options.ts';
import { AdmissionChain } from '../resources/admission-chain.ts';
import type { SubresourceHandler } from '../subresources/subresource-handler.ts';
import { requestToken, type TokenRequestOptions } from './token-request.ts';

/**
 * POST …/serviceaccounts/{name}/token. Admission sees it as any other write: NodeRestriction holds nodes to the tokens of
 * their own pods.
 */
export function tokenSubresource(
  options: TokenRequestOptions & { readonly admission: readonly AdmissionPlugin[] },
): SubresourceHandler {
  const admission = new AdmissionChain(options.admission);
  return {
    group: '',
    resource: 'serviceaccounts',
    subresource: 'token',
    async handle(context, resource, verbs) {
      const { info, request: sent, user, warnings } = context;
      const form = negotiatePlain(sent.headers, info.query);
      const write = writeOptions(info.query, 'CreateOptions');
      const kind = resource.subresources['token']!;
      const object = verbs.bodyReader(context, kind, write)();
      const { namespace, name } = info;
      const { dryRun } = write;
      const request = { namespace, name, resource, subresource: 'token', kind, object, user, dryRun, warnings };
      await admission.mutate({ operation: 'CREATE', ...request });
      await admission.validate({ operation: 'CREATE', ...request });
      return valueResponse(201, form, kind.type, requestToken(options, namespace, name, object));
    },
  };
}
