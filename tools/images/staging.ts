import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Staging } from './recipe.ts';

/** Writes below `root`, with modes that do not depend on the umask. */
export function stagingAt(root: string): Staging {
  const place = (path: string): string => {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    return target;
  };
  return {
    root,
    file: (path, content, mode = 0o644) => {
      const target = place(path);
      rmSync(target, { force: true });
      writeFileSync(target, content);
      chmodSync(target, mode);
    },
    folder: (path, mode = 0o755) => {
      const target = place(path);
      mkdirSync(target, { recursive: true });
      chmodSync(target, mode);
    },
    link: (path, target) => {
      const from = place(path);
      rmSync(from, { force: true });
      symlinkSync(target, from);
    },
    copy: (from, path, mode = 0o755) => {
      const target = place(path);
      copyFileSync(from, target);
      chmodSync(target, mode);
    },
  };
}
