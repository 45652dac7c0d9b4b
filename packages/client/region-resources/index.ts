/** The kinds of the region's API, for a client of it. */
export * from './autoscaling.ts';
export * from './control.ts';
export * from './ec2.ts';
export * from './eks.ts';
export * from './elbv2.ts';
export * from './iam.ts';
