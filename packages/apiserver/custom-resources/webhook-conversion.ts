import { newUid, type World } from '@keelson/base';
import type { ApiObject, Conversion } from '@keelson/model';
import type { CustomResourceDefinition, WebhookClientConfig } from '@keelson/model/generated/types/apiextensions-v1.ts';
import { WebhookCallError, type WebhookCaller, type WebhookTarget } from '../webhook/contract.ts';

/** Milliseconds for one call. */
const timeout = 30_000;
/** Bytes of objects that are sent at a time, unless one alone is larger, and bytes of an answer. */
const batchBytes = 4 << 20;
const answerLimit = 32 << 20;

/** What reaches the webhook of a definition, and how it wants to be asked. */
interface Hook {
  readonly caller: WebhookCaller | undefined;
  readonly target: WebhookTarget;
  /** The first of its versions that is known: v1 or v1beta1. */
  readonly reviewVersion: string;
  readonly world: World;
}

/**
 * The conversion of a definition whose strategy is Webhook (apiextensions.k8s.io/v1 ConversionReview); undefined when it
 * is None. What it rejects with is worded as by kube-apiserver.
 * @param caller absent where nobody can be called
 */
export function webhookConversion(
  definition: Readonly<CustomResourceDefinition>,
  caller: WebhookCaller | undefined,
  world: World,
): Conversion | undefined {
  const { conversion } = definition.spec;
  if (conversion?.strategy !== 'Webhook' || conversion.webhook?.clientConfig === undefined) return undefined;
  const reviewVersion = conversion.webhook.conversionReviewVersions.find((version) => /^v1(beta1)?$/.test(version));
  const hook: Hook = {
    caller,
    target: targetOf(conversion.webhook.clientConfig),
    reviewVersion: reviewVersion ?? 'v1',
    world,
  };
  return async (objects, apiVersion) => {
    const converted: ApiObject[] = [];
    for (const batch of batches(objects)) converted.push(...(await convertBatch(hook, batch, apiVersion)));
    return converted;
  };
}

function targetOf({ url, service, caBundle }: WebhookClientConfig): WebhookTarget {
  const bundle = Buffer.from(caBundle ?? '', 'base64').toString('utf8');
  const authorities = bundle.trim() === '' ? {} : { authorities: bundle };
  return service === undefined ? { at: { url: url! }, ...authorities } : { at: { service }, ...authorities };
}

function* batches(objects: readonly ApiObject[]): Generator<readonly ApiObject[]> {
  let batch: ApiObject[] = [];
  let bytes = 0;
  for (const object of objects) {
    const size = JSON.stringify(object).length;
    if (batch.length > 0 && bytes + size > batchBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(object);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

async function convertBatch(hook: Hook, objects: readonly ApiObject[], apiVersion: string): Promise<ApiObject[]> {
  const [first] = objects;
  const subject = `conversion webhook for ${first!.apiVersion}, Kind=${first!.kind}`;
  const uid = newUid(hook.world.random);
  const review = {
    kind: 'ConversionReview',
    apiVersion: `apiextensions.k8s.io/${hook.reviewVersion}`,
    request: { uid, desiredAPIVersion: apiVersion, objects },
  };
  let answer: any;
  try {
    if (hook.caller === undefined) throw new WebhookCallError('unreachable', 'this server calls no webhooks');
    answer = await hook.caller.call(hook.target, { body: JSON.stringify(review), timeout, answerLimit });
  } catch (error) {
    if (!(error instanceof WebhookCallError)) throw error;
    throw new Error(`${subject} failed: ${error.message}`);
  }
  const problem = answerProblem(answer, hook.reviewVersion, uid);
  if (problem !== undefined) throw new Error(`${subject} failed: ${problem}`);
  const converted: unknown[] = answer.response.convertedObjects ?? [];
  if (converted.length !== objects.length)
    throw new Error(`${subject} returned ${converted.length} objects, expected ${objects.length}`);
  return objects.map((object, index) => restored(subject, object, converted[index], index, apiVersion));
}

/** What is wrong with an answer as a whole. */
function answerProblem(answer: any, version: string, uid: string): string | undefined {
  const expected = `apiextensions.k8s.io/${version}`;
  if (version === 'v1' && (answer?.apiVersion !== expected || answer.kind !== 'ConversionReview'))
    return `expected webhook response of ${expected}, Kind=ConversionReview, got ${answer?.apiVersion ?? ''}, Kind=${answer?.kind ?? ''}`;
  const response = answer?.response;
  if (typeof response !== 'object' || response === null) return 'no response provided';
  if (version === 'v1' && response.uid !== uid)
    return `expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`;
  const { status = '', message } = response.result ?? {};
  if (status !== 'Success') return message || `response.result.status was '${status}', not 'Success'`;
  if (response.convertedObjects !== undefined && !Array.isArray(response.convertedObjects))
    return 'response.convertedObjects is no list';
  return undefined;
}

/** A converted object with the metadata that it had: only labels and annotations are the webhook's to change. */
function restored(subject: string, original: ApiObject, value: any, index: number, apiVersion: string): ApiObject {
  const invalid = (why: string) => new Error(`${subject} returned invalid converted object at index ${index}: ${why}`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('it is no object');
  if (value.apiVersion !== apiVersion)
    throw invalid(`invalid groupVersion (expected ${apiVersion}, received ${value.apiVersion ?? ''})`);
  if (value.kind !== original.kind)
    throw invalid(`invalid kind (expected ${original.kind}, received ${value.kind ?? ''})`);
  const { metadata } = value;
  if (typeof metadata !== 'object' || metadata === null)
    throw new Error(
      `${subject} returned invalid metadata in object at index ${index}: missing metadata in converted object`,
    );
  for (const [field, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [before, after] = [original.metadata?.[field] ?? '', metadata[field] ?? ''];
    if (before !== after) throw invalid(`must have the same ${name}: ${before} != ${after}`);
  }
  const { labels: _, annotations: __, ...kept } = original.metadata ?? {};
  const { labels, annotations } = metadata;
  return { ...value, metadata: { ...kept, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) } };
}
