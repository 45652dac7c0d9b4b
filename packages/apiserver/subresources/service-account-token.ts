import type { ApiObject } from '@keelson/model';
import { negotiateOutput } from '../request/media-type.ts';
import { writeOptions } from '../request/write-options.ts';
import { Rendering } from '../resources/rendering.ts';
import { statusError } from '../resources/resource-routes.ts';
import type { ReviewAnswer, SubresourceHandler } from './subresource-handler.ts';

/** Signs tokens for service accounts (`requestToken` of authentication/, with its options bound). */
export type TokenIssuer = (namespace: string, name: string, request: Readonly<ApiObject>) => ReviewAnswer;

/** POST …/serviceaccounts/{name}/token (authentication.k8s.io/v1 TokenRequest). */
export function serviceAccountToken(issue: TokenIssuer): SubresourceHandler {
  return {
    group: '',
    resource: 'serviceaccounts',
    subresource: 'token',
    async handle(context, resource, verbs) {
      const { info, request } = context;
      const known = resource.subresources['token']!;
      const options = writeOptions(info.query, 'CreateOptions');
      const wish = verbs.bodyReader(context, known, options)();
      const write = verbs.writeContext(context, resource, options);
      const admission = {
        operation: 'CREATE' as const,
        resource,
        subresource: 'token',
        namespace: info.namespace,
        name: info.name,
        object: wish,
        user: write.user,
        dryRun: options.dryRun,
      };
      await verbs.writer.admission.mutate(admission);
      await verbs.writer.admission.validate(admission);
      const answer = issue(info.namespace, info.name, wish);
      if ('status' in answer) throw statusError(answer.status);
      const form = negotiateOutput(request.headers['accept'], false);
      return new Rendering(resource, form, info.query, () => 0).value(201, answer.object);
    },
  };
}
