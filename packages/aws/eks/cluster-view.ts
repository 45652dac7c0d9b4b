import type { Cluster } from '@keelson/model/region/object-types.ts';
import { addressAt, formatAddress, parseCidr } from '@keelson/network';
import { clusterArn } from './names.ts';
import { findVersion } from './versions.ts';

/** Where the region is, for ARNs. */
export interface Place {
  readonly region: string;
  readonly account: string;
}

const logTypes = ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'];

/** What shall be told of the cluster's state: it is DELETING from the moment its deletion was asked for. */
export function clusterPhase(cluster: Cluster): string {
  const { metadata, status } = cluster;
  if (metadata.deletionTimestamp) return 'DELETING';
  if (status?.phase === 'ACTIVE' && status.observedGeneration !== metadata.generation) return 'UPDATING';
  return status?.phase ?? 'CREATING';
}

/** ENABLED and DISABLED log types, as EKS groups them. */
function loggingOf(enabled: readonly string[]): object {
  const groups = [
    { types: logTypes.filter((type) => enabled.includes(type)), enabled: true },
    { types: logTypes.filter((type) => !enabled.includes(type)), enabled: false },
  ];
  return { clusterLogging: groups.filter((group) => group.types.length > 0) };
}

/** The cluster as DescribeCluster shows it. Endpoint and certificate authority are absent until they are there. */
export function clusterView(cluster: Cluster, place: Place): Record<string, unknown> {
  const { metadata, spec, status } = cluster;
  const name = metadata.name!;
  const version = status?.observedVersion ?? spec.version;
  const serviceCidr = parseCidr(spec.serviceIpv4Cidr);
  return {
    name,
    arn: clusterArn(place.region, place.account, name),
    createdAt: new Date(metadata.creationTimestamp!),
    version,
    endpoint: status?.endpoint,
    roleArn: spec.roleArn,
    resourcesVpcConfig: {
      subnetIds: spec.subnetIds,
      securityGroupIds: spec.securityGroupIds,
      clusterSecurityGroupId: status?.clusterSecurityGroupId,
      vpcId: status?.vpcId,
      endpointPublicAccess: spec.endpointPublicAccess,
      endpointPrivateAccess: spec.endpointPrivateAccess,
      publicAccessCidrs: spec.publicAccessCidrs,
    },
    kubernetesNetworkConfig: {
      serviceIpv4Cidr: serviceCidr && `${formatAddress(addressAt(serviceCidr, 0))}/${serviceCidr.prefix}`,
      ipFamily: spec.ipFamily,
      elasticLoadBalancing: { enabled: false },
    },
    logging: loggingOf(spec.enabledLogTypes),
    identity: status?.oidcIssuer ? { oidc: { issuer: status.oidcIssuer } } : undefined,
    status: clusterPhase(cluster),
    certificateAuthority: { data: status?.certificateAuthorityData },
    platformVersion: status?.platformVersion ?? findVersion(version)?.platformVersion,
    tags: spec.tags ?? {},
    encryptionConfig: spec.encryptionConfig ? JSON.parse(spec.encryptionConfig) : undefined,
    health: { issues: status?.issues ?? [] },
    accessConfig: { authenticationMode: spec.authenticationMode },
    upgradePolicy: { supportType: spec.supportType },
    deletionProtection: spec.deletionProtection,
    zonalShiftConfig: spec.zonalShift ? { enabled: true } : undefined,
  };
}
