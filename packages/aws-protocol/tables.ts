import { ServiceTable } from './service-table.ts';

/** The services that have a table, by the name in their credential scope. */
const loaders = {
  autoscaling: () => import('./generated/autoscaling.ts'),
  cloudformation: () => import('./generated/cloudformation.ts'),
  ec2: () => import('./generated/ec2.ts'),
  ecr: () => import('./generated/ecr.ts'),
  eks: () => import('./generated/eks.ts'),
  elasticloadbalancing: () => import('./generated/elasticloadbalancing.ts'),
  iam: () => import('./generated/iam.ts'),
  sts: () => import('./generated/sts.ts'),
} as const;

export type TableName = keyof typeof loaders;

export const tableNames = Object.keys(loaders) as readonly TableName[];

const loaded = new Map<TableName, Promise<ServiceTable>>();

/** The table of a service, read when it is first asked for (EC2's is a megabyte). */
export function loadTable(name: TableName): Promise<ServiceTable> {
  let table = loaded.get(name);
  if (table === undefined) {
    table = loaders[name]().then((module) => new ServiceTable(JSON.parse(module.text)));
    loaded.set(name, table);
  }
  return table;
}
