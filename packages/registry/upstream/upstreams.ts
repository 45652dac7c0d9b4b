/** A registry elsewhere whose images are fetched when they are asked for. */
export interface Upstream {
  /** Where its API answers, without `/v2/`: `https://registry-1.docker.io`. */
  readonly url: string;
}

/** The upstreams by the host in their images' names. */
export type Upstreams = Readonly<Record<string, Upstream>>;

/** The public registries that Kubernetes tutorials, EKS add-ons and charts take their images from. */
export const publicUpstreams: Upstreams = {
  'docker.io': { url: 'https://registry-1.docker.io' },
  'public.ecr.aws': { url: 'https://public.ecr.aws' },
  'registry.k8s.io': { url: 'https://registry.k8s.io' },
  'ghcr.io': { url: 'https://ghcr.io' },
  'quay.io': { url: 'https://quay.io' },
  'gcr.io': { url: 'https://gcr.io' },
  'mcr.microsoft.com': { url: 'https://mcr.microsoft.com' },
};
