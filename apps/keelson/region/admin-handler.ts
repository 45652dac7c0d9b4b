import { type HttpHandler, type HttpRequest, type HttpResponse, messageOf } from '@keelson/base';
import { jsonAnswer } from '../process/json-exchange.ts';
import type { Region } from './region.ts';
import { clusterUserPrefix } from './region-api.ts';

/** What commands ask of a running region over its socket, which only its owner can open. */
export interface AdminActions {
  status(): Promise<unknown>;
  /** Begins to end; resolves when everything has been told to. */
  shutDown(): Promise<void>;
  /** Puts an archive's images where nodes find them. */
  loadImages(file: string, as: string | undefined): Promise<unknown>;
}

/**
 * The region's socket: commands of its owner, control planes that ask who somebody is, and the region's own API for both.
 * A control plane shows its token and is held to what clusters may do.
 */
export function adminHandler(region: Region, actions: AdminActions): HttpHandler {
  return async (request) => {
    try {
      return await answer(region, actions, request);
    } catch (error) {
      return jsonAnswer(500, { message: messageOf(error) });
    }
  };
}

async function answer(region: Region, actions: AdminActions, request: HttpRequest): Promise<HttpResponse> {
  const { method, target } = request;
  const identify = /^\/clusters\/([^/]+)\/identify$/.exec(target);
  if (method === 'POST' && identify) return identifyFor(region, identify[1]!, request);
  // Whoever shows a token is a control plane, and not the region's owner.
  if (request.headers['authorization'] !== undefined) return region.api.handler(request);
  if (method === 'GET' && target === '/status') return jsonAnswer(200, await actions.status());
  if (method === 'GET' && target === '/credentials') return jsonAnswer(200, region.administrator);
  if (method === 'POST' && target === '/shutdown') {
    await actions.shutDown();
    return jsonAnswer(200, {});
  }
  if (method === 'POST' && target === '/images') {
    const { file, as } = JSON.parse(Buffer.from(request.body).toString('utf8')) as { file: string; as?: string };
    return jsonAnswer(200, await actions.loadImages(file, as));
  }
  const peer = { address: '', certificates: [], inProcess: { name: 'keelson:owner', groups: ['system:masters'] } };
  return region.api.handler({ ...request, peer });
}

/** Only the cluster itself may ask who shows it a token. */
async function identifyFor(region: Region, clusterName: string, request: HttpRequest): Promise<HttpResponse> {
  const whoami = await region.api.handler({
    ...request,
    method: 'GET',
    target: '/apis/ec2.keelson.dev/v1/vpcs?limit=1',
    body: new Uint8Array(0),
  });
  const shown = request.headers['authorization'] ?? '';
  if (whoami.status !== 200 || !shown.startsWith(`Bearer ${clusterName}.`)) {
    return jsonAnswer(403, { message: `${clusterUserPrefix}${clusterName} is expected` });
  }
  const { token } = JSON.parse(Buffer.from(request.body).toString('utf8')) as { token: string };
  return jsonAnswer(200, await region.identify(clusterName, String(token)));
}
