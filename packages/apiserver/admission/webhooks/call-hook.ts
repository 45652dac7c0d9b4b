import { newUid, type World } from '@keelson/base';
import type { ApiObject } from '@keelson/model';
import type { Authorizer } from '../../authorization/contract.ts';
import { WebhookCallError, type WebhookCaller } from '../../webhook/contract.ts';
import { AdmissionError, type AdmissionRequest } from '../contract.ts';
import type { RequestMatch } from '../matching/index.ts';
import { admissionReview, type ReviewAnswer, readAnswer, reviewVersion } from './admission-review.ts';
import type { Hook } from './hook.ts';

/** A webhook that could not be asked, or gave no answer that counts. The failure policy decides what that means. */
export class HookFailure extends Error {
  override readonly name = 'HookFailure';
}

export interface HookTools {
  readonly world: World;
  /** The server's whole chain, for match conditions. */
  readonly authorizer: Authorizer;
  readonly webhooks: WebhookCaller;
}

/**
 * Asks one webhook. Its warnings and audit annotations are passed on.
 * @throws HookFailure, and AdmissionError when it refuses or must not be asked in a dry run
 */
export async function callHook(
  tools: HookTools,
  hook: Hook,
  mutating: boolean,
  request: AdmissionRequest,
  match: RequestMatch,
  objects: { readonly object: Readonly<ApiObject> | undefined; readonly previous: Readonly<ApiObject> | undefined },
): Promise<ReviewAnswer> {
  if (request.dryRun && hook.sideEffects !== 'None' && hook.sideEffects !== 'NoneOnDryRun')
    throw new AdmissionError(`admission webhook "${hook.name}" does not support dry run`, 400, 'BadRequest');
  const version = reviewVersion(hook.reviewVersions);
  if (version === undefined)
    throw failure(
      hook,
      'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)',
    );
  const uid = newUid(tools.world.random);
  const body = JSON.stringify(admissionReview(version, uid, request, match, objects));
  // Who is asked may want to write the very object, and may take its time.
  request.leaveTurn?.();
  let said: unknown;
  try {
    said = await tools.webhooks.call(hook.target, { body, timeout: hook.timeout });
  } catch (error) {
    if (!(error instanceof WebhookCallError)) throw error;
    throw failure(hook, `failed to call webhook: ${error.message}`);
  }
  let answer: ReviewAnswer;
  try {
    answer = readAnswer(version, uid, mutating, said);
  } catch (error) {
    throw failure(hook, `received invalid webhook response: ${(error as Error).message}`);
  }
  for (const [key, value] of Object.entries(answer.annotations)) request.annotate?.(`${hook.name}/${key}`, value);
  request.warnings.push(...answer.warnings);
  if (!answer.allowed) throw denial(hook, answer);
  return answer;
}

export function failure(hook: Hook, why: string): HookFailure {
  return new HookFailure(`failed calling webhook ${JSON.stringify(hook.name)}: ${why}`);
}

/** 500 with the failure's text, for webhooks without which nothing may pass. */
export function failedClosed(error: Error): AdmissionError {
  const details = { causes: [{ message: error.message }] };
  return new AdmissionError(`Internal error occurred: ${error.message}`, 500, 'InternalError', details);
}

function denial(hook: Hook, { result }: ReviewAnswer): AdmissionError {
  const denied = `admission webhook ${JSON.stringify(hook.name)} denied the request`;
  const why = result?.message || result?.reason;
  const code = Math.max(result?.code ?? 0, 400);
  return new AdmissionError(
    why ? `${denied}: ${why}` : `${denied} without explanation`,
    code,
    result?.reason ?? '',
    result?.details,
  );
}
