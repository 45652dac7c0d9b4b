import { existsSync } from 'node:fs';

/** Where the store's worker is: beside the bundle when this is one, else where its own package has it. */
export function sqliteWorker(): { readonly workerUrl?: URL } {
  const bundled = new URL('./sqlite-worker.mjs', import.meta.url);
  return existsSync(bundled) ? { workerUrl: bundled } : {};
}
