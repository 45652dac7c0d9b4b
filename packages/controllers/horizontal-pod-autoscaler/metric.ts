import { messageOf } from '@keelson/base';
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
} from '@keelson/model/generated/types/autoscaling-v2.ts';
import { Quantity, quantityOrUndefined } from '@keelson/model/quantity/quantity.ts';
import type { Measurements } from './measurements.ts';
import { byAverage, byShare, byUtilization, byValue, type Proposal, type Situation } from './replicas.ts';

/** What one metric asks for, and how that is told. */
export interface Evaluation {
  readonly replicas: number;
  /** As in `<name> above target`. */
  readonly name: string;
  readonly status: MetricStatus;
}

/** A metric that could not be used. */
export class MetricError extends Error {
  /** The reason of the condition and of the Event: `FailedGetResourceMetric`. */
  readonly reason: string;
  /** What went wrong itself, without what the caller makes of it. */
  readonly detail: string;

  constructor(reason: string, detail: string, message: string) {
    super(message);
    this.reason = reason;
    this.detail = detail;
  }
}

/** What a metric is evaluated with. */
export interface MetricContext {
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly measurements: Measurements;
  readonly situation: Situation;
  /** How many replicas the target says that there are. */
  readonly present: number;
  /** The pods of the target, as a label selector. */
  readonly selector: string;
  /** The plural of a kind, with its group: `ingresses.networking.k8s.io`. */
  readonly resourceOf: (apiVersion: string | undefined, kind: string) => Promise<string>;
}

const amount = (text: string | undefined): number => Number(quantityOrUndefined(text)?.milliValue() ?? 0n);
const text = (thousandths: number | undefined): string =>
  new Quantity(BigInt(Math.round(thousandths ?? 0)) * 1_000_000n).toString();

async function resourceProposal(
  context: MetricContext,
  resource: string,
  target: MetricTarget,
  container: string | undefined,
): Promise<Proposal> {
  const { measurements, situation, selector, autoscaler } = context;
  const measure = async () => {
    try {
      return await measurements.ofResource(resource, autoscaler.metadata!.namespace!, selector, container);
    } catch (thrown) {
      throw new Error(`unable to get metrics for resource ${resource}: ${messageOf(thrown)}`);
    }
  };
  const what = target.averageValue === undefined ? 'utilization' : 'usage';
  try {
    if (target.averageValue !== undefined) {
      return byAverage(situation, await measure(), amount(target.averageValue), resource);
    }
    return byUtilization(situation, await measure(), target.averageUtilization ?? 80, resource, container);
  } catch (thrown) {
    throw new Error(`failed to get ${resource} ${what}: ${messageOf(thrown)}`);
  }
}

async function evaluateResource(
  context: MetricContext,
  source: { readonly name: string; readonly target: MetricTarget; readonly container?: string },
  type: 'Resource' | 'ContainerResource',
): Promise<Evaluation> {
  const { name, target, container } = source;
  const proposal = await resourceProposal(context, name, target, container);
  const current = {
    averageValue: text(proposal.average),
    ...(proposal.utilization !== undefined && { averageUtilization: proposal.utilization }),
  };
  const prefix = type === 'Resource' ? `${name} resource` : `${name} container resource`;
  const share = target.averageValue === undefined ? ' utilization (percentage of request)' : '';
  const status: MetricStatus =
    type === 'Resource'
      ? { type, resource: { name, current } }
      : { type, containerResource: { name, container: container!, current } };
  return { replicas: proposal.replicas, name: `${prefix}${share}`, status };
}

async function evaluatePods(
  { situation, measurements, selector, autoscaler }: MetricContext,
  { pods }: MetricSpec,
): Promise<Evaluation> {
  const { metric, target } = pods!;
  const measured = await measurements.ofPods(metric, autoscaler.metadata!.namespace!, selector);
  const { replicas, average } = byAverage(situation, measured, amount(target.averageValue), '');
  const status: MetricStatus = { type: 'Pods', pods: { metric, current: { averageValue: text(average) } } };
  return { replicas, name: `pods metric ${metric.name}`, status };
}

/** A whole value against a target for all, or for each replica. */
function proposalFor({ situation, present }: MetricContext, value: number, target: MetricTarget) {
  const shared = target.averageValue !== undefined && target.type !== 'Value';
  const proposal = shared
    ? byShare(situation, value, amount(target.averageValue), present)
    : byValue(situation, value, amount(target.value));
  const current = shared ? { averageValue: text(proposal.average) } : { value: text(proposal.value) };
  return { replicas: proposal.replicas, current };
}

async function evaluateObject(context: MetricContext, { object }: MetricSpec): Promise<Evaluation> {
  const { metric, describedObject, target } = object!;
  const { measurements, resourceOf, autoscaler } = context;
  const resource = await resourceOf(describedObject.apiVersion, describedObject.kind);
  const namespace = autoscaler.metadata!.namespace!;
  const value = await measurements.ofObject(metric, namespace, resource, describedObject.name);
  const { replicas, current } = proposalFor(context, value, target);
  const name = `${describedObject.kind} metric ${metric.name}`;
  return { replicas, name, status: { type: 'Object', object: { metric, describedObject, current } } };
}

async function evaluateExternal(context: MetricContext, { external }: MetricSpec): Promise<Evaluation> {
  const { metric, target } = external!;
  const value = await context.measurements.ofWorld(metric, context.autoscaler.metadata!.namespace!);
  const { replicas, current } = proposalFor(context, value, target);
  const selector = metric.selector === undefined ? 'nil' : `&LabelSelector${JSON.stringify(metric.selector)}`;
  const name = `external metric ${metric.name}(${selector})`;
  return { replicas, name, status: { type: 'External', external: { metric, current } } };
}

/** @throws MetricError */
export async function evaluate(context: MetricContext, spec: MetricSpec): Promise<Evaluation> {
  const { type } = spec;
  const attempt = async (reason: string, what: string, work: () => Promise<Evaluation>): Promise<Evaluation> => {
    try {
      return await work();
    } catch (thrown) {
      const cause = messageOf(thrown);
      throw new MetricError(reason, cause, `failed to get ${what} metric value: ${cause}`);
    }
  };
  switch (type) {
    case 'Resource':
      return attempt('FailedGetResourceMetric', `${spec.resource!.name} resource`, () =>
        evaluateResource(context, spec.resource!, type),
      );
    case 'ContainerResource':
      return attempt('FailedGetContainerResourceMetric', `${spec.containerResource!.name} container`, () =>
        evaluateResource(context, spec.containerResource!, type),
      );
    case 'Pods':
      return attempt('FailedGetPodsMetric', 'pods', () => evaluatePods(context, spec));
    case 'Object':
      return attempt('FailedGetObjectMetric', 'object', () => evaluateObject(context, spec));
    case 'External':
      return attempt('FailedGetExternalMetric', 'external', () => evaluateExternal(context, spec));
    default: {
      const cause = `unknown metric source type ${JSON.stringify(type)}`;
      throw new MetricError('InvalidMetricSourceType', cause, cause);
    }
  }
}
