import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Staging } from '../recipe.ts';

const users = [
  'root:x:0:0:root:/root:/bin/sh',
  'daemon:x:1:1:daemon:/usr/sbin:/bin/false',
  'www-data:x:33:33:www-data:/var/www:/bin/false',
  'nobody:x:65534:65534:nobody:/nonexistent:/bin/false',
];
const groups = ['root:x:0:', 'daemon:x:1:', 'www-data:x:33:', 'nogroup:x:65534:'];

/** What every image has: users, name resolution, and the folders that programs expect. */
export function baseFiles(
  staging: Staging,
  more: { readonly users?: string[]; readonly groups?: string[] } = {},
): void {
  staging.file('etc/passwd', `${[...users, ...(more.users ?? [])].join('\n')}\n`);
  staging.file('etc/group', `${[...groups, ...(more.groups ?? [])].join('\n')}\n`);
  staging.file('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  staging.folder('root', 0o700);
  staging.folder('tmp', 0o1777);
  staging.folder('run');
  staging.folder('var/tmp', 0o1777);
  staging.link('var/run', '/run');
}

/** Takes away what a container has no use for; the packages' licences stay. */
export function slim(staging: Staging): void {
  const paths = [
    'usr/share/man',
    'usr/share/locale',
    'usr/share/lintian',
    'usr/share/info',
    'usr/share/bash-completion',
    'usr/share/initramfs-tools',
    'usr/lib/*/gconv',
    'lib/systemd',
    'usr/lib/systemd',
    'etc/init.d',
    'etc/logrotate.d',
    'etc/cron.*',
    'usr/share/doc/*/!(copyright)',
  ];
  for (const pattern of paths) {
    for (const path of globSync(pattern, { cwd: staging.root }))
      rmSync(join(staging.root, path), { recursive: true, force: true });
  }
}
