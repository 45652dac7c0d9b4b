import type { Operation, ServiceTable } from './service-table.ts';

export interface RouteMatch {
  readonly operation: Operation;
  /** Path labels, percent-decoded. */
  readonly labels: Readonly<Record<string, string>>;
}

interface Route {
  readonly method: string;
  readonly operation: string;
  readonly segments: readonly Segment[];
}

type Segment = { readonly literal: string } | { readonly label: string; readonly greedy: boolean };

/** The operations of a restJson1 service by method and path. A literal segment wins over a label. */
export class RouteTable {
  readonly #table: ServiceTable;
  readonly #routes: readonly Route[];

  constructor(table: ServiceTable) {
    this.#table = table;
    this.#routes = Object.entries(table.raw.operations)
      .filter(([, raw]) => raw.http !== undefined)
      .map(([operation, raw]) => ({ operation, method: raw.http![0], segments: segmentsOf(raw.http![1]) }))
      .sort((left, right) => literals(right) - literals(left));
  }

  /** The operation at `path` (without query, as sent); undefined when there is none, or a label cannot be decoded. */
  match(method: string, path: string): RouteMatch | undefined {
    const parts = path.replace(/\/+$/, '').split('/').slice(1);
    for (const route of this.#routes) {
      const labels = route.method === method ? matchSegments(route.segments, parts) : undefined;
      if (labels !== undefined) return { operation: this.#table.operation(route.operation)!, labels };
    }
    return undefined;
  }
}

function segmentsOf(template: string): Segment[] {
  const path = template.split('?')[0]!;
  return path
    .split('/')
    .slice(1)
    .map((part) => {
      if (!part.startsWith('{')) return { literal: part };
      const greedy = part.endsWith('+}');
      return { label: part.slice(1, greedy ? -2 : -1), greedy };
    });
}

function literals(route: Route): number {
  return route.segments.filter((segment) => 'literal' in segment).length;
}

function matchSegments(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined {
  const last = segments.at(-1);
  const greedy = last !== undefined && 'label' in last && last.greedy;
  if (greedy ? parts.length < segments.length : parts.length !== segments.length) return undefined;
  const labels: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = 'greedy' in segment && segment.greedy ? parts.slice(index).join('/') : parts[index]!;
    if ('literal' in segment) {
      if (part !== segment.literal) return undefined;
      continue;
    }
    const decoded = decodeSegment(part);
    if (decoded === undefined || decoded === '') return undefined;
    labels[segment.label] = decoded;
  }
  return labels;
}

function decodeSegment(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
