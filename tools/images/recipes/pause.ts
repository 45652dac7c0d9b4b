import { pauseProgram } from '../pause-program.ts';
import type { Recipe } from '../recipe.ts';

/** `registry.k8s.io/pause:3.10`: the process that holds a pod's namespaces, as a program of a few hundred bytes. */
export function pauseRecipe(architecture: string): Recipe {
  return {
    name: 'pause',
    image: 'registry.k8s.io/pause:3.10',
    packages: [],
    inputs: () => [],
    arrange: (staging) => staging.file('pause', pauseProgram(architecture), 0o755),
    config: () => ({
      Entrypoint: ['/pause'],
      User: '65535:65535',
      WorkingDir: '/',
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    }),
  };
}
