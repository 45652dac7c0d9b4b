import { defaultVersion, type EksVersion, eksVersions, supportStatus } from '../versions.ts';
import type { Environment, Operations } from './environment.ts';
import { page } from './environment.ts';

function versionView(version: EksVersion, now: number): Record<string, unknown> {
  const status = supportStatus(version, now);
  return {
    clusterVersion: version.version,
    clusterType: 'eks',
    defaultPlatformVersion: version.platformVersion,
    defaultVersion: version.version === defaultVersion,
    releaseDate: new Date(version.releaseDate),
    endOfStandardSupportDate: new Date(version.endOfStandardSupport),
    endOfExtendedSupportDate: new Date(version.endOfExtendedSupport),
    status: status.toLowerCase().replace('_', '-'),
    versionStatus: status,
    kubernetesPatchVersion: version.kubernetesPatchVersion,
  };
}

/** DescribeClusterVersions: newest first; unsupported ones only for `includeAll`. */
export function versionOperations(environment: Environment): Operations {
  return {
    DescribeClusterVersions: async (input) => {
      const now = environment.world.clock.now();
      const wanted: string | undefined = input['versionStatus'] ?? input['status']?.toUpperCase().replace('-', '_');
      const found = eksVersions.toReversed().filter((version) => {
        const status = supportStatus(version, now);
        if (input['clusterVersions'] && !input['clusterVersions'].includes(version.version)) return false;
        if (input['defaultOnly'] && version.version !== defaultVersion) return false;
        if (wanted) return status === wanted;
        return input['includeAll'] || input['clusterVersions'] || status !== 'UNSUPPORTED';
      });
      const { items, nextToken } = page(found, input);
      return { clusterVersions: items.map((version) => versionView(version, now)), nextToken };
    },
  };
}
