import type { ApiObject, ObjectMeta } from '../object.ts';
import type { autoscalingTypes } from './autoscaling-types.ts';
import type { controlTypes } from './control-types.ts';
import type { ec2Types } from './ec2-types.ts';
import type { eksTypes } from './eks-types.ts';
import type { elbv2Types } from './elbv2-types.ts';
import type { iamTypes } from './iam-types.ts';

/** The static types of the region's kinds, read off their tables by the compiler. */

interface Scalars {
  string: string;
  bool: boolean;
  int32: number;
  int64: number;
  ObjectMeta: ObjectMeta;
}

type Tables = Readonly<Record<string, Readonly<Record<string, string>>>>;
type Bare<Text extends string> = Text extends `${infer Type}!` ? Type : Text;

type Value<T extends Tables, Text extends string> = Text extends `[]${infer Item}`
  ? Value<T, Item>[]
  : Text extends `map<${infer Item}>`
    ? Record<string, Value<T, Item>>
    : Text extends keyof Scalars
      ? Scalars[Text]
      : Text extends keyof T
        ? Shape<T, Text>
        : never;

type Shape<T extends Tables, Name extends keyof T> = {
  -readonly [Field in keyof T[Name] as T[Name][Field] extends `${string}!` ? Field : never]: Value<
    T,
    Bare<T[Name][Field]>
  >;
} & {
  -readonly [Field in keyof T[Name] as T[Name][Field] extends `${string}!` ? never : Field]?: Value<T, T[Name][Field]>;
};

/** A stored object: its spec is always there, its status from when something has become of it. */
type Kind<T extends Tables, Name extends keyof T> = ApiObject & {
  metadata: ObjectMeta;
  spec: Shape<T, `${Name & string}Spec`>;
  status?: `${Name & string}Status` extends keyof T ? Shape<T, `${Name & string}Status`> : never;
};

export type Account = Kind<typeof iamTypes, 'Account'>;
export type User = Kind<typeof iamTypes, 'User'>;
export type AccessKey = Kind<typeof iamTypes, 'AccessKey'>;
export type Role = Kind<typeof iamTypes, 'Role'>;
export type InstanceProfile = Kind<typeof iamTypes, 'InstanceProfile'>;
export type Policy = Kind<typeof iamTypes, 'Policy'>;

export type Vpc = Kind<typeof ec2Types, 'Vpc'>;
export type Subnet = Kind<typeof ec2Types, 'Subnet'>;
export type InternetGateway = Kind<typeof ec2Types, 'InternetGateway'>;
export type RouteTable = Kind<typeof ec2Types, 'RouteTable'>;
export type NetworkAcl = Kind<typeof ec2Types, 'NetworkAcl'>;
export type SecurityGroup = Kind<typeof ec2Types, 'SecurityGroup'>;
export type SecurityGroupRule = Shape<typeof ec2Types, 'SecurityGroupRule'>;
export type NetworkInterface = Kind<typeof ec2Types, 'NetworkInterface'>;
export type Instance = Kind<typeof ec2Types, 'Instance'>;
/** A tag of any service whose tags are lists. */
export type ResourceTag = Shape<typeof ec2Types, 'Tag'>;

export type AutoScalingGroup = Kind<typeof autoscalingTypes, 'AutoScalingGroup'>;
export type LaunchSpecification = Shape<typeof autoscalingTypes, 'LaunchSpecification'>;

export type LoadBalancer = Kind<typeof elbv2Types, 'LoadBalancer'>;
export type Listener = Shape<typeof elbv2Types, 'Listener'>;
export type Target = Shape<typeof elbv2Types, 'Target'>;

export type Cluster = Kind<typeof eksTypes, 'Cluster'>;
export type Nodegroup = Kind<typeof eksTypes, 'Nodegroup'>;
export type AccessEntry = Kind<typeof eksTypes, 'AccessEntry'>;
export type Update = Kind<typeof eksTypes, 'Update'>;
export type HealthIssue = Shape<typeof eksTypes, 'HealthIssue'>;

export type ControlPlane = Kind<typeof controlTypes, 'ControlPlane'>;
