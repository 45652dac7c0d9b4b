import type { World } from '@keelson/base';
import { type FieldError, invalid, required } from '@keelson/model';
import { parseConfiguration } from '../configuration/configuration-file.ts';
import { ConfigurationError, durationOf } from '../configuration/shape.ts';
import { aesCbcCipher, aesGcmCipher } from './aes-ciphers.ts';
import { KmsCipher } from './kms-cipher.ts';
import { secretboxCipher } from './secretbox.ts';
import { identityCipher, type ValueCipher } from './value-cipher.ts';

/** Which resources are kept how: the first cipher of a rule seals, every one of them opens. */
export interface EncryptionRule {
  /** `secrets`, `pandas.example.com`, `*.example.com`, `*.`, `*.*`. */
  readonly resources: readonly string[];
  readonly ciphers: readonly ValueCipher[];
}

interface Key {
  readonly name?: string;
  readonly secret?: string;
}

interface Provider {
  readonly aesgcm?: { readonly keys?: readonly Key[] };
  readonly aescbc?: { readonly keys?: readonly Key[] };
  readonly secretbox?: { readonly keys?: readonly Key[] };
  readonly identity?: object;
  readonly kms?: {
    readonly apiVersion?: string;
    readonly name?: string;
    readonly endpoint?: string;
    readonly timeout?: string;
    readonly cachesize?: number;
  };
}

interface ResourceConfiguration {
  readonly resources?: readonly string[];
  readonly providers?: readonly Provider[];
}

const keys = { keys: [{ name: 'string', secret: 'string' }] } as const;
const shape = {
  resources: [
    {
      resources: 'strings',
      providers: [
        {
          aesgcm: keys,
          aescbc: keys,
          secretbox: keys,
          identity: 'map',
          kms: { apiVersion: 'string', name: 'string', endpoint: 'string', timeout: 'string', cachesize: 'number' },
        },
      ],
    },
  ],
} as const;
const kinds = ['apiserver.config.k8s.io/v1 EncryptionConfiguration', 'v1 EncryptionConfig'];
const providerNames = ['kms', 'aesgcm', 'aescbc', 'secretbox', 'identity'] as const;
const defaultTimeout = '3s';

/** Reads an EncryptionConfiguration. @throws ConfigurationError with everything that is wrong */
export function readEncryption(text: string, world: World): EncryptionRule[] {
  const { resources = [] } = parseConfiguration(text, kinds, shape) as { resources?: ResourceConfiguration[] };
  const errors: FieldError[] = [];
  if (resources.length === 0) errors.push(required('resources', 'at least one resources is required'));
  const kmsNames = new Set<string>();
  for (const [index, one] of resources.entries()) errors.push(...ruleErrors(`resources[${index}]`, one, kmsNames));
  if (errors.length > 0)
    throw new ConfigurationError(errors.map(({ field, message }) => `${field}: ${message}`).join('\n'));
  return resources.map(({ resources: names, providers }) => ({
    resources: names!,
    ciphers: providers!.flatMap((provider) => ciphersOf(provider, world)),
  }));
}

function ruleErrors(field: string, rule: ResourceConfiguration, kmsNames: Set<string>): FieldError[] {
  const { resources = [], providers = [] } = rule;
  const [names, ways] = [`${field}.resources`, `${field}.providers`];
  const errors: FieldError[] = [];
  if (resources.length === 0) errors.push(required(names, `at least one ${names} is required`));
  errors.push(...overlapErrors(names, resources));
  for (const [index, name] of resources.entries()) {
    const problem = resourceProblem(name);
    if (problem !== undefined) errors.push(invalid(`${names}[${index}]`, name, problem));
  }
  if (providers.length === 0) errors.push(required(ways, `at least one ${ways} is required`));
  for (const [index, provider] of providers.entries())
    errors.push(...providerErrors(`${ways}[${index}]`, provider, kmsNames));
  return errors;
}

function groupOf(resource: string): string {
  const dot = resource.indexOf('.');
  return dot < 0 ? '' : resource.slice(dot + 1);
}

function overlapErrors(field: string, resources: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  if (new Set(resources).size < resources.length)
    errors.push(invalid(field, resources, 'the same resource cannot be specified multiple times'));
  const distinct = [...new Set(resources)];
  const overlaps = distinct.some(
    (one) =>
      one.startsWith('*.') &&
      distinct.some((other) => other !== one && (one === '*.*' || groupOf(other) === groupOf(one))),
  );
  if (overlaps) {
    const text =
      "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked";
    errors.push(invalid(field, resources, text));
  }
  return errors;
}

function resourceProblem(name: string): string | undefined {
  if (name !== name.toLowerCase()) return 'resource name should not contain capital letters';
  if (name === '*') return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources";
  if (['apiserveripinfo', 'serviceipallocations', 'servicenodeportallocations'].includes(name))
    return 'resources which do not have REST API/s cannot be encrypted';
  const group = groupOf(name);
  if (group === 'events.k8s.io')
    return "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file";
  if (group === 'extensions') return "'extensions' group has been removed and cannot be used for encryption";
  return group === '*' && name !== '*.*' ? 'encrypting the same resource across groups is not supported' : undefined;
}

function providerErrors(field: string, provider: Provider, kmsNames: Set<string>): FieldError[] {
  const found = providerNames.filter((name) => provider[name] !== undefined);
  if (found.length === 0) {
    const text = 'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity';
    return [invalid(field, {}, text)];
  }
  if (found.length > 1) {
    const text = 'more than one provider specified in a single element, should split into different list elements';
    return [invalid(field, 'REDACTED', text)];
  }
  const [name] = found as [(typeof providerNames)[number]];
  if (name === 'kms') return kmsErrors(`${field}.kms`, provider.kms!, kmsNames);
  if (name === 'identity') return [];
  const sizes = name === 'secretbox' ? [32] : [16, 24, 32];
  const at = `${field}.${name}.keys`;
  const list = provider[name]?.keys ?? [];
  if (list.length === 0) return [required(at, 'at least one keys is required')];
  return list.flatMap((key, index) => keyErrors(`${at}[${index}]`, key, sizes));
}

function keyErrors(field: string, { name = '', secret = '' }: Key, sizes: readonly number[]): FieldError[] {
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(`${field}.name`, 'name is a mandatory field for a key'));
  if (secret === '') return [...errors, required(`${field}.secret`, 'secret is a mandatory field for a key')];
  const at = `${field}.secret`;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(secret) || secret.length % 4 !== 0)
    return [...errors, invalid(at, 'REDACTED', 'secrets must be base64 encoded')];
  const { length } = Buffer.from(secret, 'base64');
  if (sizes.includes(length)) return errors;
  const text = `secret is not of the expected length, got ${length}, expected one of [${sizes.join(' ')}]`;
  return [...errors, invalid(at, 'REDACTED', text)];
}

function kmsErrors(field: string, kms: NonNullable<Provider['kms']>, names: Set<string>): FieldError[] {
  const { apiVersion = 'v1', name = '', endpoint = '', timeout = defaultTimeout } = kms;
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(`${field}.name`, 'name is a mandatory field for a provider'));
  if (name.includes(':'))
    errors.push(invalid(`${field}.name`, name, `invalid KMS provider name ${name}, must not contain ':'`));
  if (names.has(name))
    errors.push(invalid(`${field}.name`, name, `duplicate KMS provider name ${name}, names must be unique`));
  names.add(name);
  if (!((durationOf(timeout) ?? 0) > 0))
    errors.push(invalid(`${field}.timeout`, timeout, 'timeout should be a positive value'));
  if (endpoint === '') errors.push(invalid(`${field}.endpoint`, '', 'endpoint is a mandatory field for a kms'));
  else if (!endpoint.startsWith('unix://')) {
    const scheme = JSON.stringify(endpoint.split(':', 1)[0]);
    errors.push(
      invalid(`${field}.endpoint`, endpoint, `unsupported scheme ${scheme} for KMS provider, only unix is supported`),
    );
  }
  if (kms.cachesize !== undefined)
    errors.push(invalid(`${field}.cachesize`, kms.cachesize, 'cachesize is not supported in v2'));
  if (apiVersion !== 'v2') {
    const text = `unsupported apiVersion ${apiVersion} for KMS provider, only v2 is supported`;
    errors.push(invalid(`${field}.apiVersion`, apiVersion, text));
  }
  return errors;
}

/** Of a provider without errors: one cipher for each key, the one to seal with first. */
function ciphersOf(provider: Provider, world: World): ValueCipher[] {
  const each = (list: readonly Key[], make: (name: string, key: Uint8Array) => ValueCipher) =>
    list.map(({ name, secret }) => make(name!, Buffer.from(secret!, 'base64')));
  if (provider.aesgcm) return each(provider.aesgcm.keys!, aesGcmCipher);
  if (provider.aescbc) return each(provider.aescbc.keys!, aesCbcCipher);
  if (provider.secretbox) return each(provider.secretbox.keys!, secretboxCipher);
  if (provider.identity) return [identityCipher];
  const { name, endpoint, timeout = defaultTimeout } = provider.kms!;
  const path = endpoint!.slice('unix://'.length);
  return [new KmsCipher(world, { name: name!, path, timeout: durationOf(timeout)! })];
}

/** The rule for a resource, as the store's keys name it (`secrets`, `deployments.apps`); undefined: kept as it is. */
export function ruleFor(rules: readonly EncryptionRule[], resource: string): EncryptionRule | undefined {
  const group = groupOf(resource);
  return rules.find(({ resources }) =>
    resources.some((name) => name === resource || name === '*.*' || name === `*.${group}`),
  );
}
