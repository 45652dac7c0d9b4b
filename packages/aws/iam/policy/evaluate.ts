import { type ConditionContext, conditionsHold, substituteVariables } from './conditions.ts';
import type { PatternSet, PolicyDocument, PrincipalSet, Statement } from './document.ts';
import { matchesWildcard } from './wildcard.ts';

export interface PolicyRequest {
  /** `eks:CreateCluster`. */
  readonly action: string;
  /** An ARN, or `*` for an operation that is about no resource. */
  readonly resource: string;
  readonly context: ConditionContext;
}

export type PolicyVerdict = 'allow' | 'explicitDeny' | 'implicitDeny';

/** What identity policies say together: a Deny wins, then an Allow, and silence denies ("Policy evaluation logic"). */
export function evaluatePolicies(documents: readonly PolicyDocument[], request: PolicyRequest): PolicyVerdict {
  return verdict(documents, (statement) => statementApplies(statement, request));
}

/** What a role's trust policy says of a caller. `matches` tells whether a statement's principals include the caller. */
export function evaluateTrust(
  document: PolicyDocument,
  request: PolicyRequest,
  matches: (principals: PrincipalSet) => boolean,
): PolicyVerdict {
  return verdict([document], (statement) => {
    const { principals } = statement;
    return (
      principals !== undefined && matches(principals) !== principals.negated && statementApplies(statement, request)
    );
  });
}

function verdict(documents: readonly PolicyDocument[], applies: (statement: Statement) => boolean): PolicyVerdict {
  let allowed = false;
  for (const document of documents)
    for (const statement of document.statements) {
      if (statement.effect === 'Allow' && allowed) continue;
      if (!applies(statement)) continue;
      if (statement.effect === 'Deny') return 'explicitDeny';
      allowed = true;
    }
  return allowed ? 'allow' : 'implicitDeny';
}

function statementApplies(statement: Statement, request: PolicyRequest): boolean {
  return (
    actionMatches(statement.actions, request.action) &&
    (statement.resources === undefined || resourceMatches(statement.resources, request)) &&
    conditionsHold(statement.conditions, request.context)
  );
}

function actionMatches(set: PatternSet, action: string): boolean {
  const wanted = action.toLowerCase();
  return set.patterns.some((pattern) => matchesWildcard(pattern.toLowerCase(), wanted)) !== set.negated;
}

function resourceMatches(set: PatternSet, { resource, context }: PolicyRequest): boolean {
  return (
    set.patterns.some((pattern) => matchesWildcard(substituteVariables(pattern, context), resource)) !== set.negated
  );
}
