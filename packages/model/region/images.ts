import { createHash } from 'node:crypto';

/** The patch of each Kubernetes minor that control planes serve and node images carry. */
export const kubernetesPatches: Readonly<Record<number, string>> = {
  33: '1.33.10',
  34: '1.34.6',
  35: '1.35.3',
  36: '1.36.1',
};

/** An Amazon Machine Image that nodes are launched from. */
export interface NodeImage {
  readonly imageId: string;
  readonly name: string;
  readonly architecture: 'x86_64' | 'arm64';
  /** Of the kubelet in it: `v1.35.3-eks-7f9249a`. */
  readonly kubeletVersion: string;
  readonly releaseVersion: string;
  readonly minor: number;
}

/** The day of the images' release, as it stands in their names and release versions. */
const releaseDay = '20260601';

function imageOf(minor: number, architecture: NodeImage['architecture']): NodeImage {
  const name = `amazon-eks-node-al2023-${architecture}-standard-1.${minor}-v${releaseDay}`;
  const patch = kubernetesPatches[minor]!;
  return {
    imageId: `ami-0${createHash('sha256').update(name).digest('hex').slice(0, 16)}`,
    name,
    architecture,
    kubeletVersion: `v${patch}-eks-7f9249a`,
    releaseVersion: `${patch}-${releaseDay}`,
    minor,
  };
}

/** The images of the region, by id. */
export const nodeImages: ReadonlyMap<string, NodeImage> = new Map(
  Object.keys(kubernetesPatches)
    .flatMap((minor) => [imageOf(Number(minor), 'x86_64'), imageOf(Number(minor), 'arm64')])
    .map((image) => [image.imageId, image]),
);

/** The image for nodes of 1.`minor`. */
export function nodeImageFor(minor: number, architecture: NodeImage['architecture']): NodeImage | undefined {
  return [...nodeImages.values()].find((image) => image.minor === minor && image.architecture === architecture);
}
