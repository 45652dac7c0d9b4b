/** One call of a CNI plugin (CNI specification 1.0.0), its parameters checked: they end up in commands. */
export interface CniCall {
  readonly command: 'ADD' | 'DEL' | 'CHECK';
  readonly cniVersion: string;
  readonly containerId: string;
  /** Path of the pod's network namespace; '' when it is gone, which only DEL may be called with. */
  readonly netns: string;
  readonly interfaceName: string;
  readonly podNamespace: string;
  readonly podName: string;
}

/** A call that is refused, with one of the specification's codes. */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const cniVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0'];

/** Codes of the specification, and the one that its library gives to what has none. */
export const cniCodes = {
  incompatibleVersion: 1,
  unknownContainer: 3,
  invalidEnvironment: 4,
  decodingFailure: 6,
  tryAgainLater: 11,
  internal: 999,
} as const;

/** Reads what the plugin sends: lines `NAME=value`, an empty line, the network configuration. @throws CniError */
export function readCniCall(text: string): CniCall {
  const end = text.indexOf('\n\n');
  if (end < 0) throw new CniError(cniCodes.decodingFailure, 'the request has no end of its variables');
  const variables = new Map<string, string>();
  for (const line of text.slice(0, end).split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) variables.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const command = variables.get('CNI_COMMAND') ?? '';
  if (command !== 'ADD' && command !== 'DEL' && command !== 'CHECK')
    throw new CniError(cniCodes.invalidEnvironment, `unknown CNI_COMMAND: ${command}`);
  const netns = variables.get('CNI_NETNS') ?? '';
  const needed = (name: string, pattern: RegExp) => {
    const value = variables.get(name) ?? '';
    if (value === '') throw new CniError(cniCodes.invalidEnvironment, `required env variables [${name}] missing`);
    if (!pattern.test(value))
      throw new CniError(cniCodes.invalidEnvironment, `invalid characters in ${name}: ${value}`);
    return value;
  };
  if (command !== 'DEL' || netns !== '') needed('CNI_NETNS', /^\/[A-Za-z0-9/_.-]{1,255}$/);
  const given = new Map(
    (variables.get('CNI_ARGS') ?? '').split(';').map((pair) => pair.split('=', 2) as [string, string]),
  );
  return {
    command,
    cniVersion: versionOf(text.slice(end + 2)),
    containerId: needed('CNI_CONTAINERID', /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/),
    netns,
    interfaceName: needed('CNI_IFNAME', /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/),
    podNamespace: given.get('K8S_POD_NAMESPACE') ?? '',
    podName: given.get('K8S_POD_NAME') ?? '',
  };
}

function versionOf(configuration: string): string {
  let version: unknown;
  try {
    version = JSON.parse(configuration)?.cniVersion ?? '0.1.0';
  } catch (error) {
    throw new CniError(cniCodes.decodingFailure, `error parsing configuration: ${(error as Error).message}`);
  }
  if (typeof version === 'string' && cniVersions.includes(version)) return version;
  throw new CniError(
    cniCodes.incompatibleVersion,
    `incompatible CNI versions: config is ${JSON.stringify(version)}, plugin supports ${JSON.stringify(cniVersions)}`,
  );
}
