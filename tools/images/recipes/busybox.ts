import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ImageBuildError, type Recipe, type Staging } from '../recipe.ts';
import { baseFiles, slim } from './base-files.ts';

/** Links every applet of the staged BusyBox into /bin, but for names that are there already. */
export function linkApplets(staging: Staging, taken: ReadonlySet<string> = new Set()): void {
  const { stdout, status } = spawnSync(join(staging.root, 'bin/busybox'), ['--list'], { encoding: 'utf8' });
  if (status !== 0) throw new ImageBuildError('the staged busybox does not run on this machine');
  for (const name of stdout.trim().split('\n')) {
    if (name !== 'busybox' && !taken.has(name)) staging.link(`bin/${name}`, 'busybox');
  }
  staging.link('usr/bin/env', '/bin/busybox');
}

/** `docker.io/library/busybox:latest` from Debian's busybox-static. */
export const busyboxRecipe: Recipe = {
  name: 'busybox',
  image: 'docker.io/library/busybox:latest',
  packages: ['busybox-static'],
  inputs: () => [],
  arrange: (staging) => {
    slim(staging);
    baseFiles(staging);
    linkApplets(staging);
    staging.folder('home');
    staging.folder('var/www');
  },
  config: () => ({ Cmd: ['sh'], Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'] }),
};
