import { ArrayList, CelFailure, CelOpaque, type CelValue, EntryMap } from '../values/value.ts';
import { type Implementation, type Overload, overload } from './declaration.ts';

/** URLs as Go's net/url reads them: absolute ones and absolute paths. */

interface Parts {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

class UrlValue extends CelOpaque {
  readonly typeName = 'kubernetes.URL';
  readonly parts: Parts;
  private readonly text: string;
  constructor(parts: Parts, text: string) {
    super();
    this.parts = parts;
    this.text = text;
  }
  equals(other: CelOpaque): boolean {
    return other instanceof UrlValue && this.text === other.text;
  }
  toString(): string {
    return this.text;
  }
}

/** Why a text is no URL, in Go's words. */
export class UrlProblem extends Error {}

function problem(text: string, why: string): UrlProblem {
  return new UrlProblem(`parse ${JSON.stringify(text)}: ${why}`);
}

function checkHost(text: string, host: string): void {
  const bracket = /^\[([^\]]*)\](.*)$/.exec(host);
  if (host.startsWith('[') && bracket === null) throw problem(text, "missing ']' in host");
  const rest = bracket === null ? host.slice(host.indexOf(':') < 0 ? host.length : host.lastIndexOf(':')) : bracket[2]!;
  if (rest !== '' && !/^:\d*$/.test(rest)) throw problem(text, `invalid port ${JSON.stringify(rest)} after host`);
  const bad = /[ <>"^`{|}\\]/.exec(bracket === null ? host : bracket[1]!);
  if (bad !== null) throw problem(text, `invalid character ${JSON.stringify(bad[0])} in host name`);
}

/** url.ParseRequestURI, but for fragments, which are taken away as url.Parse does. @throws UrlProblem */
export function parseUrl(text: string): Parts {
  if (text === '') throw problem(text, 'empty url');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\x00-\x1f\x7f]/.test(text)) throw problem(text, 'net/url: invalid control character in URL');
  if (text.startsWith(':')) throw problem(text, 'missing protocol scheme');
  const [, scheme = '', rest = ''] = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(.*)$/s.exec(text) ?? [];
  if (!rest.startsWith('/')) {
    if (scheme === '') throw problem(text, 'invalid URI for request');
    if (!text.startsWith(`${scheme}:`)) throw problem(text, 'invalid URI for request');
    return { scheme: scheme.toLowerCase(), host: '', path: '', query: '' };
  }
  const bare = rest.split('#', 1)[0]!;
  const mark = bare.indexOf('?');
  const query = mark < 0 ? '' : bare.slice(mark + 1);
  let path = mark < 0 ? bare : bare.slice(0, mark);
  let host = '';
  if (scheme !== '' && path.startsWith('//')) {
    const slash = path.indexOf('/', 2);
    const authority = slash < 0 ? path.slice(2) : path.slice(2, slash);
    path = slash < 0 ? '' : path.slice(slash);
    host = authority.slice(authority.lastIndexOf('@') + 1);
    checkHost(text, host);
  }
  const badEscape = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(path + host);
  if (badEscape !== null) throw problem(text, `invalid URL escape ${JSON.stringify(badEscape[0])}`);
  return { scheme: scheme.toLowerCase(), host, path, query };
}

const read: Implementation = ([text], { meter }) => {
  meter.work(20 * (text as string).length);
  try {
    return new UrlValue(parseUrl(text as string), text as string);
  } catch (error) {
    if (!(error instanceof UrlProblem)) throw error;
    return new CelFailure(`URL parse error during conversion from string: ${error.message}`);
  }
};

function of(value: CelValue | undefined): Parts {
  return (value as UrlValue).parts;
}

function hostName(host: string): string {
  const bracket = /^\[([^\]]*)\]/.exec(host);
  return bracket?.[1] ?? host.replace(/:\d*$/, '');
}

function port(host: string): string {
  return /:(\d*)$/.exec(host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? '';
}

/** The path with what a path cannot hold escaped. */
function escapedPath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]/gu, (found) =>
    encodeURIComponent(found.isWellFormed() ? found : '\ufffd'),
  );
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

const query: Implementation = ([value], { meter }) => {
  const found = new Map<string, CelValue[]>();
  meter.work(20 * of(value).query.length);
  for (const pair of of(value).query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const mark = pair.indexOf('=');
    const name = decoded(mark < 0 ? pair : pair.slice(0, mark));
    const text = decoded(mark < 0 ? '' : pair.slice(mark + 1));
    if (name === undefined || text === undefined) continue;
    const values = found.get(name);
    if (values === undefined) found.set(name, [text]);
    else values.push(text);
  }
  return new EntryMap(new Map([...found].map(([name, values]) => [name, { key: name, value: new ArrayList(values) }])));
};

export const urlOverloads: readonly Overload[] = [
  overload('string_to_url', 'url(string) -> url', read),
  overload(
    'is_url_string',
    'isURL(string) -> bool',
    (values, evaluation) => read(values, evaluation) instanceof UrlValue,
  ),
  overload('url_get_scheme', '(url).getScheme() -> string', ([value]) => of(value).scheme),
  overload('url_get_host', '(url).getHost() -> string', ([value]) => of(value).host),
  overload('url_get_hostname', '(url).getHostname() -> string', ([value]) => hostName(of(value).host)),
  overload('url_get_port', '(url).getPort() -> string', ([value]) => port(of(value).host)),
  overload('url_get_escaped_path', '(url).getEscapedPath() -> string', ([value]) => escapedPath(of(value).path)),
  overload('url_get_query', '(url).getQuery() -> map<string, list<string>>', query),
];
