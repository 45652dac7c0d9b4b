import type { Recipe } from '../recipe.ts';
import { requireLibraries } from '../shared-libraries.ts';
import { baseFiles, slim } from './base-files.ts';
import { linkApplets } from './busybox.ts';

const mainConfiguration = `user nginx;
worker_processes auto;
error_log /var/log/nginx/error.log notice;
pid /var/run/nginx.pid;

events {
  worker_connections 1024;
}

http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
  access_log /var/log/nginx/access.log main;
  sendfile on;
  keepalive_timeout 65;
  include /etc/nginx/conf.d/*.conf;
}
`;

const defaultServer = `server {
  listen 80;
  listen [::]:80;
  server_name localhost;

  location / {
    root /usr/share/nginx/html;
    index index.html index.htm;
  }

  error_page 500 502 503 504 /50x.html;
  location = /50x.html {
    root /usr/share/nginx/html;
  }
}
`;

/** Runs the scripts of /docker-entrypoint.d, as the image of this name does, and becomes the command. */
const entrypoint = `#!/bin/sh
set -e
case "$1" in
  nginx | nginx-debug)
    for script in /docker-entrypoint.d/*.sh; do
      if [ -x "$script" ]; then "$script"; fi
    done
    ;;
esac
exec "$@"
`;

/** Makes a page that tells pods apart, and one test run from another: PAGE_NONCE and the pod's name. */
const pageScript = `#!/bin/sh
set -e
if [ -n "$PAGE_NONCE" ]; then
  printf '%s %s\\n' "$PAGE_NONCE" "$(hostname)" > /usr/share/nginx/html/index.html
fi
`;

/** Containers without IPv6 cannot bind [::]. */
const familyScript = `#!/bin/sh
set -e
if [ ! -f /proc/net/if_inet6 ] && [ -w /etc/nginx/conf.d/default.conf ]; then
  sed -i '/listen \\[::\\]:80;/d' /etc/nginx/conf.d/default.conf
fi
`;

const page = (title: string, text: string): string =>
  `<!DOCTYPE html>\n<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n<p>${text}</p>\n</body>\n</html>\n`;

/** `docker.io/library/nginx:1.21`: Debian's nginx, laid out and started as the image of that name. */
export const nginxRecipe: Recipe = {
  name: 'nginx',
  image: 'docker.io/library/nginx:1.21',
  packages: [
    'nginx',
    'nginx-common',
    'libc6',
    'libcrypt1',
    'libpcre2-8-0',
    'libssl3',
    'zlib1g',
    'busybox-static',
    'bash',
    'libtinfo6',
  ],
  inputs: () => [],
  arrange: (staging) => {
    slim(staging);
    baseFiles(staging, { users: ['nginx:x:101:101:nginx user:/nonexistent:/bin/false'], groups: ['nginx:x:101:'] });
    linkApplets(staging, new Set(['bash']));
    staging.file('etc/nginx/nginx.conf', mainConfiguration);
    staging.file('etc/nginx/conf.d/default.conf', defaultServer);
    staging.file(
      'usr/share/nginx/html/index.html',
      page('Welcome to nginx!', 'The web server is installed and working.'),
    );
    staging.file(
      'usr/share/nginx/html/50x.html',
      page('An error occurred.', 'The page is not available at the moment.'),
    );
    staging.file('docker-entrypoint.sh', entrypoint, 0o755);
    staging.file('docker-entrypoint.d/10-address-families.sh', familyScript, 0o755);
    staging.file('docker-entrypoint.d/30-page.sh', pageScript, 0o755);
    staging.folder('var/lib/nginx');
    staging.folder('var/cache/nginx');
    staging.link('var/log/nginx/access.log', '/dev/stdout');
    staging.link('var/log/nginx/error.log', '/dev/stderr');
    requireLibraries(staging.root, 'usr/sbin/nginx');
    requireLibraries(staging.root, 'bin/bash');
  },
  config: (versions) => ({
    Env: [
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      `NGINX_VERSION=${versions.get('nginx')?.split('-')[0]}`,
    ],
    Entrypoint: ['/docker-entrypoint.sh'],
    Cmd: ['nginx', '-g', 'daemon off;'],
    ExposedPorts: { '80/tcp': {} },
    StopSignal: 'SIGQUIT',
  }),
};
