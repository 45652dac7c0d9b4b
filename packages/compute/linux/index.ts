/**
 * Instances as containers of this Linux machine. Needs root, iproute2, nftables, util-linux and, for pods, containerd
 * and runc; says what is missing instead of doing half of it.
 */
export * from './init/init-configuration.ts';
export * from './linux-instances.ts';
export * from './machine/containerd-config.ts';
export * from './machine/image-cache.ts';
