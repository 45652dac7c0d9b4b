/** What a client wants of a log, as the kubelet's API takes it. */
export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  /** Milliseconds since 1970; lines before it are left out. */
  readonly since: number | undefined;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  readonly stream: 'stdout' | 'stderr' | undefined;
}

/** Reads the query of /containerLogs; `now` in milliseconds since 1970. Returns a text for what cannot be read. */
export function logOptions(query: URLSearchParams, now: number): LogOptions | string {
  const numbers = new Map<string, number>();
  for (const name of ['tailLines', 'limitBytes', 'sinceSeconds']) {
    const text = query.get(name);
    if (text === null || text === '') continue;
    if (!/^\d{1,15}$/.test(text))
      return `Unable to decode query: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`;
    numbers.set(name, Number(text));
  }
  const sinceTime = query.get('sinceTime');
  const seconds = numbers.get('sinceSeconds');
  const since = seconds !== undefined ? now - seconds * 1000 : sinceTime ? Date.parse(sinceTime) : undefined;
  if (Number.isNaN(since)) return `Unable to decode query: ${JSON.stringify(sinceTime)} is no time`;
  const stream = query.get('stream') ?? 'All';
  const is = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  return {
    follow: is('follow'),
    previous: is('previous'),
    timestamps: is('timestamps'),
    since,
    tailLines: numbers.get('tailLines'),
    limitBytes: numbers.get('limitBytes'),
    stream: stream === 'Stdout' ? 'stdout' : stream === 'Stderr' ? 'stderr' : undefined,
  };
}
