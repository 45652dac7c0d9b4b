import { rfc3339, type World } from '@keelson/base';
import { type ApiObject, type FieldError, invalid as invalidField } from '@keelson/model';
import type { ObjectReader } from '../admission/contract.ts';
import { badRequest, conflict, invalid, notFound } from '../request/status-error.ts';
import { signToken } from './json-web-token.ts';
import { quoted } from './quoted.ts';
import { claimsFor, type TokenSubject } from './service-account-claims.ts';
import type { SigningKey } from './service-account-key.ts';

const group = 'authentication.k8s.io';
const kind = { group, kind: 'TokenRequest' };
const accounts = { group: '', resource: 'serviceaccounts' };
const shortest = 600;
const longest = 2 ** 32;
const defaultSeconds = 3600;
/** What the ServiceAccount plug-in asks for in pods: an hour and seven seconds, by which such tokens are recognised. */
export const projectedTokenSeconds = 3607;

export interface TokenRequestOptions {
  readonly world: World;
  readonly reader: ObjectReader;
  readonly issuer: string;
  readonly key: SigningKey;
  /** The audiences of a token whose request names none: the API server's own. */
  readonly audiences: readonly string[];
  /** Longer requests are cut to this many seconds (EKS: 86400). Absent: not cut. */
  readonly longestSeconds?: number;
  /**
   * How many seconds the token of a pod really lives when the pod asked for the usual hour, for clients that never read
   * it anew (--service-account-extend-token-expiration); absent: as long as asked.
   */
  readonly extendedSeconds?: number;
}

/**
 * POST …/serviceaccounts/{name}/token: signs a token for the service account, bound to a pod, secret or node when asked.
 * @param request the TokenRequest as it came; it is not changed
 * @throws StatusError 400, 404, 409, 422
 */
export function requestToken(
  options: TokenRequestOptions,
  namespace: string,
  name: string,
  request: Readonly<ApiObject>,
): ApiObject {
  const metadataErrors = checkMetadata(namespace, name, request);
  if (metadataErrors.length > 0) throw invalid(kind, name, metadataErrors);
  const serviceAccount = options.reader.get('', 'serviceaccounts', namespace, name);
  if (serviceAccount === undefined) throw notFound(accounts, name);
  const seconds: number = request['spec']?.expirationSeconds ?? defaultSeconds;
  const errors = checkSeconds(seconds);
  if (errors.length > 0) throw invalid(kind, '', errors);
  const bound = boundObject(options.reader, namespace, name, request['spec']?.boundObjectRef);
  return issue(options, { serviceAccount, ...bound }, request, seconds);
}

function issue(
  options: TokenRequestOptions,
  subject: TokenSubject,
  request: Readonly<ApiObject>,
  asked: number,
): ApiObject {
  const wanted: readonly string[] = request['spec']?.audiences ?? [];
  const audiences = wanted.length > 0 ? wanted : options.audiences;
  const expirationSeconds = Math.min(asked, options.longestSeconds ?? asked);
  const extended =
    options.extendedSeconds !== undefined &&
    subject.pod !== undefined &&
    expirationSeconds === projectedTokenSeconds &&
    audiences.some((audience) => options.audiences.includes(audience));
  const claims = claimsFor(subject, {
    world: options.world,
    issuer: options.issuer,
    audiences,
    expirationSeconds: extended ? options.extendedSeconds! : expirationSeconds,
    warnAfterSeconds: extended ? expirationSeconds : 0,
  });
  const now = options.world.clock.now();
  const { name, namespace } = subject.serviceAccount.metadata ?? {};
  return {
    ...request,
    kind: 'TokenRequest',
    apiVersion: `${group}/v1`,
    metadata: { ...request.metadata, name: name ?? '', namespace: namespace ?? '', creationTimestamp: rfc3339(now) },
    spec: { ...request['spec'], audiences: [...audiences], expirationSeconds },
    status: {
      token: signToken(claims, options.key),
      expirationTimestamp: rfc3339((Math.floor(now / 1000) + expirationSeconds) * 1000),
    },
  };
}

function checkMetadata(namespace: string, name: string, request: Readonly<ApiObject>): FieldError[] {
  const errors: FieldError[] = [];
  const given = request.metadata ?? {};
  if (given.name !== undefined && given.name !== '' && given.name !== name) {
    errors.push(invalidField('metadata.name', given.name, 'must match the service account name if specified'));
  }
  if (given.namespace !== undefined && given.namespace !== '' && given.namespace !== namespace) {
    errors.push(
      invalidField('metadata.namespace', given.namespace, 'must match the service account namespace if specified'),
    );
  }
  return errors.slice(0, 1);
}

function checkSeconds(seconds: number): FieldError[] {
  if (seconds < shortest) {
    return [invalidField('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes')];
  }
  if (seconds > longest) {
    return [invalidField('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds')];
  }
  return [];
}

interface BoundObjectReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
}

type Bound = Pick<TokenSubject, 'pod' | 'secret' | 'node'>;

function boundObject(
  reader: ObjectReader,
  namespace: string,
  account: string,
  reference: BoundObjectReference | undefined,
): Bound {
  if (reference === undefined || reference === null) return {};
  const [first = '', second] = (reference.apiVersion ?? '').split('/', 2);
  const apiGroup = second === undefined ? '' : first;
  const wanted = reference.kind ?? '';
  const resource = apiGroup === '' && Object.hasOwn(bindable, wanted) ? bindable[wanted] : undefined;
  if (resource === undefined) {
    const type = `${apiGroup}/${second ?? first}, Kind=${wanted}`;
    throw badRequest(`cannot bind token to object of type ${type}`);
  }
  const name = reference.name ?? '';
  const object = reader.get('', resource, resource === 'nodes' ? '' : namespace, name);
  if (object === undefined) throw notFound({ group: '', resource }, name);
  if (resource === 'pods' && object['spec']?.serviceAccountName !== account) {
    const text = `cannot bind token for serviceaccount ${quoted(account)} to pod running with different serviceaccount name.`;
    throw badRequest(text);
  }
  if (reference.uid !== undefined && reference.uid !== '' && reference.uid !== object.metadata?.uid) {
    const text = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', resource: wanted }, name, text);
  }
  if (resource === 'secrets') return { secret: object };
  if (resource === 'nodes') return { node: object };
  return { pod: object, ...nodeOf(reader, object) };
}

const bindable: Readonly<Record<string, string>> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' };

/** The node that a pod is on; when its Node object is gone, what is known of it is its name. */
function nodeOf(reader: ObjectReader, pod: Readonly<ApiObject>): Pick<Bound, 'node'> {
  const name: string = pod['spec']?.nodeName ?? '';
  if (name === '') return {};
  return { node: reader.get('', 'nodes', '', name) ?? { metadata: { name } } };
}
