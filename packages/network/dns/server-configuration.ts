import { isAddress } from './cluster-zone.ts';
import { CorefileError, type Directive, type ServerBlock } from './corefile.ts';

export interface KubernetesSettings {
  readonly zones: readonly string[];
  readonly podNames: boolean;
  readonly fallthrough: readonly string[];
  /** Seconds. */
  readonly ttl: number;
}

export interface ForwardSettings {
  /** The zone that is forwarded; '' is everything. */
  readonly from: string;
  /** Addresses (`10.0.0.2`, `10.0.0.2:5353`) and paths of resolv.conf files. */
  readonly to: readonly string[];
  readonly except: readonly string[];
  readonly policy: 'random' | 'round_robin' | 'sequential';
  readonly forceTcp: boolean;
  /** 0 means the limit of the program itself. */
  readonly maxConcurrent: number;
}

export interface CacheSettings {
  /** Seconds at most, and number of entries. */
  readonly success: { readonly ttl: number; readonly capacity: number };
  readonly denial: { readonly ttl: number; readonly capacity: number };
}

/** `host:port` as an object; an empty host is every address. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What one server block asks for. */
export interface ServerConfiguration {
  readonly zones: readonly string[];
  readonly port: number;
  readonly errors: boolean;
  readonly log: boolean;
  readonly health: (ListenAddress & { readonly lameduck: number }) | undefined;
  readonly ready: ListenAddress | undefined;
  readonly prometheus: ListenAddress | undefined;
  readonly kubernetes: KubernetesSettings | undefined;
  readonly forwards: readonly ForwardSettings[];
  readonly cache: CacheSettings | undefined;
  readonly loop: boolean;
  /** Milliseconds between two looks at the Corefile; undefined without `reload`. */
  readonly reload: number | undefined;
  readonly loadbalance: boolean;
}

type Draft = { -readonly [K in keyof ServerConfiguration]: ServerConfiguration[K] };

type Reader = (directive: Directive, draft: Draft, fail: (problem: string) => never) => void;

const words =
  (key: 'errors' | 'log' | 'loop' | 'loadbalance', allowed: readonly string[] = []): Reader =>
  ({ words: given, block }, draft, fail) => {
    if (block.length > 0 || given.some((word) => !allowed.includes(word)))
      fail('Wrong argument count or unexpected line ending');
    draft[key] = true;
  };

/** Directives that are understood. Each reads its words and block into the draft. */
const readers: Readonly<Record<string, Reader>> = {
  errors: words('errors', ['stdout']),
  log: words('log', ['.']),
  loop: words('loop'),
  loadbalance: words('loadbalance', ['round_robin']),
  health: ({ words: [address = ':8080'], block }, draft, fail) => {
    let lameduck = 0;
    for (const { name, words: given } of block) {
      if (name !== 'lameduck' || given.length !== 1)
        fail(`Wrong argument count or unexpected line ending after '${name}'`);
      lameduck = duration(given[0]!, fail);
    }
    draft.health = { ...listenAddress(address, fail), lameduck };
  },
  ready: ({ words: [address = ':8181'] }, draft, fail) => {
    draft.ready = listenAddress(address, fail);
  },
  prometheus: ({ words: [address = 'localhost:9153'] }, draft, fail) => {
    draft.prometheus = listenAddress(address, fail);
  },
  reload: ({ words: [interval = '30s'] }, draft, fail) => {
    draft.reload = interval === '0' ? undefined : Math.max(duration(interval, fail), 2000);
  },
  kubernetes: (directive, draft, fail) => {
    draft.kubernetes = kubernetes(directive, draft.zones, fail);
  },
  forward: (directive, draft, fail) => {
    draft.forwards = [...draft.forwards, forward(directive, fail)];
  },
  cache: (directive, draft, fail) => {
    draft.cache = cache(directive, fail);
  },
};

/** What a server block asks for. @throws CorefileError for a directive that is not understood, as CoreDNS does */
export function readServerBlock(block: ServerBlock, file: string): ServerConfiguration {
  const draft: Draft = {
    zones: block.zones,
    port: block.port,
    errors: false,
    log: false,
    health: undefined,
    ready: undefined,
    prometheus: undefined,
    kubernetes: undefined,
    forwards: [],
    cache: undefined,
    loop: false,
    reload: undefined,
    loadbalance: false,
  };
  for (const directive of block.directives) {
    const fail = (problem: string): never => {
      throw new CorefileError(file, directive.line, problem);
    };
    const read = Object.hasOwn(readers, directive.name) ? readers[directive.name] : undefined;
    if (read === undefined) fail(`Unknown directive '${directive.name}'`);
    else read(directive, draft, fail);
  }
  return draft;
}

function kubernetes(directive: Directive, zones: readonly string[], fail: (problem: string) => never) {
  const settings = {
    zones: directive.words.length > 0 ? directive.words.map(zoneName) : zones,
    podNames: false,
    fallthrough: [] as string[],
    ttl: 5,
  };
  for (const { name, words: given } of directive.block) {
    if (name === 'pods' && given.length === 1) {
      if (given[0] !== 'insecure' && given[0] !== 'disabled') fail(`invalid value for pods: ${given[0]}`);
      settings.podNames = given[0] === 'insecure';
    } else if (name === 'fallthrough') settings.fallthrough = given.length > 0 ? given.map(zoneName) : [''];
    else if (name === 'ttl' && given.length === 1) {
      settings.ttl = Number(given[0]);
      if (!/^\d+$/.test(given[0]!) || settings.ttl > 3600) fail('ttl must be in range [0, 3600]: ' + given[0]);
    } else fail(`unknown property '${name}'`);
  }
  return settings;
}

function forward({ words: given, block }: Directive, fail: (problem: string) => never): ForwardSettings {
  const [from = '', ...to] = given;
  if (to.length === 0) fail('Wrong argument count or unexpected line ending');
  for (const target of to) {
    const [, address = target] = /^(?:dns:\/\/)?([\d.]+)(?::\d+)?$/.exec(target) ?? [];
    if (!target.startsWith('/') && !isAddress(address)) fail(`not an IP address or file: "${target}"`);
  }
  const settings = {
    policy: 'random' as ForwardSettings['policy'],
    forceTcp: false,
    maxConcurrent: 0,
    except: [] as string[],
  };
  for (const { name, words: values } of block) {
    const [value = ''] = values;
    if (name === 'except') settings.except.push(...values.map(zoneName));
    else if (name === 'policy' && (value === 'random' || value === 'round_robin' || value === 'sequential'))
      settings.policy = value;
    else if (name === 'force_tcp' && values.length === 0) settings.forceTcp = true;
    else if (name === 'prefer_udp' && values.length === 0) settings.forceTcp = false;
    else if (name === 'max_concurrent' && /^\d{1,7}$/.test(value)) settings.maxConcurrent = Number(value);
    else fail(`unknown property '${name}'`);
  }
  return { from: zoneName(from), to: to.map((target) => target.replace(/^dns:\/\//, '')), ...settings };
}

function cache({ words: given, block }: Directive, fail: (problem: string) => never): CacheSettings {
  const [first = ''] = given;
  const whole = /^\d+$/.test(first) ? Number(first) : undefined;
  let success = { ttl: whole ?? 3600, capacity: 9984 };
  let denial = { ttl: whole ?? 1800, capacity: 9984 };
  for (const { name, words: values } of block) {
    if ((name !== 'success' && name !== 'denial') || !values.every((value) => /^\d{1,7}$/.test(value)))
      fail(`unknown property '${name}'`);
    const known = name === 'success' ? success : denial;
    const changed = { capacity: Number(values[0] ?? known.capacity), ttl: Number(values[1] ?? known.ttl) };
    if (name === 'success') success = changed;
    else denial = changed;
  }
  return { success, denial };
}

function zoneName(text: string): string {
  return text.replace(/\.$/, '').toLowerCase();
}

function listenAddress(text: string, fail: (problem: string) => never): ListenAddress {
  const match = /^([^:]*):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > 65_535) return fail(`not a valid address: ${text}`);
  return { host: match[1] === 'localhost' ? '127.0.0.1' : match[1] || '0.0.0.0', port: Number(match[2]) };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function duration(text: string, fail: (problem: string) => never): number {
  const match = /^(\d+)(ms|s|m|h)$/.exec(text);
  if (match === null) return fail(`time: invalid duration "${text}"`);
  return Number(match[1]) * units[match[2]!]!;
}
