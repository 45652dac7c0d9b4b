import type { ApiObject } from '../../../object.ts';
import type { StoredForm } from '../../../strategy.ts';
import type { Fields } from '../../core/pod/fields.ts';
import { defaultMetrics } from '../horizontal-pod-autoscaler/defaults.ts';
import { behaviorIn, behaviorText } from './behavior-annotation.ts';
import { newMetric, oldMetric } from './metric-forms.ts';
import { readAnnotationList } from './read-annotation.ts';

/** What autoscaling/v1 has no fields for stands in annotations. */
export const metricsAnnotation = 'autoscaling.alpha.kubernetes.io/metrics';
export const behaviorAnnotation = 'autoscaling.alpha.kubernetes.io/behavior';
export const currentMetricsAnnotation = 'autoscaling.alpha.kubernetes.io/current-metrics';
export const conditionsAnnotation = 'autoscaling.alpha.kubernetes.io/conditions';
const ANNOTATIONS = new Set([metricsAnnotation, behaviorAnnotation, currentMetricsAnnotation, conditionsAnnotation]);

const CONDITION = 'autoscaling/v1.HorizontalPodAutoscalerCondition';

const isCpu = (metric: Fields) => metric['type'] === 'Resource' && metric['resource']?.name === 'cpu';

function withAnnotations(metadata: Fields | undefined, more: Fields): Fields {
  const own = Object.entries(metadata?.['annotations'] ?? {}).filter(([name]) => !ANNOTATIONS.has(name));
  const annotations = { ...Object.fromEntries(own), ...more };
  const { annotations: _, ...rest } = metadata ?? {};
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
}

function toStored(object: Readonly<ApiObject>): ApiObject {
  const { apiVersion: _, kind: __, metadata, spec = {}, status, ...rest } = object as Fields;
  const annotations: Record<string, string> = metadata?.annotations ?? {};
  const { targetCPUUtilizationPercentage: percentage, ...fields } = spec;
  const target = { type: 'Utilization', averageUtilization: percentage };
  const metrics = [
    ...readAnnotationList('autoscaling/v1.MetricSpec', annotations[metricsAnnotation]).map((metric) =>
      newMetric(metric, 'target'),
    ),
    ...(percentage === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', target } }]),
  ];
  const behavior = annotations[behaviorAnnotation] && behaviorIn(annotations[behaviorAnnotation]);
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: withAnnotations(metadata, {}),
    spec: { ...fields, metrics: metrics.length > 0 ? metrics : defaultMetrics(), ...(behavior && { behavior }) },
    ...(status !== undefined && { status: storedStatus(status, annotations) }),
    ...rest,
  };
}

function storedStatus(status: Fields, annotations: Readonly<Record<string, string>>): Fields {
  const { currentCPUUtilizationPercentage: percentage, ...fields } = status;
  const current = { averageUtilization: percentage };
  const measured = readAnnotationList('autoscaling/v1.MetricStatus', annotations[currentMetricsAnnotation]).map(
    (metric) => newMetric(metric, 'current'),
  );
  if (measured.length === 0 && percentage !== undefined) {
    measured.push({ type: 'Resource', resource: { name: 'cpu', current } });
  }
  const conditions = readAnnotationList(CONDITION, annotations[conditionsAnnotation]);
  return {
    ...fields,
    ...(measured.length > 0 && { currentMetrics: measured }),
    ...(conditions.length > 0 && { conditions }),
  };
}

function fromStored(object: Readonly<ApiObject>): ApiObject {
  const { apiVersion: _, kind: __, metadata, spec = {}, status, ...rest } = object as Fields;
  const { metrics = [], behavior, ...fields } = spec;
  const { currentMetrics = [], conditions = [], ...reported } = status ?? {};
  const percentage = (metrics as Fields[]).find(isCpu)?.['resource'].target?.averageUtilization;
  const current = (currentMetrics as Fields[]).find(isCpu)?.['resource'].current?.averageUtilization;
  const others = (metrics as Fields[]).filter(
    (metric) => !isCpu(metric) || metric['resource'].target?.averageUtilization === undefined,
  );
  const text = (list: readonly Fields[], part: 'target' | 'current') =>
    JSON.stringify(list.map((metric) => oldMetric(metric, part)));
  const annotations = {
    ...(others.length > 0 && { [metricsAnnotation]: text(others, 'target') }),
    ...(behavior !== undefined && { [behaviorAnnotation]: behaviorText(behavior) }),
    ...(currentMetrics.length > 0 && { [currentMetricsAnnotation]: text(currentMetrics, 'current') }),
    ...(conditions.length > 0 && { [conditionsAnnotation]: JSON.stringify(conditions) }),
  };
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: withAnnotations(metadata, annotations),
    spec: { ...fields, ...(percentage !== undefined && { targetCPUUtilizationPercentage: percentage }) },
    ...(status !== undefined && {
      status: {
        currentReplicas: 0,
        ...reported,
        ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
      },
    }),
    ...rest,
  };
}

/** HorizontalPodAutoscalers are stored as those of autoscaling/v2, whichever version wrote them. */
export const secondVersionForm: StoredForm = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  toStored,
  fromStored,
};
