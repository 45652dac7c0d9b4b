import type { ApiObject } from '@keelson/model';
import { writeOptions } from '../request/write-options.ts';
import type { ResourceHooks } from '../resources/resource-hooks.ts';
import type { SubresourceHandler } from './subresource-handler.ts';

/** PUT …/namespaces/{name}/finalize: changes spec.finalizers alone; with the last of them a namespace being deleted goes. */
export const namespaceFinalize: SubresourceHandler = {
  group: '',
  resource: 'namespaces',
  subresource: 'finalize',
  async handle(context, resource, verbs) {
    const options = writeOptions(context.info.query, 'UpdateOptions');
    const rendering = verbs.rendering(context, resource);
    const sent = verbs.bodyReader(context, resource, options)();
    const finalizers: string[] = sent['spec']?.finalizers ?? [];
    const modify = (present: ApiObject): ApiObject => {
      const { uid, resourceVersion } = sent.metadata ?? {};
      const { spec = {}, metadata } = present;
      if (uid) metadata!.uid = uid;
      if (resourceVersion) metadata!.resourceVersion = resourceVersion;
      present['spec'] = { ...spec, finalizers };
      return present;
    };
    const write = verbs.writeContext(context, resource, options);
    return verbs.answer(rendering, await verbs.writer.update(write, context.info.name, modify, 'none'), 200);
  },
};

/** A namespace that is being deleted is Terminating, and stays until spec.finalizers is empty. */
export const namespaceHooks: ResourceHooks = {
  group: '',
  resource: 'namespaces',
  markDeleted(object) {
    object['status'] = { ...object['status'], phase: 'Terminating' };
  },
  holdsDeletion(object) {
    return (object['spec']?.finalizers ?? []).length > 0;
  },
};
