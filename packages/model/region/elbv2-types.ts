/** Load balancers, `elbv2.keelson.dev/v1`: what a Service of type LoadBalancer asks for, and what forwards for it. */
export const elbv2Types = {
  LoadBalancer: { metadata: 'ObjectMeta', spec: 'LoadBalancerSpec', status: 'LoadBalancerStatus' },
  LoadBalancerSpec: {
    loadBalancerName: 'string!',
    /** `network`. */
    type: 'string!',
    /** `internet-facing` or `internal`. */
    scheme: 'string!',
    vpcId: 'string!',
    subnetIds: '[]string!',
    listeners: '[]Listener!',
    tags: '[]Tag',
  },
  Listener: { port: 'int32!', protocol: 'string!', targets: '[]Target!', healthCheckPort: 'int32' },
  /** Where a connection goes: an address of the VPC and a port. */
  Target: { address: 'string!', port: 'int32!', instanceId: 'string' },
  LoadBalancerStatus: {
    /** `provisioning`, `active`, `failed`. */
    state: 'string!',
    reason: 'string',
    dnsName: 'string',
    canonicalHostedZoneId: 'string',
    /** Its addresses in its subnets, and the loopback address that answers on this machine. */
    addresses: '[]string',
    hostAddress: 'string',
    /** False where nothing forwards: simulated compute. */
    forwards: 'bool',
    targetHealth: '[]TargetHealth',
  },
  TargetHealth: { address: 'string!', port: 'int32!', state: 'string!', reason: 'string' },
  Tag: { key: 'string!', value: 'string!' },
} as const;
