import type { Duplex } from 'node:stream';

/** Passes bytes both ways until one side ends; then both are closed. */
export function joined(one: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      from.on('error', () => from.destroy());
      from.once('close', () => {
        if (!to.destroyed) to.end(() => to.destroy());
        if (--open === 0) resolve();
      });
      from.pipe(to);
    }
    if (one.destroyed || other.destroyed) {
      one.destroy();
      other.destroy();
      resolve();
    }
  });
}
