import { messageOf, rfc3339 } from '@keelson/base';
import { isNotFound, keyOf, kubernetesResources, type ResourceRef, type SharedCache, splitKey } from '@keelson/client';
import { type Controller, type ControllerContext, canonicalJson } from '@keelson/controller-kit';
import type { HorizontalPodAutoscaler, MetricStatus } from '@keelson/model/generated/types/autoscaling-v2.ts';
import type { Pod } from '@keelson/model/generated/types/core-v1.ts';
import { quantityOrUndefined } from '@keelson/model/quantity/quantity.ts';
import { type LabelSelector, parseLabelSelector } from '@keelson/model/selectors/label-selector.ts';
import { Findings } from './conditions.ts';
import { allow, type Memory, noMemory, remember } from './limits.ts';
import { Measurements } from './measurements.ts';
import { type Evaluation, evaluate, type MetricContext, MetricError } from './metric.ts';
import type { Tolerances } from './replicas.ts';
import { type Scale, Targets } from './target.ts';

const { horizontalPodAutoscalers, pods } = kubernetesResources;
/** How often each autoscaler is looked at, in milliseconds; as upstream's --horizontal-pod-autoscaler-sync-period. */
const period = 15_000;
const defaultTolerance = 0.1;

/** What is scaled: the resource and its scale. */
interface Target {
  readonly ref: ResourceRef;
  readonly scale: Scale;
}

/** What the metrics ask for. */
interface Wish {
  readonly replicas: number;
  readonly name: string;
  readonly statuses: readonly MetricStatus[];
}

/** A pass that could not be finished, after the conditions told why. */
class Unable extends Error {}

/** Sets the replicas of what HorizontalPodAutoscalers name to what their metrics ask for. */
export class HorizontalPodAutoscalerController implements Controller {
  readonly name = 'horizontal-pod-autoscaler';
  #context!: ControllerContext;
  #autoscalers!: SharedCache<HorizontalPodAutoscaler>;
  #pods!: SharedCache<Pod>;
  #targets!: Targets;
  #measurements!: Measurements;
  readonly #memories = new Map<string, Memory>();
  /** What each autoscaler selected last, by its key. */
  readonly #selectors = new Map<string, LabelSelector>();

  start(context: ControllerContext): void {
    this.#context = context;
    this.#autoscalers = context.caches.of(horizontalPodAutoscalers);
    this.#pods = context.caches.of(pods);
    this.#targets = new Targets(context.client, context.world);
    this.#measurements = new Measurements(context.client);
    this.#autoscalers.onChange((before, now) => {
      const replaced = before !== undefined && before.metadata?.uid !== now?.metadata?.uid;
      if (replaced) {
        this.#memories.delete(keyOf(before));
        this.#selectors.delete(keyOf(before));
      }
      if (now !== undefined) context.queue.addAfter(keyOf(now), period);
    });
  }

  async reconcile(key: string): Promise<number | undefined> {
    const { namespace, name } = splitKey(key);
    const autoscaler = this.#autoscalers.get(namespace, name);
    if (autoscaler === undefined || autoscaler.metadata?.deletionTimestamp !== undefined) return undefined;
    try {
      await this.#sync(key, autoscaler);
    } catch (thrown) {
      // It was told where people look; the next pass comes in its time.
      if (!(thrown instanceof Unable)) throw thrown;
      this.#context.world.log.debug('an autoscaler could not decide', { key, error: thrown.message });
    }
    return period;
  }

  async #sync(key: string, autoscaler: HorizontalPodAutoscaler): Promise<void> {
    const now = this.#context.world.clock.now();
    const findings = new Findings(autoscaler.status?.conditions, now);
    const target = await this.#target(autoscaler, findings);
    const current = target.scale.spec?.replicas ?? 0;
    const memory = this.#memories.get(key) ?? { ...noMemory, wishes: [{ at: now, count: current }] };
    this.#memories.set(key, memory);
    const { minReplicas = 1, maxReplicas } = autoscaler.spec;
    let wish: Wish | undefined;
    let [replicas, reason] = [current, ''];
    if (current === 0 && minReplicas !== 0) {
      const text = 'scaling is disabled since the replica count of the target is zero';
      findings.set('ScalingActive', 'False', 'ScalingDisabled', text);
    } else if (current > maxReplicas) {
      [replicas, reason] = [maxReplicas, 'Current number of replicas above Spec.MaxReplicas'];
    } else if (current < minReplicas) {
      [replicas, reason] = [minReplicas, 'Current number of replicas below Spec.MinReplicas'];
    } else {
      wish = await this.#wish(autoscaler, target, findings, now);
      if (wish.replicas > current) reason = `${wish.name} above target`;
      if (wish.replicas < current) reason = 'All metrics below target';
      const allowance = allow(autoscaler, memory, current, wish.replicas, minReplicas, now);
      for (const { type, status, reason: why, message } of allowance.findings) findings.set(type, status, why, message);
      this.#memories.set(key, { ...memory, wishes: allowance.wishes });
      replicas = allowance.replicas;
    }
    const rescaled = replicas !== current;
    if (rescaled) {
      await this.#rescale(autoscaler, target, replicas, reason, findings);
      this.#memories.set(key, remember(this.#memories.get(key)!, current, replicas, now));
    }
    await this.#report(autoscaler, findings, {
      currentReplicas: current,
      desiredReplicas: replicas,
      currentMetrics: wish?.statuses,
      ...(rescaled && { lastScaleTime: rfc3339(now) }),
    });
  }

  #warn(autoscaler: HorizontalPodAutoscaler, reason: string, message: string): void {
    this.#context.recorder.event(autoscaler, 'Warning', reason, message);
  }

  async #target(autoscaler: HorizontalPodAutoscaler, findings: Findings): Promise<Target> {
    const { apiVersion, kind, name } = autoscaler.spec.scaleTargetRef;
    try {
      const ref = await this.#targets.resourceOf(apiVersion, kind);
      const scale = await this.#targets.read(ref, autoscaler.metadata!.namespace!, name);
      const text = "the HPA controller was able to get the target's current scale";
      findings.set('AbleToScale', 'True', 'SucceededGetScale', text);
      return { ref, scale };
    } catch (thrown) {
      const why = messageOf(thrown);
      this.#warn(autoscaler, 'FailedGetScale', why);
      const text = `the HPA controller was unable to get the target's current scale: ${why}`;
      findings.set('AbleToScale', 'False', 'FailedGetScale', text);
      await this.#report(autoscaler, findings, {});
      throw new Unable(why);
    }
  }

  /** The most that a metric asks for. When one fails, at least there are no fewer replicas for that. */
  async #wish(autoscaler: HorizontalPodAutoscaler, target: Target, findings: Findings, now: number): Promise<Wish> {
    const current = target.scale.spec?.replicas ?? 0;
    const context = await this.#metricContext(autoscaler, target, findings, now);
    const evaluations: Evaluation[] = [];
    const failures: MetricError[] = [];
    for (const spec of autoscaler.spec.metrics ?? []) {
      try {
        evaluations.push(await evaluate(context, spec));
      } catch (thrown) {
        if (!(thrown instanceof MetricError)) throw thrown;
        this.#warn(autoscaler, thrown.reason, thrown.detail);
        failures.push(thrown);
      }
    }
    const statuses = evaluations.map(({ status }) => status);
    const highest = evaluations.toSorted((left, right) => right.replicas - left.replicas)[0];
    const [first] = failures;
    if (highest === undefined || (first !== undefined && highest.replicas < current)) {
      const text = `the HPA was unable to compute the replica count: ${first?.detail ?? ''}`;
      findings.set('ScalingActive', 'False', first?.reason ?? 'InvalidMetricSourceType', text);
      await this.#report(autoscaler, findings, { currentReplicas: current, currentMetrics: statuses });
      const count = `${failures.length} invalid out of ${autoscaler.spec.metrics?.length ?? 0}`;
      const why = `invalid metrics (${count}), first error is: ${first?.message ?? ''}`;
      this.#warn(autoscaler, 'FailedComputeMetricsReplicas', why);
      throw new Unable(why);
    }
    const text = `the HPA was able to successfully calculate a replica count from ${highest.name}`;
    findings.set('ScalingActive', 'True', 'ValidMetricFound', text);
    return { replicas: highest.replicas, name: highest.name, statuses };
  }

  async #metricContext(
    autoscaler: HorizontalPodAutoscaler,
    { scale }: Target,
    findings: Findings,
    now: number,
  ): Promise<MetricContext> {
    const selector = scale.status?.selector ?? '';
    const matcher = await this.#selectorOf(autoscaler, selector, findings);
    const namespace = autoscaler.metadata!.namespace!;
    const selected = this.#pods.list(namespace).filter((pod) => matcher.matches(pod.metadata?.labels));
    await this.#requireAlone(autoscaler, selector, selected, findings);
    const current = scale.spec?.replicas ?? 0;
    return {
      autoscaler,
      measurements: this.#measurements,
      situation: { current, tolerances: tolerancesOf(autoscaler), pods: selected, now },
      present: scale.status?.replicas ?? 0,
      selector,
      resourceOf: async (apiVersion, kind) => {
        const { resource, group } = await this.#targets.resourceOf(apiVersion, kind);
        return group === '' ? resource : `${resource}.${group}`;
      },
    };
  }

  /** Gives up for this pass: no pods can be told. */
  async #refuse(
    autoscaler: HorizontalPodAutoscaler,
    findings: Findings,
    told: { readonly event: string; readonly reason: string; readonly message: string; readonly condition?: string },
  ): Promise<never> {
    this.#warn(autoscaler, told.event, told.message);
    findings.set('ScalingActive', 'False', told.reason, told.condition ?? told.message);
    await this.#report(autoscaler, findings, {});
    throw new Unable(told.message);
  }

  async #selectorOf(autoscaler: HorizontalPodAutoscaler, text: string, findings: Findings): Promise<LabelSelector> {
    const reason = 'InvalidSelector';
    if (text === '') {
      const condition = "the HPA target's scale is missing a selector";
      const message = 'selector is required';
      return this.#refuse(autoscaler, findings, { event: 'SelectorRequired', reason, message, condition });
    }
    try {
      return parseLabelSelector(text);
    } catch (thrown) {
      const message = `couldn't convert selector into a corresponding internal selector object: ${messageOf(thrown)}`;
      return this.#refuse(autoscaler, findings, { event: reason, reason, message });
    }
  }

  /** Two autoscalers that count the same pods would work against each other: neither does anything. */
  async #requireAlone(
    autoscaler: HorizontalPodAutoscaler,
    text: string,
    selected: readonly Pod[],
    findings: Findings,
  ): Promise<void> {
    const key = keyOf(autoscaler);
    this.#selectors.set(key, parseLabelSelector(text));
    const { namespace } = autoscaler.metadata!;
    const rivals = [...this.#selectors].filter(
      ([other, selector]) =>
        splitKey(other).namespace === namespace && selected.some((pod) => selector.matches(pod.metadata?.labels)),
    );
    if (!rivals.some(([other]) => other !== key)) return;
    const reason = 'AmbiguousSelector';
    const names = rivals.map(([other]) => other).sort();
    const message = `pods by selector ${text} are controlled by multiple HPAs: [${names.join(' ')}]`;
    await this.#refuse(autoscaler, findings, { event: reason, reason, message });
  }

  async #rescale(
    autoscaler: HorizontalPodAutoscaler,
    { ref, scale }: Target,
    replicas: number,
    reason: string,
    findings: Findings,
  ): Promise<void> {
    try {
      await this.#targets.write(ref, scale, replicas);
    } catch (thrown) {
      const why = messageOf(thrown);
      this.#warn(autoscaler, 'FailedRescale', `New size: ${replicas}; reason: ${reason}; error: ${why}`);
      const text = `the HPA controller was unable to update the target scale: ${why}`;
      findings.set('AbleToScale', 'False', 'FailedUpdateScale', text);
      await this.#report(autoscaler, findings, { currentReplicas: scale.spec?.replicas ?? 0 });
      throw new Unable(why);
    }
    const text = `the HPA controller was able to update the target scale to ${replicas}`;
    findings.set('AbleToScale', 'True', 'SucceededRescale', text);
    this.#context.recorder.event(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${replicas}; reason: ${reason}`);
  }

  /** Writes the status; what `changes` leaves out stays as it is, but for metrics that were not read. */
  async #report(
    autoscaler: HorizontalPodAutoscaler,
    findings: Findings,
    changes: {
      readonly currentReplicas?: number;
      readonly desiredReplicas?: number;
      readonly currentMetrics?: readonly MetricStatus[] | undefined;
      readonly lastScaleTime?: string;
    },
  ): Promise<void> {
    const { currentMetrics: read, ...rest } = changes;
    const { currentMetrics: _, ...before } = autoscaler.status ?? { desiredReplicas: 0 };
    const currentMetrics = [...(read ?? [])];
    const status = {
      ...before,
      ...rest,
      ...(currentMetrics.length > 0 && { currentMetrics }),
      conditions: findings.conditions,
    };
    if (canonicalJson(status) === canonicalJson(autoscaler.status)) return;
    await this.#context.client
      .resource(horizontalPodAutoscalers)
      .updateStatus({ ...autoscaler, status })
      .catch((thrown) => {
        if (!isNotFound(thrown)) throw thrown;
      });
  }
}

function tolerancesOf({ spec }: HorizontalPodAutoscaler): Tolerances {
  const share = (text: string | undefined) => {
    const quantity = quantityOrUndefined(text);
    return quantity === undefined ? defaultTolerance : Number(quantity.milliValue()) / 1000;
  };
  return { up: share(spec.behavior?.scaleUp?.tolerance), down: share(spec.behavior?.scaleDown?.tolerance) };
}
