/** Groups of instances that are kept at their desired capacity, over the subnets given to them. */
export { AutoScalingGroupController } from './auto-scaling-group-controller.ts';
export { type GroupPlan, planGroup } from './group-plan.ts';
