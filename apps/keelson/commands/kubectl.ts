import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { type Command, UsageError } from '../command-line.ts';
import { dataDirectory } from '../data-directory.ts';
import { keepAwake } from '../process/background-process.ts';

/** Passes everything on: also --help is kubectl's. */
export const kubectlCommand: Command = {
  name: 'kubectl',
  usage: '…',
  summary: 'kubectl with the kubeconfig of this region.',
  options: {},
  words: 'passThrough',
  run: async (words) => {
    const kubeconfig = `${dataDirectory(undefined).path}/kubeconfig`;
    if (!existsSync(kubeconfig))
      throw new UsageError("there is no kubeconfig yet; 'keelson create cluster NAME' makes one", 1);
    const child = spawn('kubectl', [...words], { stdio: 'inherit', env: { ...process.env, KUBECONFIG: kubeconfig } });
    return keepAwake(
      new Promise<number>((resolve, reject) => {
        child.once('error', (error: NodeJS.ErrnoException) =>
          reject(error.code === 'ENOENT' ? new UsageError('kubectl is not installed, or not on the PATH', 127) : error),
        );
        child.once('exit', (code, signal) => resolve(signal ? 128 + constants.signals[signal] : (code ?? 1)));
      }),
    );
  },
};
