/** The tutorial's objects as a user would write them: settings, a secret, the web server and its load balancer. */
export function webManifest(app: string, nonce: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: app },
        data: { greeting: nonce, 'motd.txt': `motd ${nonce}` },
      },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: app },
        data: { password: Buffer.from(`secret-${nonce}`).toString('base64') },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: app, labels: { app } },
        spec: {
          replicas: 3,
          selector: { matchLabels: { app } },
          template: {
            metadata: { labels: { app } },
            spec: {
              containers: [
                {
                  name: 'nginx',
                  image: 'nginx:1.21',
                  ports: [{ containerPort: 80 }],
                  env: [
                    { name: 'PAGE_NONCE', valueFrom: { configMapKeyRef: { name: app, key: 'greeting' } } },
                    { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: app, key: 'password' } } },
                  ],
                  volumeMounts: [
                    { name: 'config', mountPath: '/etc/app' },
                    { name: 'secret', mountPath: '/etc/secret' },
                  ],
                },
              ],
              volumes: [
                { name: 'config', configMap: { name: app } },
                { name: 'secret', secret: { secretName: app } },
              ],
            },
          },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: app },
        spec: { type: 'LoadBalancer', selector: { app }, ports: [{ port: 80 }] },
      },
    ],
  });
}
