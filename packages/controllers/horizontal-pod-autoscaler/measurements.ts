/** What the metrics APIs say: of pods (metrics.k8s.io), of objects (custom.metrics.k8s.io), of the world (external.metrics.k8s.io). */
import { messageOf } from '@keelson/base';
import { type Client, isNotFound, type ResourceRef } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import type { LabelSelector } from '@keelson/model/generated/types/meta-v1.ts';
import { quantityOrUndefined } from '@keelson/model/quantity/quantity.ts';
import { selectorFromObject } from '@keelson/model/selectors/label-selector.ts';

/** A pod's value at a time, gathered over a window before it: thousandths of a unit, and milliseconds. */
export interface Measurement {
  readonly value: number;
  readonly time: number;
  readonly window: number;
}

/** Measurements by pod. */
export type PodMeasurements = Map<string, Measurement>;

/** How a metric is called. */
export interface MetricName {
  readonly name: string;
  readonly selector?: LabelSelector;
}

const fallbackWindow = 60_000;

function thousandths(text: unknown): number {
  return Number(quantityOrUndefined(text)?.milliValue() ?? 0n);
}

/** `30s`, `1m0s`: milliseconds. */
function windowIn(text: unknown): number {
  const match = typeof text === 'string' ? /^(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(text) : null;
  const window = match ? (Number(match[1] ?? 0) * 60 + Number(match[2] ?? 0)) * 1000 : 0;
  return window > 0 ? window : fallbackWindow;
}

const timeIn = (text: unknown): number => Date.parse(typeof text === 'string' ? text : '') || 0;
const textOf = (selector: LabelSelector | undefined): string | undefined =>
  selector && selectorFromObject(selector).toString();

export class Measurements {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** @throws Error in upstream's words when the API is not there or says nothing */
  async #list(
    api: string,
    group: string,
    version: string,
    resource: string,
    options: { readonly namespace: string; readonly labelSelector?: string; readonly metricLabelSelector?: string },
  ): Promise<ApiObject[]> {
    const ref: ResourceRef = { group, version, kind: '', resource, namespaced: true };
    let items: readonly ApiObject[];
    try {
      ({ items } = await this.#client.resource(ref).list(options));
    } catch (thrown) {
      // Who asks for a group that nobody serves is told so by no object, but by the lack of a path.
      const absent = `the server could not find the requested resource (get ${resource.split('/')[0]}.${group})`;
      throw new Error(
        `unable to fetch metrics from ${api} metrics API: ${isNotFound(thrown) ? absent : messageOf(thrown)}`,
      );
    }
    if (items.length === 0) throw new Error(`no metrics returned from ${api} metrics API`);
    return [...items];
  }

  /** The use of a resource by the pods that a selector finds, or by one container of each. */
  async ofResource(
    resource: string,
    namespace: string,
    labelSelector: string,
    container: string | undefined,
  ): Promise<PodMeasurements> {
    const items = await this.#list('resource', 'metrics.k8s.io', 'v1beta1', 'pods', { namespace, labelSelector });
    const found: PodMeasurements = new Map();
    for (const item of items) {
      const containers: any[] = Array.isArray(item['containers']) ? item['containers'] : [];
      const counted = container === undefined ? containers : containers.filter(({ name }) => name === container);
      if (container !== undefined && counted.length === 0) {
        const { namespace: of, name } = item.metadata ?? {};
        throw new Error(
          `failed to get container metrics: container ${container} not present in metrics for pod ${of}/${name}`,
        );
      }
      // A pod that lacks the value of one container is not measured.
      if (!counted.every(({ usage }) => usage?.[resource] !== undefined)) continue;
      const value = counted.reduce((sum, { usage }) => sum + thousandths(usage[resource]), 0);
      const [time, window] = [timeIn(item['timestamp']), windowIn(item['window'])];
      found.set(item.metadata?.name ?? '', { value, time, window });
    }
    return found;
  }

  /** A metric of each pod that a selector finds. */
  async ofPods(metric: MetricName, namespace: string, labelSelector: string): Promise<PodMeasurements> {
    const path = `pods/*/${encodeURIComponent(metric.name)}`;
    const metricLabelSelector = textOf(metric.selector);
    const options = { namespace, labelSelector, ...(metricLabelSelector && { metricLabelSelector }) };
    const items = await this.#list('custom', 'custom.metrics.k8s.io', 'v1beta2', path, options);
    return new Map(
      items.map((item) => {
        const window = Number(item['windowSeconds'] ?? 0) * 1000 || fallbackWindow;
        const measured = { value: thousandths(item['value']), time: timeIn(item['timestamp']), window };
        return [String(item['describedObject']?.name ?? ''), measured];
      }),
    );
  }

  /** A metric of one object, in thousandths. `resource` is `ingresses.networking.k8s.io`, `services`. */
  async ofObject(metric: MetricName, namespace: string, resource: string, name: string): Promise<number> {
    const path = `${resource}/${encodeURIComponent(name)}/${encodeURIComponent(metric.name)}`;
    const metricLabelSelector = textOf(metric.selector);
    const options = { namespace, ...(metricLabelSelector && { metricLabelSelector }) };
    const [first] = await this.#list('custom', 'custom.metrics.k8s.io', 'v1beta2', path, options);
    return thousandths(first!['value']);
  }

  /** The sum of a metric of nothing in the cluster, in thousandths. */
  async ofWorld(metric: MetricName, namespace: string): Promise<number> {
    const labelSelector = textOf(metric.selector);
    const options = { namespace, ...(labelSelector && { labelSelector }) };
    const name = encodeURIComponent(metric.name);
    const items = await this.#list('external', 'external.metrics.k8s.io', 'v1beta1', name, options);
    return items.reduce((sum, item) => sum + thousandths(item['value']), 0);
  }
}
