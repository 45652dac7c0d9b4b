/**
 * apiregistration.k8s.io/v1, whose Go package Debian does not have, in the form of the generated tables. The protobuf
 * numbers are those of kube-aggregator's published generated.proto.
 */
export const aggregatorTypes: Record<string, Record<string, string>> = {
  APIService: {
    '...TypeMeta': 'meta/v1.TypeMeta',
    metadata: 'meta/v1.ObjectMeta #1',
    spec: 'APIServiceSpec #2',
    status: 'APIServiceStatus #3',
  },
  APIServiceCondition: {
    type: 'string! #1',
    status: 'string! #2',
    lastTransitionTime: 'time #3',
    reason: 'string #4',
    message: 'string #5',
  },
  APIServiceList: {
    '...TypeMeta': 'meta/v1.TypeMeta',
    metadata: 'meta/v1.ListMeta #1',
    items: '[]APIService! #2',
  },
  APIServiceSpec: {
    service: '*ServiceReference #1',
    group: 'string #2',
    version: 'string #3',
    insecureSkipTLSVerify: 'bool #4',
    caBundle: 'bytes #5 atomic',
    groupPriorityMinimum: 'int32! #7',
    versionPriority: 'int32! #8',
  },
  APIServiceStatus: {
    conditions: '[]APIServiceCondition #1 keys(type) merge(type)',
  },
  ServiceReference: {
    namespace: 'string #1',
    name: 'string #2',
    port: '*int32 #3',
  },
};
