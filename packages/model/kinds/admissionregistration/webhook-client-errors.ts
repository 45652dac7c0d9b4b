/** What is wrong with a webhook's address (k8s.io/apiserver/pkg/util/webhook); of admission and of conversion alike. */
import { type FieldError, invalid, required } from '../../field-error.ts';
import { dnsSubdomainProblems, portNumberProblems } from '../../metadata/names.ts';

type Fields = Readonly<Record<string, any>>;

/** A WebhookClientConfig at `at`: exactly one of a URL and a Service. */
export function webhookClientErrors(at: string, config: Fields): FieldError[] {
  const { url, service } = config;
  if ((url === undefined) === (service === undefined))
    return [required(at, 'exactly one of url or service is required')];
  if (url !== undefined) return webhookUrlErrors(`${at}.url`, url);
  return webhookServiceErrors(`${at}.service`, service);
}

const form = '; desired format: https://host[/path]';

/** Nothing but https, a host and a path. */
export function webhookUrlErrors(at: string, text: string): FieldError[] {
  const parts =
    /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s.exec(text);
  if (parts === null || (parts[3] !== undefined && parts[3] !== '' && !URL.canParse(`https://${parts[3]}`)))
    return [required(at, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URL${form}`)];
  const [, scheme = '', user, host = '', query = '', fragment = ''] = parts;
  const errors: FieldError[] = [];
  if (scheme !== 'https') errors.push(invalid(at, scheme, `'https' is the only allowed URL scheme${form}`));
  if (host === '') errors.push(invalid(at, host, `host must be specified${form}`));
  if (user !== undefined) errors.push(invalid(at, user, 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(invalid(at, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalid(at, query, 'query parameters are not permitted in the URL'));
  return errors;
}

export function webhookServiceErrors(at: string, service: Fields): FieldError[] {
  const { name = '', namespace = '', path, port = 443 } = service;
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(`${at}.name`, 'service name is required'));
  if (namespace === '') errors.push(required(`${at}.namespace`, 'service namespace is required'));
  const wrong = portNumberProblems(port);
  if (wrong.length > 0) errors.push(invalid(`${at}.port`, port, `port is not valid: ${wrong.join(',')}`));
  return path === undefined ? errors : [...errors, ...pathErrors(`${at}.path`, path)];
}

function pathErrors(at: string, path: string): FieldError[] {
  if (path === '/' || path === '') return [];
  if (path === '//') return [invalid(at, path, 'segment[0] may not be empty')];
  const errors = path.startsWith('/') ? [] : [invalid(at, path, "must start with a '/'")];
  path
    .slice(1)
    .replace(/\/$/, '')
    .split('/')
    .forEach((segment, position) => {
      const problems = segment === '' ? [] : dnsSubdomainProblems(segment);
      if (segment === '') errors.push(invalid(at, path, `segment[${position}] may not be empty`));
      errors.push(...problems.map((problem) => invalid(at, path, `segment[${position}]: ${problem}`)));
    });
  return errors;
}
