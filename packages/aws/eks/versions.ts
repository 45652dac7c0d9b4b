import { kubernetesPatches } from '@keelson/model/region/images.ts';

/** One Kubernetes version as EKS offers it (EKS User Guide, "Kubernetes release calendar"). Dates are UTC days. */
export interface EksVersion {
  readonly version: string;
  /** The patch that is served: `1.35.3`. */
  readonly kubernetesPatchVersion: string;
  readonly platformVersion: string;
  readonly releaseDate: string;
  readonly endOfStandardSupport: string;
  readonly endOfExtendedSupport: string;
}

/** Oldest first. */
export const eksVersions: readonly EksVersion[] = [
  {
    version: '1.33',
    kubernetesPatchVersion: kubernetesPatches[33]!,
    platformVersion: 'eks.30',
    releaseDate: '2025-05-29',
    endOfStandardSupport: '2026-07-29',
    endOfExtendedSupport: '2027-07-29',
  },
  {
    version: '1.34',
    kubernetesPatchVersion: kubernetesPatches[34]!,
    platformVersion: 'eks.22',
    releaseDate: '2025-10-02',
    endOfStandardSupport: '2026-12-02',
    endOfExtendedSupport: '2027-12-02',
  },
  {
    version: '1.35',
    kubernetesPatchVersion: kubernetesPatches[35]!,
    platformVersion: 'eks.12',
    releaseDate: '2026-01-28',
    endOfStandardSupport: '2027-03-27',
    endOfExtendedSupport: '2028-03-27',
  },
  {
    version: '1.36',
    kubernetesPatchVersion: kubernetesPatches[36]!,
    platformVersion: 'eks.4',
    releaseDate: '2026-06-02',
    endOfStandardSupport: '2027-08-02',
    endOfExtendedSupport: '2028-08-02',
  },
];

/** What a cluster gets when its creator names no version. */
export const defaultVersion = '1.35';

export function findVersion(version: string): EksVersion | undefined {
  return eksVersions.find((one) => one.version === version);
}

/** 33 for `1.33`. */
export function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

export type SupportStatus = 'STANDARD_SUPPORT' | 'EXTENDED_SUPPORT' | 'UNSUPPORTED';

/** Where the version stands at `now`, in milliseconds since 1970. */
export function supportStatus(version: EksVersion, now: number): SupportStatus {
  if (now < Date.parse(version.endOfStandardSupport)) return 'STANDARD_SUPPORT';
  return now < Date.parse(version.endOfExtendedSupport) ? 'EXTENDED_SUPPORT' : 'UNSUPPORTED';
}
