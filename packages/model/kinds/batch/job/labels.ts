/** Labels, annotations and the finalizer by which a Job and its pods know each other. */
export const jobNameLabel = 'batch.kubernetes.io/job-name';
export const controllerUidLabel = 'batch.kubernetes.io/controller-uid';
/** The same labels as they were called before they had a prefix. */
export const oldJobNameLabel = 'job-name';
export const oldControllerUidLabel = 'controller-uid';
/** Both a label and an annotation of an indexed Job's pods. */
export const completionIndexKey = 'batch.kubernetes.io/job-completion-index';
/** Holds a pod until its end has been counted. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
