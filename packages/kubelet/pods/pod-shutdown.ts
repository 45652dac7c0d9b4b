import { sleep } from '@keelson/base';
import type { Container, Pod } from '@keelson/model/generated/types/core-v1.ts';
import { runHook } from '../containers/lifecycle-hook.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import { type Runtime, type RuntimeContainer, type RuntimePod, runtimeMessage } from '../runtime.ts';
import type { PodEvents } from './pod-events.ts';
import { isSidecar } from './pod-plan.ts';
import { allContainers } from './quality-of-service.ts';

/** A stop signal is followed by SIGKILL after at least this many seconds, even when the hook took all the time. */
const leastGrace = 2;

export interface StopRequest {
  readonly pod: Pod;
  readonly container: RuntimeContainer;
  /** The Killing Event; '' for the usual words. */
  readonly message: string;
  readonly graceSeconds: number;
  readonly events: PodEvents;
  readonly address: string;
}

/** Ends one container: preStop hook, stop signal, and SIGKILL when `graceSeconds` are over. */
export async function stopContainer(request: StopRequest, context: KubeletContext): Promise<void> {
  const { pod, container, graceSeconds, events, message } = request;
  const { clock } = context.world;
  events.container(container.name, 'Normal', 'Killing', message || `Stopping container ${container.name}`);
  const began = clock.monotonic();
  const spec = allContainers(pod).find(({ name }) => name === container.name);
  if (spec?.lifecycle?.preStop && graceSeconds > 0) await preStop(spec, request, context);
  const left = graceSeconds - (clock.monotonic() - began) / 1000;
  const grace = graceSeconds > 0 ? Math.max(Math.ceil(left), leastGrace) : 0;
  await context.runtime.stopContainer(
    container.id,
    graceSeconds > 0 ? Math.min(grace, Math.max(graceSeconds, leastGrace)) : 0,
  );
}

async function preStop(spec: Container, request: StopRequest, context: KubeletContext): Promise<void> {
  const { pod, container, graceSeconds, events, address } = request;
  const target = { pod, container: spec, containerId: container.id, address };
  const { runtime, prober, world } = context;
  const limit = graceSeconds * 1000;
  const over = new AbortController();
  const hook = runHook(spec.lifecycle!.preStop!, target, runtime, prober, world, limit);
  const failure = await Promise.race([hook, sleep(world.clock, limit, over.signal).then(() => 'unfinished')]);
  over.abort();
  if (failure === 'unfinished') {
    const text = `PreStop hook not completed in grace period`;
    events.container(container.name, 'Warning', 'UnfinishedPreStopHook', text);
  } else if (failure !== undefined)
    events.container(container.name, 'Warning', 'FailedPreStopHook', 'PreStopHook failed');
}

/**
 * Ends everything that runs of a pod within `graceSeconds`: all containers at once, and then the sidecars, the last one
 * first. Rejects when the runtime refuses.
 */
export async function stopAllContainers(
  pod: Pod,
  runtimePod: RuntimePod,
  graceSeconds: number,
  events: PodEvents,
  context: KubeletContext,
): Promise<void> {
  const { clock } = context.world;
  const began = clock.monotonic();
  const address = runtimePod.sandboxes[0]?.addresses[0] ?? context.hostAddresses()[0] ?? '';
  const running = runtimePod.containers.filter(({ state }) => state === 'running' || state === 'unknown');
  const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
  const stop = (container: RuntimeContainer) => {
    const left = Math.max(graceSeconds - (clock.monotonic() - began) / 1000, 0);
    return stopContainer({ pod, container, message: '', graceSeconds: left, events, address }, context);
  };
  const main = running.filter(({ name }) => !sidecars.includes(name));
  const results = await Promise.allSettled(main.map(stop));
  for (const name of sidecars.reverse())
    for (const container of running.filter((one) => one.name === name))
      results.push(...(await Promise.allSettled([stop(container)])));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw new Error(runtimeMessage(failed.reason));
}

/** Shortens the termination of a pod's containers that is under way. */
export async function hurryContainers(uid: string, graceSeconds: number, runtime: Runtime): Promise<void> {
  const { containers } = await runtime.pod(uid);
  const running = containers.filter(({ state }) => state === 'running');
  await Promise.all(running.map(({ id }) => runtime.stopContainer(id, graceSeconds)));
}
