/** What EC2 says of an instance type (DescribeInstanceTypes), as far as a node depends on it. */
export interface InstanceType {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** How many network interfaces it takes, and how many IPv4 addresses each of them. */
  readonly networkInterfaces: number;
  readonly addressesPerInterface: number;
  readonly architecture: 'x86_64' | 'arm64';
  readonly burstable: boolean;
}

type Size = readonly [name: string, vcpus: number, memoryGiB: number, interfaces: number, addresses: number];

interface Family {
  readonly architecture: InstanceType['architecture'];
  readonly burstable?: boolean;
  readonly sizes: readonly Size[];
}

/** Sizes with so many GiB for each vCPU, as Nitro families have them: the network limits follow the size's name. */
function nitro(gibPerVcpu: number, sizes: readonly (readonly [name: string, vcpus: number])[]): readonly Size[] {
  return sizes.map(([name, vcpus]) => {
    const [interfaces, addresses] =
      vcpus >= 64 ? [15, 50] : vcpus >= 16 ? [8, 30] : vcpus >= 4 ? [4, 15] : vcpus >= 2 ? [3, 10] : [2, 4];
    return [name, vcpus, vcpus * gibPerVcpu, interfaces!, addresses!];
  });
}

const upTo24 = [
  ['large', 2],
  ['xlarge', 4],
  ['2xlarge', 8],
  ['4xlarge', 16],
  ['8xlarge', 32],
  ['12xlarge', 48],
  ['16xlarge', 64],
  ['24xlarge', 96],
] as const;
const upTo32 = [...upTo24, ['32xlarge', 128]] as const;
const upTo48 = [
  ['large', 2],
  ['xlarge', 4],
  ['2xlarge', 8],
  ['4xlarge', 16],
  ['8xlarge', 32],
  ['12xlarge', 48],
  ['16xlarge', 64],
  ['24xlarge', 96],
  ['48xlarge', 192],
] as const;
const compute5 = [
  ['large', 2],
  ['xlarge', 4],
  ['2xlarge', 8],
  ['4xlarge', 16],
  ['9xlarge', 36],
  ['12xlarge', 48],
  ['18xlarge', 72],
  ['24xlarge', 96],
] as const;
const graviton = [
  ['medium', 1],
  ['large', 2],
  ['xlarge', 4],
  ['2xlarge', 8],
  ['4xlarge', 16],
  ['8xlarge', 32],
  ['12xlarge', 48],
  ['16xlarge', 64],
] as const;

const burstableSizes: readonly Size[] = [
  ['nano', 2, 0.5, 2, 2],
  ['micro', 2, 1, 2, 2],
  ['small', 2, 2, 3, 4],
  ['medium', 2, 4, 3, 6],
  ['large', 2, 8, 3, 12],
  ['xlarge', 4, 16, 4, 15],
  ['2xlarge', 8, 32, 4, 15],
];

const families: Readonly<Record<string, Family>> = {
  t2: {
    architecture: 'x86_64',
    burstable: true,
    sizes: [
      ['nano', 1, 0.5, 2, 2],
      ['micro', 1, 1, 2, 2],
      ['small', 1, 2, 3, 4],
      ['medium', 2, 4, 3, 6],
      ['large', 2, 8, 3, 12],
      ['xlarge', 4, 16, 3, 15],
      ['2xlarge', 8, 32, 3, 15],
    ],
  },
  t3: { architecture: 'x86_64', burstable: true, sizes: burstableSizes },
  t3a: {
    architecture: 'x86_64',
    burstable: true,
    sizes: burstableSizes.map((size) => (size[0] === 'small' ? ['small', 2, 2, 2, 4] : size)),
  },
  t4g: { architecture: 'arm64', burstable: true, sizes: burstableSizes },
  m5: { architecture: 'x86_64', sizes: nitro(4, upTo24) },
  m5a: { architecture: 'x86_64', sizes: nitro(4, upTo24) },
  m6i: { architecture: 'x86_64', sizes: nitro(4, upTo32) },
  m6a: { architecture: 'x86_64', sizes: nitro(4, upTo48) },
  m6g: { architecture: 'arm64', sizes: nitro(4, graviton) },
  m7i: { architecture: 'x86_64', sizes: nitro(4, upTo48) },
  m7g: { architecture: 'arm64', sizes: nitro(4, graviton) },
  c5: { architecture: 'x86_64', sizes: nitro(2, compute5) },
  c6i: { architecture: 'x86_64', sizes: nitro(2, upTo32) },
  c6g: { architecture: 'arm64', sizes: nitro(2, graviton) },
  c7i: { architecture: 'x86_64', sizes: nitro(2, upTo48) },
  c7g: { architecture: 'arm64', sizes: nitro(2, graviton) },
  r5: { architecture: 'x86_64', sizes: nitro(8, upTo24) },
  r6i: { architecture: 'x86_64', sizes: nitro(8, upTo32) },
  r6g: { architecture: 'arm64', sizes: nitro(8, graviton) },
};

function typesOf([family, { architecture, burstable = false, sizes }]: [string, Family]): InstanceType[] {
  return sizes.map(([size, vcpus, memoryGiB, networkInterfaces, addressesPerInterface]) => ({
    name: `${family}.${size}`,
    vcpus,
    memoryMiB: memoryGiB * 1024,
    networkInterfaces,
    addressesPerInterface,
    architecture,
    burstable,
  }));
}

/** Every instance type of the region, by name. */
export const instanceTypes: ReadonlyMap<string, InstanceType> = new Map(
  Object.entries(families)
    .flatMap(typesOf)
    .map((type) => [type.name, type]),
);
