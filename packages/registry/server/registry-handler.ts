import { type HttpResponse, messageOf } from '@keelson/base';
import { RegistryError } from '../errors/registry-error.ts';
import type { Access, Authorize, RegistryHandler, RegistryRequest } from './access.ts';
import { blobRoute } from './blob-routes.ts';
import { catalogRoute, referrersRoute, tagsRoute } from './listing-routes.ts';
import { loadRoute } from './load-route.ts';
import { manifestRoute } from './manifest-routes.ts';
import type { Call, RegistryContext } from './registry-context.ts';
import { replyError, replyJson, withoutBody } from './replies.ts';
import { parseRoute, type Route } from './route.ts';
import { uploadRoute, uploadsRoute } from './upload-routes.ts';

const targetLimit = 8192;

function accessOf(route: Route, method: string): Access {
  const repository = 'repository' in route ? route.repository : '';
  if (route.kind === 'catalog') return { action: 'catalog', repository };
  if (route.kind === 'load') return { action: 'load', repository };
  if (method === 'DELETE' && route.kind !== 'upload') return { action: 'delete', repository };
  const reads = (method === 'GET' || method === 'HEAD') && route.kind !== 'upload';
  return { action: reads ? 'pull' : 'push', repository };
}

async function permit(authorize: Authorize, access: Access, request: RegistryRequest): Promise<void> {
  const decision = await authorize(access, request);
  if (decision.allow) return;
  const detail = { action: access.action, name: access.repository };
  if (decision.challenge === undefined) throw new RegistryError('DENIED', { detail });
  throw new RegistryError('UNAUTHORIZED', { detail, headers: { 'www-authenticate': decision.challenge } });
}

function requireRead({ method }: Call): void {
  if (method !== 'GET' && method !== 'HEAD')
    throw new RegistryError('UNSUPPORTED', { headers: { allow: 'GET, HEAD' } });
}

async function dispatch(call: Call, route: Route): Promise<HttpResponse> {
  switch (route.kind) {
    case 'version':
      requireRead(call);
      return replyJson(200, {});
    case 'catalog':
      requireRead(call);
      return catalogRoute(call);
    case 'tags':
      requireRead(call);
      return tagsRoute(call, route.repository);
    case 'referrers':
      requireRead(call);
      return referrersRoute(call, route.repository, route.item);
    case 'manifest':
      return manifestRoute(call, route.repository, route.item);
    case 'blob':
      return blobRoute(call, route.repository, route.item);
    case 'uploads':
      return uploadsRoute(call, route.repository);
    case 'upload':
      return uploadRoute(call, route.repository, route.item);
    case 'load':
      return loadRoute(call);
  }
}

/** The registry's answers to every request: routes of the distribution specification over the given store. */
export function registryHandler(context: RegistryContext, authorize: Authorize): RegistryHandler {
  const answer = async (request: RegistryRequest): Promise<HttpResponse> => {
    if (request.target.length > targetLimit) throw new RegistryError('NAME_INVALID', { status: 414 });
    const mark = request.target.indexOf('?');
    const path = mark === -1 ? request.target : request.target.slice(0, mark);
    const query = new URLSearchParams(mark === -1 ? '' : request.target.slice(mark + 1));
    const route = parseRoute(path, query);
    if (!route) throw new RegistryError('UNSUPPORTED', { status: 404, message: 'page not found' });
    if (route.kind !== 'version') await permit(authorize, accessOf(route, request.method), request);
    return dispatch({ request, method: request.method, query, context }, route);
  };
  return async (request) => {
    let response: HttpResponse;
    try {
      response = await answer(request);
    } catch (error) {
      if (error instanceof RegistryError) response = replyError(error);
      else {
        context.store.world.log.error('a registry request failed', {
          method: request.method,
          target: request.target,
          error,
        });
        response = replyError(new RegistryError('UNKNOWN', { detail: { reason: messageOf(error) } }));
      }
    }
    return request.method === 'HEAD' ? withoutBody(response) : response;
  };
}
