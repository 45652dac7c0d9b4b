import type { ApiObject, Status } from '@keelson/model';
import type { AdmissionRequest } from '../contract.ts';
import { kindOf, type RequestMatch } from '../matching/index.ts';

/** What a webhook answered (admission.k8s.io AdmissionResponse), checked. */
export interface ReviewAnswer {
  readonly allowed: boolean;
  readonly result: Status | undefined;
  /** The patch's JSON text; undefined without one. */
  readonly patch: string | undefined;
  readonly patchType: string;
  readonly warnings: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
}

const known = ['v1', 'v1beta1'];
/** Warnings of one answer that are passed on; more than this no client is sent. */
const warningLimit = 1000;

/** The version of AdmissionReview to speak: the webhook's first that is known. */
export function reviewVersion(versions: readonly string[]): string | undefined {
  return versions.find((version) => known.includes(version));
}

/** The AdmissionReview that a webhook is sent. `object` and `previous` are in the version of `match`. */
export function admissionReview(
  version: string,
  uid: string,
  request: AdmissionRequest,
  match: RequestMatch,
  objects: { readonly object: Readonly<ApiObject> | undefined; readonly previous: Readonly<ApiObject> | undefined },
): object {
  const { resource, subresource, user } = request;
  const ofNamespaces = resource.group === '' && resource.resource === 'namespaces';
  const name = request.name || (ofNamespaces ? (request.object?.metadata?.name ?? '') : '');
  const namespace = ofNamespaces ? name : request.namespace;
  const sub = subresource === '' ? {} : { subResource: subresource };
  const requestSub = subresource === '' ? {} : { requestSubResource: subresource };
  return {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid,
      kind: match.kind,
      resource: resourceOf(match.resource),
      ...sub,
      requestKind: kindOf(request),
      requestResource: resourceOf(resource),
      ...requestSub,
      ...(name === '' ? {} : { name }),
      ...(namespace === '' ? {} : { namespace }),
      operation: request.operation,
      userInfo: {
        username: user.name,
        ...(user.uid ? { uid: user.uid } : {}),
        ...(user.groups.length > 0 ? { groups: user.groups } : {}),
        ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
      },
      object: objects.object ?? null,
      oldObject: objects.previous ?? null,
      dryRun: request.dryRun,
      options: request.options ?? null,
    },
  };
}

function resourceOf({ group, version, resource }: { group: string; version: string; resource: string }): object {
  return { group, version, resource };
}

type Json = Readonly<Record<string, any>>;

/** Reads what a webhook answered. @throws Error with kube-apiserver's words for an answer that is none */
export function readAnswer(version: string, uid: string, mutating: boolean, answer: unknown): ReviewAnswer {
  const review = isObject(answer) ? answer : {};
  const response = own(review, 'response');
  if (!isObject(response)) throw new Error('webhook response was absent');
  const patch = text(own(response, 'patch'));
  const given = own(response, 'patchType');
  const patchType = typeof given === 'string' ? given : undefined;
  if (version === 'v1') checkForm(review, response, uid, mutating, patch, patchType);
  return {
    allowed: own(response, 'allowed') === true,
    result: statusOf(own(response, 'status')),
    patch: mutating && patch !== '' ? Buffer.from(patch, 'base64').toString('utf8') : undefined,
    patchType: version === 'v1' ? (patchType ?? '') : 'JSONPatch',
    warnings: strings(own(response, 'warnings')).slice(0, warningLimit),
    annotations: annotationsOf(own(response, 'auditAnnotations')),
  };
}

function checkForm(
  review: Json,
  response: Json,
  uid: string,
  mutating: boolean,
  patch: string,
  patchType: string | undefined,
): void {
  const actual = text(own(response, 'uid'));
  if (actual !== uid) throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(actual)}`);
  const [apiVersion, kind] = [text(own(review, 'apiVersion')), text(own(review, 'kind'))];
  if (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview')
    throw new Error(
      `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${apiVersion}, Kind=${kind}`,
    );
  if (!mutating) {
    if (patch !== '') throw new Error('validating webhook may not return response.patch');
    if (patchType !== undefined) throw new Error('validating webhook may not return response.patchType');
    return;
  }
  if (patch !== '' && patchType === undefined)
    throw new Error('webhook returned response.patch but not response.patchType');
  if (patch === '' && patchType !== undefined)
    throw new Error('webhook returned response.patchType but not response.patch');
  if (patchType === '') throw new Error('webhook returned invalid response.patchType of ""');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(object: Json, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function annotationsOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry) => typeof entry[1] === 'string'));
}

/** What of a Status matters: its code, reason, message and details, of the right types. */
function statusOf(value: unknown): Status | undefined {
  if (!isObject(value)) return undefined;
  const code = own(value, 'code');
  const details = own(value, 'details');
  return {
    code: Number.isInteger(code) && (code as number) >= 100 && (code as number) <= 599 ? (code as number) : 0,
    reason: text(own(value, 'reason')),
    message: text(own(value, 'message')),
    ...(isObject(details) ? { details } : {}),
  } as Status;
}
