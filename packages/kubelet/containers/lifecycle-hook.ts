import { sleep, type World } from '@keelson/base';
import type { LifecycleHandler } from '@keelson/model/generated/types/core-v1.ts';
import type { Prober, ProbeTarget } from '../probes/prober.ts';
import { type Runtime, runtimeMessage } from '../runtime.ts';

const longestHook = 24 * 3_600_000;

/** Runs a postStart or preStop hook to its end. Resolves to undefined, or to what went wrong. */
export async function runHook(
  handler: LifecycleHandler,
  target: ProbeTarget,
  runtime: Runtime,
  prober: Prober,
  world: World,
  timeout = longestHook,
): Promise<string | undefined> {
  try {
    if (handler.exec) {
      const command = handler.exec.command ?? [];
      const { exitCode, stdout, stderr } = await runtime.execSync(target.containerId, command, timeout);
      if (exitCode === 0) return undefined;
      const output = Buffer.concat([stdout, stderr]).toString('utf8');
      return `command '${command.join(' ')}' exited with ${exitCode}: ${output}`;
    }
    if (handler.httpGet) await prober.get(handler.httpGet, target, Math.min(timeout, 30_000));
    else if (handler.sleep) await sleep(world.clock, Math.min(handler.sleep.seconds * 1000, timeout));
    return undefined;
  } catch (thrown) {
    return runtimeMessage(thrown);
  }
}
