/** Counts and durations in Prometheus' text form (https://prometheus.io/docs/instrumenting/exposition_formats/). */

type Labels = Readonly<Record<string, string>>;

/** Label combinations that one metric keeps; what comes beyond is counted under `overflow`. */
const seriesLimit = 2000;

/** Labels as they are printed: `{verb="GET"}`. */
export function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** What can be printed. */
export interface Metric {
  lines(): Iterable<string>;
}

/** A number that grows, by labels. */
export class Counter implements Metric {
  readonly #head: string;
  readonly #name: string;
  readonly #series = new Map<string, number>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#head = `# HELP ${name} ${help}\n# TYPE ${name} counter`;
  }

  /** @param labels or their text, which a caller may keep */
  add(labels: Labels | string, amount = 1): void {
    const text = typeof labels === 'string' ? labels : labelText(labels);
    const key = this.#series.has(text) || this.#series.size < seriesLimit ? text : '{overflow="true"}';
    this.#series.set(key, (this.#series.get(key) ?? 0) + amount);
  }

  *lines(): Iterable<string> {
    yield this.#head;
    for (const [labels, value] of this.#series) yield `${this.#name}${labels} ${value}`;
  }
}

/** A number that is read when somebody looks. */
export class Gauge implements Metric {
  readonly #head: string;
  readonly #name: string;
  readonly #read: () => Iterable<readonly [Labels, number]>;

  /** @param type `counter` for a number that only grows */
  constructor(
    name: string,
    help: string,
    read: () => Iterable<readonly [Labels, number]>,
    type: 'gauge' | 'counter' = 'gauge',
  ) {
    this.#name = name;
    this.#head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}`;
    this.#read = read;
  }

  *lines(): Iterable<string> {
    yield this.#head;
    for (const [labels, value] of this.#read()) yield `${this.#name}${labelText(labels)} ${value}`;
  }
}

interface Distribution {
  readonly labels: Labels;
  readonly counts: number[];
  sum: number;
  count: number;
}

/** Durations in seconds, by labels. */
export class Histogram implements Metric {
  readonly #head: string;
  readonly #name: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Distribution>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#head = `# HELP ${name} ${help}\n# TYPE ${name} histogram`;
    this.#bounds = bounds;
  }

  observe(labels: Labels, value: number, text: string = labelText(labels)): void {
    let found = this.#series.get(text);
    if (found === undefined) {
      if (this.#series.size >= seriesLimit) return;
      found = { labels, counts: this.#bounds.map(() => 0), sum: 0, count: 0 };
      this.#series.set(text, found);
    }
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at >= 0) found.counts[at]!++;
    found.sum += value;
    found.count++;
  }

  *lines(): Iterable<string> {
    yield this.#head;
    for (const [text, { labels, counts, sum, count }] of this.#series) {
      let below = 0;
      for (const [index, bound] of this.#bounds.entries()) {
        below += counts[index]!;
        yield `${this.#name}_bucket${labelText({ ...labels, le: String(bound) })} ${below}`;
      }
      yield `${this.#name}_bucket${labelText({ ...labels, le: '+Inf' })} ${count}`;
      yield `${this.#name}_sum${text} ${sum}`;
      yield `${this.#name}_count${text} ${count}`;
    }
  }
}

/** All metrics as one text. */
export function metricsText(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const metric of metrics) lines.push(...metric.lines());
  return `${lines.join('\n')}\n`;
}
