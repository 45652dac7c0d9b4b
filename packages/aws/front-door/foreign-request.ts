import { AwsError, loadTable, protocolOf } from '@keelson/aws-protocol';
import type { HttpRequest, HttpResponse } from '@keelson/base';

/**
 * The answer to a request for a service that Keelson does not have, in the form that its client most likely reads: JSON
 * for a JSON body, a target or a path of its own, else XML.
 */
export async function answerForeign(request: HttpRequest, error: AwsError, requestId: string): Promise<HttpResponse> {
  const contentType = request.headers['content-type'] ?? '';
  if (request.headers['x-amz-target'] !== undefined || contentType.startsWith('application/x-amz-json')) {
    const table = await loadTable('ecr');
    return protocolOf(table).encodeError(table, error, requestId);
  }
  const json = contentType.startsWith('application/json') || !/^\/(\?|$)/.test(request.target);
  const table = await loadTable(json ? 'eks' : 'sts');
  return protocolOf(table).encodeError(table, error, requestId);
}

/** No service of that name. */
export function unknownService(name: string, action: string | undefined): AwsError {
  const call = action === undefined ? '' : ` (${action})`;
  return new AwsError('UnknownService', `The service '${name}'${call} is not available in this region.`, {}, 404);
}
