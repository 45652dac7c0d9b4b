/**
 * The forms that names, keys and numbers of the API have. Each function gives the problems of a value, in
 * kube-apiserver's own words; none means that it is well formed.
 */
import type { Strategy } from '../strategy.ts';
import { addressNameProblems } from './addresses.ts';

export type NameForm = NonNullable<Strategy['nameForm']>;

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const WILDCARD_SUBDOMAIN = `\\*\\.${SUBDOMAIN}`;
const UNDERSCORE_LABEL = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const UNDERSCORE_SUBDOMAIN = `${UNDERSCORE_LABEL}(\\.${UNDERSCORE_LABEL})*`;
const DNS_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;
const CONFIG_KEY = '[-._a-zA-Z0-9]+';
const PERCENT = '[0-9]+%';
const HEADER = '[-A-Za-z0-9]+';
const URL_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const CONDITION_REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';

const compiled = new Map<string, RegExp>();

function matches(pattern: string, value: string): boolean {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    expression = new RegExp(`^${pattern}$`);
    compiled.set(pattern, expression);
  }
  // A JavaScript `$` without flags matches at the very end only, so a trailing newline is refused as it should be.
  return expression.test(value);
}

function form(text: string, pattern: string, ...examples: string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return examples.length === 0
    ? `${text} (regex used for validation is '${pattern}')`
    : `${text} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

function byteLength(value: string): number {
  return Buffer.byteLength(value);
}

export function tooLongText(limit: number): string {
  return `must be no more than ${limit} bytes`;
}

/** Upstream's older checks say characters, and count bytes all the same. */
function sizedInCharacters(value: string, limit: number): string[] {
  return byteLength(value) > limit ? [`must be no more than ${limit} characters`] : [];
}

export function rangeText(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

function sized(value: string, limit: number): string[] {
  return byteLength(value) > limit ? [tooLongText(limit)] : [];
}

/** RFC 1123 label: `my-name`, at most 63 bytes. */
export function dnsLabelProblems(value: string): string[] {
  const problems = sized(value, 63);
  if (matches(LABEL, value)) return problems;
  if (matches(SUBDOMAIN, value)) return [...problems, 'must not contain dots'];
  const text =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...problems, form(text, LABEL, 'my-name', '123-abc')];
}

/** RFC 1123 subdomain: `example.com`, at most 253 bytes. */
export function dnsSubdomainProblems(value: string): string[] {
  const problems = sized(value, 253);
  if (matches(SUBDOMAIN, value)) return problems;
  const text =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [...problems, form(text, SUBDOMAIN, 'example.com')];
}

/** `*.example.com`: all names directly below a subdomain. */
export function wildcardSubdomainProblems(value: string): string[] {
  const problems = sized(value, 253);
  if (matches(WILDCARD_SUBDOMAIN, value)) return problems;
  const text =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  return [...problems, form(text, WILDCARD_SUBDOMAIN, '*.example.com')];
}

/** The part after the domain of `acme.io/foo`. */
export function urlPathProblems(value: string): string[] {
  return matches(URL_PATH, value) ? [] : [form('Invalid path', URL_PATH)];
}

/** A subdomain whose labels may hold underscores, as DNS search paths and SRV names do. */
export function underscoreSubdomainProblems(value: string): string[] {
  const problems = sizedInCharacters(value, 253);
  if (matches(UNDERSCORE_SUBDOMAIN, value)) return problems;
  const text =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
  return [...problems, form(text, UNDERSCORE_SUBDOMAIN, 'example.com')];
}

/** RFC 1035 label, which starts with a letter: names of Services. */
export function dns1035LabelProblems(value: string): string[] {
  const problems = sizedInCharacters(value, 63);
  if (matches(DNS_1035, value)) return problems;
  const text =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  return [...problems, form(text, DNS_1035, 'my-name', 'abc-123')];
}

/** A name that can stand in a URL's path: names of RBAC objects. */
export function pathSegmentProblems(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
}

/** `MyName` or `example.com/MyName`: keys of labels and annotations, finalizers, taints. */
export function qualifiedNameProblems(value: string): string[] {
  const text =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const rule = form(text, QUALIFIED, 'MyName', 'my.name', '123-abc');
  const parts = value.split('/');
  if (parts.length > 2) {
    return [`a qualified name ${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0]!;
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...dnsSubdomainProblems(prefix).map((problem) => `prefix part ${problem}`));
  }
  const name = parts.at(-1)!;
  if (name === '') problems.push('name part must be non-empty');
  else if (byteLength(name) > 63) problems.push(`name part ${tooLongText(63)}`);
  if (!matches(QUALIFIED, name)) problems.push(`name part ${rule}`);
  return problems;
}

export function labelValueProblems(value: string): string[] {
  const problems = sized(value, 63);
  if (matches(LABEL_VALUE, value)) return problems;
  const text =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  return [...problems, form(text, LABEL_VALUE, 'MyValue', 'my_value', '12345')];
}

/** Keys of ConfigMaps and Secrets, which become file names. */
export function configKeyProblems(value: string): string[] {
  const problems = sizedInCharacters(value, 253);
  if (!matches(CONFIG_KEY, value)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    problems.push(form(text, CONFIG_KEY, 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (value === '.') problems.push("must not be '.'");
  else if (value === '..') problems.push("must not be '..'");
  else if (value.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

/** Names of environment variables, in the relaxed form of Kubernetes 1.34 and later. */
export function environmentNameProblems(value: string): string[] {
  const problems = value === '' ? ['environment variable name must be non-empty'] : [];
  if (!/^[\x20-\x3c\x3e-\x7e]*$/.test(value)) {
    problems.push("a valid environment variable name must consist only of printable ASCII characters other than '='");
  }
  return problems;
}

export function portNumberProblems(value: number): string[] {
  return value >= 1 && value <= 65535 ? [] : [rangeText(1, 65535)];
}

/** IANA service names: `http`, `dns-tcp`, at most 15 bytes. */
export function portNameProblems(value: string): string[] {
  const problems = sizedInCharacters(value, 15);
  if (!/^[-a-z0-9]+$/.test(value)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

export function percentProblems(value: string): string[] {
  if (matches(PERCENT, value)) return [];
  return [form("a valid percent string must be a numeric string followed by an ending '%'", PERCENT, '1%', '93%')];
}

export function headerNameProblems(value: string): string[] {
  if (matches(HEADER, value)) return [];
  return [form("a valid HTTP header must consist of alphanumeric characters or '-'", HEADER, 'X-Header-Name')];
}

export function conditionReasonProblems(value: string): string[] {
  if (matches(CONDITION_REASON, value)) return [];
  const text =
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";
  return [form(text, CONDITION_REASON, 'my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB')];
}

const forms: Readonly<Record<NameForm, (value: string) => string[]>> = {
  dnsSubdomain: dnsSubdomainProblems,
  dnsLabel: dnsLabelProblems,
  dns1035Label: dns1035LabelProblems,
  pathSegment: pathSegmentProblems,
  ipAddress: addressNameProblems,
};

/** The problems of an object's name in the form that its kind asks for; none means that it is a valid name. */
export function nameProblems(form: NameForm, name: string): string[] {
  return forms[form](name);
}

/** The problems of a generateName, which gets characters appended: a dash at its end is no problem. */
export function generateNameProblems(form: NameForm, prefix: string): string[] {
  const masked =
    form !== 'pathSegment' && form !== 'ipAddress' && prefix.length > 1 && prefix.endsWith('-')
      ? `${prefix.slice(0, -2)}a`
      : prefix;
  return nameProblems(form, masked);
}
