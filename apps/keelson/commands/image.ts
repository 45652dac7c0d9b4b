import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, UsageError } from '../command-line.ts';
import { formatDuration } from '../progress.ts';
import { dataOption, runningRegion } from './running-region.ts';

export const imageLoadCommand: Command = {
  name: 'image load',
  usage: 'FILE [--as NAME] [--data DIR]',
  summary: 'Puts an OCI or Docker archive where every node finds it under its name; no registry is needed.',
  options: { ...dataOption, as: { type: 'string' } },
  words: [1, 1],
  run: async ([file], options) => {
    const path = resolve(file!);
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      throw new UsageError(`${path} cannot be read: ${(error as Error).message}`, 1);
    }
    const started = performance.now();
    const as = options.text('as');
    const region = runningRegion(options.text('data'));
    const loaded: { name: string; digest: string }[] = await region.ask('POST', '/images', {
      file: path,
      ...(as ? { as } : {}),
    });
    for (const { name, digest } of loaded) process.stdout.write(`${name}  ${digest}\n`);
    process.stdout.write(`Loaded in ${formatDuration(performance.now() - started)}.\n`);
    return 0;
  },
};
