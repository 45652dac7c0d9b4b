/** The addresses of a Service inside the cluster: well formed, of different families, and fixed once given. */
import { duplicate, type FieldError, index, invalid, notSupported, required } from '../../../field-error.ts';
import { addressErrors, addressFamily } from '../../../metadata/addresses.ts';
import type { Fields } from '../pod/fields.ts';
import { isHeadless } from './exposure.ts';

const FAMILIES = ['IPv4', 'IPv6'];
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const FIXED = 'may not change once set';

function agreementErrors(first: string, all: readonly string[]): FieldError[] {
  if (first === '') {
    return all.length === 0 ? [] : [invalid('spec.clusterIPs', all, 'must be empty when `clusterIP` is not specified')];
  }
  if (all.length === 0) return [required('spec.clusterIPs')];
  return all[0] === first ? [] : [invalid('spec.clusterIPs', all, 'first value must match `clusterIP`')];
}

function familyErrors(spec: Fields): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  ((spec['ipFamilies'] ?? []) as string[]).forEach((family, i) => {
    const at = index('spec.ipFamilies', i);
    if (!FAMILIES.includes(family)) errors.push(notSupported(at, family, FAMILIES));
    if (seen.has(family)) errors.push(duplicate(at, family));
    seen.add(family);
  });
  const policy: string | undefined = spec['ipFamilyPolicy'];
  if (policy !== undefined && !POLICIES.includes(policy)) {
    errors.push(notSupported('spec.ipFamilyPolicy', policy, POLICIES));
  }
  return errors;
}

export function clusterAddressErrors(spec: Fields): FieldError[] {
  if (spec['type'] === 'ExternalName') return [];
  const all: string[] = spec['clusterIPs'] ?? [];
  const families: string[] = spec['ipFamilies'] ?? [];
  const errors = [...agreementErrors(spec['clusterIP'] ?? '', all), ...familyErrors(spec)];
  const malformed = all.flatMap((address, i) => {
    if (i > 0 || address !== 'None') return addressErrors(index('spec.clusterIPs', i), address);
    return all.length > 1 ? [invalid('spec.clusterIPs', all, "'None' must be the first and only value")] : [];
  });
  errors.push(...malformed);
  if (all.length > 2) errors.push(invalid('spec.clusterIPs', all, 'may only hold up to 2 values'));
  if (malformed.length > 0) return errors;
  if (all.length > 1 && new Set(all.map(addressFamily)).size < 2) {
    errors.push(invalid('spec.clusterIPs', all, 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(spec)) return errors;
  all.slice(0, families.length).forEach((address, i) => {
    const expected = families[i]!;
    if (FAMILIES.includes(expected) && `IPv${addressFamily(address)}` !== expected) {
      const text = `expected an ${expected} value as indicated by \`ipFamilies[${i}]\``;
      errors.push(invalid(index('spec.clusterIPs', i), address, text));
    }
  });
  return errors;
}

interface Words {
  readonly field: 'clusterIPs' | 'ipFamilies';
  readonly primary: string;
  readonly secondary: string;
}

/** A second entry may be added or released, the first is fixed. */
function entryChangeErrors(spec: Fields, previous: Fields, words: Words): FieldError[] {
  const next: string[] = spec[words.field] ?? [];
  const old: string[] = previous[words.field] ?? [];
  const first = `spec.${words.field}[0]`;
  const errors: FieldError[] = [];
  if (old.length === next.length) {
    old.forEach((entry, i) => {
      const at = words.field === 'ipFamilies' ? first : index(`spec.${words.field}`, i);
      if (entry !== next[i]) errors.push(invalid(at, next, FIXED));
    });
    return errors;
  }
  if (old.length > next.length && next.length === 0) errors.push(invalid(first, next, words.primary));
  if (old.length > 0 && next.length > 0 && old[0] !== next[0]) errors.push(invalid(first, next, FIXED));
  if (old.length > next.length && next.length === 1 && spec['ipFamilyPolicy'] !== 'SingleStack') {
    errors.push(invalid('spec.ipFamilyPolicy', spec['ipFamilyPolicy'], words.secondary));
  }
  return errors;
}

export function addressChangeErrors(spec: Fields, previous: Fields): FieldError[] {
  if (spec['type'] === 'ExternalName' || previous['type'] === 'ExternalName') return [];
  const [before, after] = [isHeadless(previous), isHeadless(spec)];
  const errors: FieldError[] = [];
  if (!(before && after)) {
    errors.push(
      ...entryChangeErrors(spec, previous, {
        field: 'clusterIPs',
        primary: 'primary clusterIP can not be unset',
        secondary: "must be set to 'SingleStack' when releasing the secondary clusterIP",
      }),
    );
  }
  if (!before && !after) {
    errors.push(
      ...entryChangeErrors(spec, previous, {
        field: 'ipFamilies',
        primary: 'primary ipFamily can not be unset',
        secondary: "must be set to 'SingleStack' when releasing the secondary ipFamily",
      }),
    );
  }
  return errors;
}
