/** Names, resolvers and ports of a pod. */
import { type FieldError, index, invalid, required } from '../../../../field-error.ts';
import { addressErrors } from '../../../../metadata/addresses.ts';
import { dnsLabelProblems, dnsSubdomainProblems, underscoreSubdomainProblems } from '../../../../metadata/names.ts';
import type { Fields } from '../fields.ts';
import { problems, problemsIfSet } from './scalars.ts';

const MOST_NAMESERVERS = 3;
const MOST_SEARCHES = 32;
const LONGEST_SEARCH_LIST = 2048;

function dnsConfigErrors(at: string, spec: Fields): FieldError[] {
  const config: Fields | undefined = spec['dnsConfig'];
  const nameservers: string[] = config?.['nameservers'] ?? [];
  const searches: string[] = config?.['searches'] ?? [];
  if (spec['dnsPolicy'] === 'None') {
    if (config === undefined) return [required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (nameservers.length === 0) {
      const text = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      return [required(`${at}.nameservers`, text)];
    }
  }
  const errors: FieldError[] = [];
  if (nameservers.length > MOST_NAMESERVERS) {
    errors.push(invalid(`${at}.nameservers`, nameservers, `must not have more than ${MOST_NAMESERVERS} nameservers`));
  }
  nameservers.forEach((address, i) => {
    errors.push(...addressErrors(index(`${at}.nameservers`, i), address));
  });
  if (searches.length > MOST_SEARCHES) {
    errors.push(invalid(`${at}.searches`, searches, `must not have more than ${MOST_SEARCHES} search paths`));
  }
  if (searches.join(' ').length > LONGEST_SEARCH_LIST) {
    const text = `must not have more than ${LONGEST_SEARCH_LIST} characters (including spaces) in the search list`;
    errors.push(invalid(`${at}.searches`, searches, text));
  }
  searches.forEach((search, i) => {
    if (search === '.') return;
    errors.push(...problems(index(`${at}.searches`, i), search.replace(/\.$/, ''), underscoreSubdomainProblems));
  });
  ((config?.['options'] ?? []) as Fields[]).forEach((option, i) => {
    if ((option['name'] ?? '') === '') errors.push(required(index(`${at}.options`, i), 'must not be empty'));
  });
  return errors;
}

function hostPortErrors(path: string, spec: Fields, isPod: boolean): FieldError[] {
  if (spec['hostNetwork'] !== true) return [];
  return ((spec['containers'] ?? []) as Fields[]).flatMap((container, i) =>
    ((container['ports'] ?? []) as Fields[]).flatMap((port, j) => {
      const hostPort: number = port['hostPort'] ?? 0;
      if (hostPort === port['containerPort'] || (!isPod && hostPort === 0)) return [];
      const at = `${index(`${index(`${path}.containers`, i)}.ports`, j)}.hostPort`;
      return [invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true')];
    }),
  );
}

export function podNetworkErrors(path: string, spec: Fields, isPod: boolean): FieldError[] {
  const aliases: Fields[] = spec['hostAliases'] ?? [];
  return [
    ...hostPortErrors(path, spec, isPod),
    ...dnsConfigErrors(`${path}.dnsConfig`, spec),
    ...problemsIfSet(`${path}.hostname`, spec['hostname'], dnsLabelProblems),
    ...problemsIfSet(`${path}.subdomain`, spec['subdomain'], dnsLabelProblems),
    ...problemsIfSet(`${path}.hostnameOverride`, spec['hostnameOverride'], dnsSubdomainProblems),
    ...aliases.flatMap((alias, i) => {
      const at = index(`${path}.hostAliases`, i);
      const names: string[] = alias['hostnames'] ?? [];
      const nameErrors = names.flatMap((name, j) => problems(index(`${at}.hostnames`, j), name, dnsSubdomainProblems));
      return [...addressErrors(`${at}.ip`, alias['ip'] ?? ''), ...nameErrors];
    }),
  ];
}
