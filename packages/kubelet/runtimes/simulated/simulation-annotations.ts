/** How a simulated container behaves once it runs. */
export interface ContainerScript {
  /** Milliseconds after which it ends by itself; undefined: it runs until it is stopped. */
  readonly runsFor: number | undefined;
  readonly exitCode: number;
  /** It goes on after its stop signal until it is killed. */
  readonly ignoresStop: boolean;
}

const prefix = 'simulation.keelson.dev/';
const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** An init container that is told nothing else is done so soon. */
const initDefault = 500;

/**
 * What a pod's annotations say of a container. `simulation.keelson.dev/run-for: 30s` (ms, s, m, h) lets it end by itself,
 * `simulation.keelson.dev/exit-code: "1"` says how, and `simulation.keelson.dev/ignore-stop: "true"` makes it deaf to its
 * stop signal. `simulation.keelson.dev/<container>.run-for` and so on speak of one container alone.
 */
export function scriptOf(
  annotations: Readonly<Record<string, string>>,
  container: string,
  endsByItself = false,
): ContainerScript {
  const value = (name: string): string | undefined => {
    const own = annotations[`${prefix}${container}.${name}`];
    return own ?? (endsByItself ? undefined : annotations[prefix + name]);
  };
  const exitCode = Number(value('exit-code') ?? '0');
  return {
    runsFor: milliseconds(value('run-for')) ?? (endsByItself ? initDefault : undefined),
    exitCode: Number.isInteger(exitCode) && exitCode >= 0 && exitCode <= 255 ? exitCode : 1,
    ignoresStop: value('ignore-stop') === 'true',
  };
}

function milliseconds(text: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text ?? '');
  return match === null ? undefined : Number(match[1]) * units[match[2]!]!;
}
