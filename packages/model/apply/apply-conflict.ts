import { identityOf, type Manager } from './managed-fields.ts';
import { pathElementsText } from './path-element.ts';

/** A field that somebody else manages, and that an apply would give another value. */
export interface FieldConflict {
  readonly manager: Manager;
  readonly path: readonly string[];
}

/** The manager as messages name it: `"web" with subresource "status" using apps/v1`. */
function managerText({ manager, operation, apiVersion, subresource }: Manager): string {
  let text = JSON.stringify(manager);
  if (subresource !== '') text += ` with subresource ${JSON.stringify(subresource)}`;
  return operation === 'Update' ? `${text} using ${apiVersion}` : text;
}

function messageOf(conflicts: readonly FieldConflict[]): string {
  if (conflicts.length === 1) {
    const { manager, path } = conflicts[0]!;
    return `Apply failed with 1 conflict: conflict with ${managerText(manager)}: ${pathElementsText(path)}`;
  }
  const lines: string[] = [];
  let last = '';
  for (const { manager, path } of conflicts) {
    const identity = identityOf(manager);
    if (identity !== last) lines.push(`conflicts with ${managerText(manager)}:`);
    last = identity;
    lines.push(`- ${pathElementsText(path)}`);
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

/** Why an apply is refused; by managers, in order. */
export class ApplyConflict extends Error {
  override readonly name = 'ApplyConflict';
  readonly conflicts: readonly FieldConflict[];

  constructor(conflicts: readonly FieldConflict[]) {
    const byManager = conflicts
      .map((conflict) => ({ conflict, identity: identityOf(conflict.manager) }))
      .sort((one, other) => (one.identity === other.identity ? 0 : one.identity < other.identity ? -1 : 1))
      .map(({ conflict }) => conflict);
    super(messageOf(byManager));
    this.conflicts = byManager;
  }

  /** The causes of the Status: one for each field. */
  causes(): { reason: string; message: string; field: string }[] {
    return this.conflicts.map(({ manager, path }) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${managerText(manager)}`,
      field: pathElementsText(path),
    }));
  }
}
