import type { InFlight } from '../request/in-flight-count.ts';
import type { RequestInfo } from '../request/request-info.ts';
import type { ResourceCaches } from '../storage/resource-caches.ts';
import { Counter, Gauge, Histogram, labelText, type Metric, metricsText } from './metrics.ts';

/** Upper bounds of the buckets, in seconds, as kube-apiserver has them. */
const durations = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const verbs: Readonly<Record<string, string>> = {
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
};

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly text: string;
  /** The text with a code. */
  readonly counted: Map<number, string>;
}

/** Texts kept: what clients ask for beyond what is served must not fill the memory. */
const seriesKept = 1000;

/** What GET /metrics says, under upstream's names. */
export class ServerMetrics {
  readonly #requests = new Counter(
    'apiserver_request_total',
    'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
  );
  readonly #seconds = new Histogram(
    'apiserver_request_duration_seconds',
    'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
    durations,
  );
  readonly #series = new Map<string, Series>();
  readonly #gauges: readonly Gauge[];
  readonly #more: () => readonly Metric[];
  /** Whether a resource is served: the labels of what is not would be the client's to choose. */
  readonly #known: (info: RequestInfo) => boolean;

  constructor(options: {
    caches: ResourceCaches;
    inFlight: () => InFlight;
    started: number;
    known: (info: RequestInfo) => boolean;
    /** Metrics of other parts. */
    more: () => readonly Metric[];
  }) {
    this.#more = options.more;
    this.#known = options.known;
    this.#gauges = gaugesOf(options.caches, options.inFlight, options.started);
  }

  /** Counts an answered request that took `seconds`. */
  count(info: RequestInfo, code: number, seconds: number): void {
    const series = this.#seriesOf(info);
    let counted = series.counted.get(code);
    if (counted === undefined) {
      counted = labelText({ ...series.labels, code: String(code) });
      series.counted.set(code, counted);
    }
    this.#requests.add(counted);
    if (info.verb !== 'watch') this.#seconds.observe(series.labels, seconds, series.text);
  }

  /** The labels of a request and their texts, which are made once. */
  #seriesOf(info: RequestInfo): Series {
    const { verb, group, version, resource, subresource, named, namespace } = info;
    const key = `${verb} ${group} ${version} ${resource} ${subresource} ${named} ${namespace !== ''}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      const labels = this.#labels(info);
      series = { labels, text: labelText(labels), counted: new Map() };
      if (this.#series.size >= seriesKept) this.#series.clear();
      this.#series.set(key, series);
    }
    return series;
  }

  text(): string {
    return metricsText([this.#requests, this.#seconds, ...this.#gauges, ...this.#more()]);
  }

  #labels(info: RequestInfo): Record<string, string> {
    const verb = verbs[info.verb] ?? 'other';
    const known = info.resourceRequest && this.#known(info);
    const scope = !known ? '' : info.named ? 'resource' : info.namespace === '' ? 'cluster' : 'namespace';
    return {
      verb: info.resourceRequest ? verb : (verbs[info.verb] ?? info.verb.toUpperCase().slice(0, 8)),
      dry_run: '',
      group: known ? info.group : '',
      version: known ? info.version : '',
      resource: known ? info.resource : '',
      subresource: known ? info.subresource : '',
      scope,
      component: 'apiserver',
    };
  }
}

function gaugesOf(caches: ResourceCaches, inFlight: () => InFlight, started: number): Gauge[] {
  return [
    new Gauge('apiserver_current_inflight_requests', 'Requests being answered, by kind.', () => [
      [{ request_kind: 'readOnly' }, inFlight().reading],
      [{ request_kind: 'mutating' }, inFlight().mutating],
    ]),
    new Gauge('apiserver_longrunning_requests', 'Watches and other requests that last.', () => [
      [{ component: 'apiserver' }, inFlight().longRunning],
    ]),
    new Gauge('apiserver_storage_objects', 'Stored objects, by resource.', () =>
      [...caches.all()].map((cache) => [{ resource: cache.name }, cache.size] as const),
    ),
    new Gauge('apiserver_longrunning_watchers', 'Watchers of the cache, by resource.', () =>
      [...caches.all()].map((cache) => [{ resource: cache.name }, cache.watchers] as const),
    ),
    new Gauge('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', () => {
      const { user, system } = process.cpuUsage();
      return [[{}, (user + system) / 1e6]];
    }),
    new Gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', () => [
      [{}, process.memoryUsage.rss()],
    ]),
    new Gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', () => [
      [{}, started / 1000],
    ]),
  ];
}
