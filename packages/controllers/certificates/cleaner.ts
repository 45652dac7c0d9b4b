import { X509Certificate } from 'node:crypto';
import { isNotFound, kubernetesResources, type SharedCache } from '@keelson/client';
import type { Controller, ControllerContext } from '@keelson/controller-kit';
import type { CertificateSigningRequest } from '@keelson/model/generated/types/certificates-v1.ts';

const { certificateSigningRequests } = kubernetesResources;
const hour = 3_600_000;
/** How long requests stay: those that nobody decided about, and those that are done with. */
const pendingTime = 24 * hour;
const decidedTime = hour;

/** Removes requests that are done with, denied, failed, forgotten, or whose certificate has run out. */
export class CertificateCleanerController implements Controller {
  readonly name = 'csrcleaner';
  readonly workers = 1;
  #context!: ControllerContext;
  #requests!: SharedCache<CertificateSigningRequest>;

  start(context: ControllerContext): void {
    this.#context = context;
    this.#requests = context.caches.of(certificateSigningRequests);
    context.queue.add('all');
  }

  async reconcile(): Promise<number> {
    const { client, world } = this.#context;
    const now = world.clock.now();
    for (const csr of this.#requests.list()) {
      if (!isOver(csr, now)) continue;
      await client
        .resource(certificateSigningRequests)
        .delete(csr.metadata!.name!)
        .catch((thrown) => {
          if (!isNotFound(thrown)) throw thrown;
        });
    }
    return hour;
  }
}

/** Whether a request is of no use to anybody any more. `now` is in milliseconds since 1970. */
export function isOver({ metadata, status }: CertificateSigningRequest, now: number): boolean {
  const conditions = status?.conditions ?? [];
  const issued = Boolean(status?.certificate);
  if (conditions.length === 0) return isOlder(metadata?.creationTimestamp, pendingTime, now);
  if (issued && isExpired(String(status!.certificate), now)) return true;
  return conditions.some(({ type, status: value, lastUpdateTime }) => {
    if (value !== 'True') return false;
    const done = type === 'Denied' || type === 'Failed' || (type === 'Approved' && issued);
    return done && isOlder(lastUpdateTime ?? undefined, decidedTime, now);
  });
}

function isOlder(time: string | undefined, age: number, now: number): boolean {
  return time !== undefined && now - Date.parse(time) > age;
}

function isExpired(encoded: string, now: number): boolean {
  try {
    return Date.parse(new X509Certificate(Buffer.from(encoded, 'base64')).validTo) < now;
  } catch {
    return false;
  }
}
