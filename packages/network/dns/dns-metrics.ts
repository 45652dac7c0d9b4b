import type { PlainAnswer } from '../observe/http-endpoint.ts';
import { responseCodes } from './message.ts';
import type { QueryCounts } from './query-handler.ts';
import type { ServerConfiguration } from './server-configuration.ts';

interface Counted {
  readonly configuration: ServerConfiguration;
  readonly counts: QueryCounts;
}

const names = new Map<number, string>(Object.entries(responseCodes).map(([name, code]) => [code, name]));

/** The counters under CoreDNS' names, in Prometheus' text form. */
export function dnsMetrics(blocks: readonly Counted[]): PlainAnswer {
  const labels = ({ configuration }: Counted) =>
    `server="dns://:${configuration.port}",zone="${configuration.zones[0] || '.'}"`;
  const responses = blocks.flatMap((block) =>
    [...block.counts.byCode].map(
      ([code, count]) => `coredns_dns_responses_total{${labels(block)},rcode="${names.get(code) ?? code}"} ${count}`,
    ),
  );
  const caches = blocks.flatMap((block) => [
    `coredns_cache_hits_total{${labels(block)}} ${block.counts.cacheHits}`,
    `coredns_cache_misses_total{${labels(block)}} ${block.counts.cacheMisses}`,
  ]);
  const lines = [
    '# HELP coredns_dns_responses_total Answers by their code.',
    '# TYPE coredns_dns_responses_total counter',
    ...responses,
    '# TYPE coredns_cache_hits_total counter',
    ...caches.filter((line) => line.startsWith('coredns_cache_hits')),
    '# TYPE coredns_cache_misses_total counter',
    ...caches.filter((line) => line.startsWith('coredns_cache_misses')),
  ];
  return {
    status: 200,
    body: `${lines.join('\n')}\n`,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
  };
}
