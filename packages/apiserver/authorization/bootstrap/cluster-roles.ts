/**
 * Kubernetes' default ClusterRoles for people, nodes and components, 1.33 to 1.36 with the feature gates that are on by
 * default. The notation is described at `readRoles`.
 */
export const clusterRoles = `
cluster-admin
  * * *
  * url *
system:discovery
  get url /livez,/readyz,/healthz,/version,/version/,/openapi,/openapi/*,/api,/api/*,/apis,/apis/*
system:monitoring
  get url /metrics,/metrics/slis,/livez,/readyz,/healthz,/livez/*,/readyz/*,/healthz/*
system:basic-user
  create authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews
  create authentication.k8s.io selfsubjectreviews
system:public-info-viewer
  get url /livez,/readyz,/healthz,/version,/version/
system:heapster
  read core events,pods,nodes,namespaces
  read extensions deployments
system:node-problem-detector
  get core nodes
  patch core nodes/status
  events
system:kubelet-api-admin
  read core nodes
  proxy core nodes
  * core nodes/proxy,nodes/metrics,nodes/stats,nodes/log
  * core nodes/pods,nodes/healthz,nodes/configz
system:node-bootstrapper
  create,get,list,watch certificates.k8s.io certificatesigningrequests
system:auth-delegator
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews
system:kube-aggregator
  read core services,endpoints
system:kube-controller-manager
  events
  create coordination.k8s.io leases
  get,update coordination.k8s.io leases kube-controller-manager
  create core secrets,serviceaccounts
  delete core secrets
  get core namespaces,secrets,serviceaccounts,configmaps
  update core secrets,serviceaccounts
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews
  list,watch * *
  create core serviceaccounts/token
system:kube-dns
  list,watch core services,endpoints
system:persistent-volume-provisioner
  get,list,watch,create,delete core persistentvolumes
  get,list,watch,update core persistentvolumeclaims
  read storage.k8s.io storageclasses
  watch core events
  events
system:certificates.k8s.io:certificatesigningrequests:nodeclient
  create certificates.k8s.io certificatesigningrequests/nodeclient
system:certificates.k8s.io:certificatesigningrequests:selfnodeclient
  create certificates.k8s.io certificatesigningrequests/selfnodeclient
system:volume-scheduler
  readupdate core persistentvolumes
  read storage.k8s.io storageclasses
  readupdate core persistentvolumeclaims
system:certificates.k8s.io:legacy-unknown-approver
  approve certificates.k8s.io signers kubernetes.io/legacy-unknown
system:certificates.k8s.io:kubelet-serving-approver
  approve certificates.k8s.io signers kubernetes.io/kubelet-serving
system:certificates.k8s.io:kube-apiserver-client-approver
  approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client
system:certificates.k8s.io:kube-apiserver-client-kubelet-approver
  approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet
system:service-account-issuer-discovery
  get url /.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/
system:node-proxier
  list,watch core services,endpoints
  read core nodes
  events
  list,watch networking.k8s.io servicecidrs
  list,watch discovery.k8s.io endpointslices
system:kube-scheduler
  events
  create coordination.k8s.io leases
  get,update coordination.k8s.io leases kube-scheduler
  read core nodes
  get,list,watch,delete core pods
  create core pods/binding,bindings
  patch,update core pods/status
  read core services,replicationcontrollers
  read apps,extensions replicasets
  read apps statefulsets
  read policy poddisruptionbudgets
  read core persistentvolumeclaims,persistentvolumes
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews
  read storage.k8s.io csinodes
  read storage.k8s.io volumeattachments
  read core namespaces
  read storage.k8s.io csidrivers
  read storage.k8s.io csistoragecapacities
  read resource.k8s.io deviceclasses since=34
  readupdate resource.k8s.io resourceclaims since=34
  readupdate resource.k8s.io resourceclaims/status since=34
  readupdate core pods/finalizers since=34
  read resource.k8s.io resourceslices since=34
`;

/** What a node may do at all; the node authoriser narrows most of it to what its own pods use. */
export const nodeRole = `
system:node
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews,localsubjectaccessreviews
  read core services
  create,get,list,watch core nodes
  update,patch core nodes/status
  update,patch core nodes
  create,update,patch core events
  read core pods
  create,delete core pods
  update,patch core pods/status
  create core pods/eviction
  read core secrets,configmaps
  get core persistentvolumeclaims,persistentvolumes
  get core endpoints
  create,get,list,watch certificates.k8s.io certificatesigningrequests
  get,create,update,patch,delete coordination.k8s.io leases
  get storage.k8s.io volumeattachments
  create core serviceaccounts/token
  get,update,patch core persistentvolumeclaims/status
  read storage.k8s.io csidrivers
  get,create,update,patch,delete storage.k8s.io csinodes
  read node.k8s.io runtimeclasses
  get resource.k8s.io resourceclaims since=34
  deletecollection resource.k8s.io resourceslices since=34
  get core serviceaccounts since=34
`;

/** The roles that admin, edit and view gather their rules from. */
export const aggregatedParts = `
system:aggregate-to-admin
  create authorization.k8s.io localsubjectaccessreviews
  readwrite rbac.authorization.k8s.io roles,rolebindings
system:aggregate-to-edit
  read core pods/attach,pods/proxy,pods/exec,pods/portforward,secrets,services/proxy
  impersonate core serviceaccounts
  write core pods,pods/attach,pods/proxy,pods/exec,pods/portforward
  create core pods/eviction
  write core replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/proxy,persistentvolumeclaims,configmaps,secrets,events
  create core serviceaccounts/token
  write apps statefulsets,statefulsets/scale,daemonsets,deployments,deployments/scale,deployments/rollback,replicasets,replicasets/scale
  write autoscaling horizontalpodautoscalers
  write batch jobs,cronjobs
  write extensions daemonsets,deployments,deployments/scale,deployments/rollback,ingresses,replicasets,replicasets/scale,replicationcontrollers/scale,networkpolicies
  write policy poddisruptionbudgets
  write networking.k8s.io networkpolicies,ingresses
  readwrite coordination.k8s.io leases
  write resource.k8s.io resourceclaims,resourceclaimtemplates since=34
system:aggregate-to-view
  read core pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,configmaps
  read core limitranges,resourcequotas,bindings,events,pods/status,resourcequotas/status,namespaces/status,replicationcontrollers/status,pods/log
  read core namespaces
  read discovery.k8s.io endpointslices
  read apps controllerrevisions,statefulsets,statefulsets/status,statefulsets/scale,daemonsets,daemonsets/status,deployments,deployments/status,deployments/scale,replicasets,replicasets/status,replicasets/scale
  read autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status
  read batch jobs,cronjobs,cronjobs/status,jobs/status
  read extensions daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,ingresses/status,replicasets,replicasets/scale,replicasets/status,replicationcontrollers/scale,networkpolicies
  read policy poddisruptionbudgets,poddisruptionbudgets/status
  read networking.k8s.io networkpolicies,ingresses,ingresses/status
  read resource.k8s.io resourceclaims,resourceclaims/status,resourceclaimtemplates since=34
`;
