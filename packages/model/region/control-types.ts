/** Keelson's own side of a cluster, `control.keelson.dev/v1`: the control plane that EKS' users never touch. */
export const controlTypes = {
  ControlPlane: { metadata: 'ObjectMeta', spec: 'ControlPlaneSpec', status: 'ControlPlaneStatus' },
  ControlPlaneSpec: {
    clusterName: 'string!',
    /** The Kubernetes minor to serve: 33 for 1.33. */
    minor: 'int32!',
    serviceIpv4Cidr: 'string!',
    vpcId: 'string!',
    subnetIds: '[]string!',
    securityGroupIds: '[]string!',
    /** Of its interfaces in the VPC, in the order of the subnets. */
    privateAddresses: '[]string!',
    /** Those interfaces, in the same order. */
    networkInterfaceIds: '[]string!',
    /** The issuer of service account tokens. */
    issuer: 'string!',
    /** Whether aws-node, kube-proxy and coredns are put in at the start. */
    bootstrapAddons: 'bool!',
  },
  ControlPlaneStatus: {
    /** `Pending`, `Ready`, `Failed`. */
    phase: 'string!',
    message: 'string',
    /** The port on this machine that is kept for it. */
    port: 'int32',
    endpoint: 'string',
    /** Where nodes reach it, in the VPC; the same as the endpoint where nodes are simulated. */
    nodeEndpoint: 'string',
    /** PEM. */
    certificateAuthority: 'string',
    /** Keys and certificates, encrypted under the region's key. */
    sealedKeys: 'string',
    /** The minor that answers. */
    minor: 'int32',
  },
} as const;
