import type { TypeTable } from '../tables/field-expression.ts';
import { autoscalingTypes } from './autoscaling-types.ts';
import { controlTypes } from './control-types.ts';
import { ec2Types } from './ec2-types.ts';
import { eksTypes } from './eks-types.ts';
import { elbv2Types } from './elbv2-types.ts';
import { iamTypes } from './iam-types.ts';

/** The region's types by group and version. */
export const regionTypes: Readonly<Record<string, TypeTable>> = {
  'autoscaling.keelson.dev/v1': autoscalingTypes,
  'control.keelson.dev/v1': controlTypes,
  'ec2.keelson.dev/v1': ec2Types,
  'eks.keelson.dev/v1': eksTypes,
  'elbv2.keelson.dev/v1': elbv2Types,
  'iam.keelson.dev/v1': iamTypes,
};
