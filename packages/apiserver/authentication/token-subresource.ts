import type { AdmissionPlugin } from '../admission/contract.ts';
import { jsonResponse } from '../request/respond.ts';
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
      const { info, user, warnings } = context;
      const write = writeOptions(info.query, 'CreateOptions');
      const object = verbs.bodyReader(context, resource.subresources['token']!, write)();
      const { namespace, name } = info;
      const kind = resource.subresources['token']!;
      const { dryRun } = write;
      const request = { namespace, name, resource, subresource: 'token', kind, object, user, dryRun, warnings };
      await admission.mutate({ operation: 'CREATE', ...request });
      await admission.validate({ operation: 'CREATE', ...request });
      return jsonResponse(201, requestToken(options, namespace, name, object));
    },
  };
}
