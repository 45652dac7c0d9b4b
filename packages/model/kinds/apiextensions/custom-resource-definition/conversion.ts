import { X509Certificate } from 'node:crypto';
import { child, type FieldError, forbidden, index, invalid, notSupported, required } from '../../../field-error.ts';
import type {
  CustomResourceDefinitionSpec,
  ServiceReference,
  WebhookClientConfig,
} from '../../../generated/types/apiextensions-v1.ts';
import { dns1035LabelProblems, dnsSubdomainProblems, portNumberProblems } from '../../../metadata/names.ts';

const path = 'spec.conversion';
// The internal form has no level between conversion and the client's configuration.
const clientPath = 'spec.conversion.webhookClientConfig';
const reviewPath = 'spec.conversion.conversionReviewVersions';
const accepted = ['v1', 'v1beta1'];

/** Everything wrong with how instances are converted. @param checkBundle the bundle of an established kind must be good */
export function conversionErrors(spec: CustomResourceDefinitionSpec, checkBundle: boolean): FieldError[] {
  const { conversion } = spec;
  if (conversion === undefined) return [];
  const { strategy, webhook } = conversion;
  const errors: FieldError[] = [];
  if (strategy !== 'None' && spec.preserveUnknownFields === true)
    errors.push(invalid(child(path, 'strategy'), strategy, 'must be None if spec.preserveUnknownFields is true'));
  if (!strategy) errors.push(required(child(path, 'strategy')));
  else if (strategy !== 'None' && strategy !== 'Webhook')
    errors.push(notSupported(child(path, 'strategy'), strategy, ['None', 'Webhook']));
  if (strategy === 'Webhook') {
    errors.push(...clientErrors(webhook?.clientConfig, checkBundle));
    return [...errors, ...reviewVersionErrors(webhook?.conversionReviewVersions ?? [])];
  }
  const text = 'should not be set when strategy is not set to Webhook';
  if (webhook?.clientConfig !== undefined) errors.push(forbidden(clientPath, text));
  if (webhook?.conversionReviewVersions?.length) errors.push(forbidden(reviewPath, text));
  return errors;
}

function clientErrors(config: WebhookClientConfig | undefined, checkBundle: boolean): FieldError[] {
  if (config === undefined) return [required(clientPath, 'required when strategy is set to Webhook')];
  const { url, service, caBundle } = config;
  const errors: FieldError[] = [];
  if ((url === undefined) === (service === undefined))
    errors.push(required(clientPath, 'exactly one of url or service is required'));
  else if (url !== undefined) errors.push(...urlErrors(url, child(clientPath, 'url')));
  else errors.push(...serviceErrors(service!, child(clientPath, 'service')));
  if (caBundle && checkBundle && !isCaBundle(caBundle)) {
    const text = 'unable to load root certificates: unable to parse bytes as PEM block';
    errors.push(invalid(child(clientPath, 'caBundle'), caBundle, text));
  }
  return errors;
}

/** Whether base64 text is a bundle of certificates that connections can be checked by. */
export function isCaBundle(bundle: string): boolean {
  const text = Buffer.from(bundle, 'base64').toString('latin1');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (blocks === null) return false;
  try {
    for (const block of blocks) new X509Certificate(block);
    return true;
  } catch {
    return false;
  }
}

const form = '; desired format: https://host[/path]';

function urlErrors(text: string, place: string): FieldError[] {
  if (!URL.canParse(text))
    return [required(place, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URL${form}`)];
  const url = new URL(text);
  const scheme = url.protocol.slice(0, -1);
  const user = [url.username, url.password].filter((part) => part !== '').join(':');
  const errors: FieldError[] = [];
  if (scheme !== 'https') errors.push(invalid(place, scheme, `'https' is the only allowed URL scheme${form}`));
  if (url.host === '') errors.push(invalid(place, '', `host must be specified${form}`));
  if (user !== '') errors.push(invalid(place, user, 'user information is not permitted in the URL'));
  if (url.hash !== '') errors.push(invalid(place, url.hash.slice(1), 'fragments are not permitted in the URL'));
  if (url.search !== '')
    errors.push(invalid(place, url.search.slice(1), 'query parameters are not permitted in the URL'));
  return errors;
}

function serviceErrors({ name, namespace, path: target, port }: ServiceReference, place: string): FieldError[] {
  const errors: FieldError[] = [];
  // Upstream hands the two over the wrong way round.
  if (!namespace) errors.push(required(child(place, 'name')));
  if (!name) errors.push(required(child(place, 'namespace')));
  const problems = portNumberProblems(port ?? 443);
  if (problems.length > 0)
    errors.push(invalid(child(place, 'port'), port, `port is not valid: ${problems.join(', ')}`));
  if (target === undefined || target === '' || target === '/') return errors;
  const refuse = (text: string) => errors.push(invalid(child(place, 'path'), target, text));
  if (target === '//') {
    refuse('segment[0] may not be empty');
    return errors;
  }
  if (!target.startsWith('/')) refuse("must start with a '/'");
  target
    .slice(1)
    .replace(/\/$/, '')
    .split('/')
    .forEach((segment, position) => {
      if (segment === '') refuse(`segment[${position}] may not be empty`);
      else for (const problem of dnsSubdomainProblems(segment)) refuse(`segment[${position}]: ${problem}`);
    });
  return errors;
}

function reviewVersionErrors(versions: readonly string[]): FieldError[] {
  if (versions.length === 0) return [required(reviewPath)];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  versions.forEach((version, position) => {
    const place = index(reviewPath, position);
    if (seen.has(version)) errors.push(invalid(place, version, 'duplicate version'));
    else errors.push(...dns1035LabelProblems(version).map((problem) => invalid(place, version, problem)));
    seen.add(version);
  });
  if (!accepted.some((version) => seen.has(version)))
    errors.push(invalid(reviewPath, versions, `must include at least one of ${accepted.join(', ')}`));
  return errors;
}
