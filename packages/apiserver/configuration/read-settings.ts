import { messageOf } from '@keelson/base';
import { parseYaml } from '@keelson/model/codec/yaml.ts';
import type { ApiServerSettings } from './api-server-settings.ts';
import { ConfigurationError } from './shape.ts';

type Kind = 'text' | 'list' | 'boolean' | 'number';

/** kube-apiserver's options that count here, and what each holds. */
const options: Readonly<Record<string, readonly [field: keyof ApiServerSettings, kind: Kind]>> = {
  'anonymous-auth': ['anonymousAuth', 'boolean'],
  'audit-log-maxage': ['auditLogMaxage', 'number'],
  'audit-log-maxbackup': ['auditLogMaxbackup', 'number'],
  'audit-log-maxsize': ['auditLogMaxsize', 'number'],
  'audit-log-path': ['auditLogPath', 'text'],
  'audit-policy-file': ['auditPolicyFile', 'text'],
  'authentication-config': ['authenticationConfig', 'text'],
  'authentication-token-webhook-cache-ttl': ['authenticationTokenWebhookCacheTtl', 'text'],
  'authentication-token-webhook-config-file': ['authenticationTokenWebhookConfigFile', 'text'],
  'authorization-config': ['authorizationConfig', 'text'],
  'enable-bootstrap-token-auth': ['enableBootstrapTokenAuth', 'boolean'],
  'encryption-provider-config': ['encryptionProviderConfig', 'text'],
  'requestheader-allowed-names': ['requestheaderAllowedNames', 'list'],
  'requestheader-client-ca-file': ['requestheaderClientCaFile', 'text'],
  'requestheader-extra-headers-prefix': ['requestheaderExtraHeadersPrefix', 'list'],
  'requestheader-group-headers': ['requestheaderGroupHeaders', 'list'],
  'requestheader-uid-headers': ['requestheaderUidHeaders', 'list'],
  'requestheader-username-headers': ['requestheaderUsernameHeaders', 'list'],
  'tls-cipher-suites': ['tlsCipherSuites', 'list'],
  'tls-min-version': ['tlsMinVersion', 'text'],
};

/**
 * Reads settings in the form of kubeadm's `extraArgs`: an object of kube-apiserver's options without their dashes, with
 * values as text (`audit-log-maxage: "7"`), lists with commas.
 * @throws ConfigurationError for options that do not count here, and values that cannot be read
 */
export function readSettings(text: string): ApiServerSettings {
  let value: unknown;
  try {
    value = parseYaml(text).value ?? {};
  } catch (error) {
    throw new ConfigurationError(messageOf(error));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ConfigurationError('the settings are not an object');
  const entries = Object.entries(value).map(([name, given]) => {
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) throw new ConfigurationError(`unknown flag: --${name}`);
    return [option[0], read(name, option[1], given)];
  });
  return Object.fromEntries(entries) as ApiServerSettings;
}

function read(name: string, kind: Kind, given: unknown): unknown {
  const text = typeof given === 'number' || typeof given === 'boolean' ? String(given) : given;
  const refused = new ConfigurationError(`invalid argument ${JSON.stringify(given)} for "--${name}" flag`);
  if (kind === 'list' && Array.isArray(given) && given.every((one) => typeof one === 'string')) return given;
  if (typeof text !== 'string') throw refused;
  switch (kind) {
    case 'text':
      return text;
    case 'list':
      return text
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== '');
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw refused;
      return text === 'true';
    case 'number':
      if (!/^\d{1,9}$/.test(text)) throw refused;
      return Number(text);
  }
}
