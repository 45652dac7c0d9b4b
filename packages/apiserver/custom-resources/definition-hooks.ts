import { rfc3339, type World } from '@keelson/base';
import type { CustomResourceDefinition } from '@keelson/model/generated/types/apiextensions-v1.ts';
import type { ResourceHooks } from '../resources/resource-hooks.ts';
import { cleanupFinalizer, withDefinitionCondition } from './definition-status.ts';
import { definitionGroup, definitionResource } from './served-definitions.ts';

/** A definition that is deleted stays until its instances are gone, and says so from the start. */
export function definitionHooks({ clock }: Pick<World, 'clock'>): ResourceHooks {
  return {
    group: definitionGroup,
    resource: definitionResource,
    finalizers: [cleanupFinalizer],
    markDeleted(object) {
      const condition = {
        type: 'Terminating',
        status: 'True',
        reason: 'InstanceDeletionPending',
        message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
      };
      const definition = object as CustomResourceDefinition;
      const conditions = withDefinitionCondition(definition, condition, rfc3339(clock.now()));
      object['status'] = { ...object['status'], conditions };
    },
  };
}
