/** IAM's policy language, as far as it is evaluated here ("Grammar of the IAM JSON policy language"). */
export interface PolicyDocument {
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Patterns; `negated` is NotAction. */
  readonly actions: PatternSet;
  /** Absent in a trust policy. */
  readonly resources: PatternSet | undefined;
  /** Present in a trust policy only. */
  readonly principals: PrincipalSet | undefined;
  readonly conditions: readonly Condition[];
}

export interface PatternSet {
  readonly patterns: readonly string[];
  readonly negated: boolean;
}

export interface PrincipalSet {
  readonly negated: boolean;
  readonly any: boolean;
  readonly aws: readonly string[];
  readonly service: readonly string[];
  readonly federated: readonly string[];
}

export interface Condition {
  readonly operator: string;
  readonly ifExists: boolean;
  readonly quantifier: 'ForAllValues' | 'ForAnyValue' | undefined;
  /** In lower case. */
  readonly key: string;
  readonly values: readonly string[];
}

/** Thrown for a document that IAM would refuse; the message is IAM's. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

export type PolicyKind = 'identity' | 'trust';

const operators = new Set([
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
  'NumericEquals',
  'NumericNotEquals',
  'NumericLessThan',
  'NumericLessThanEquals',
  'NumericGreaterThan',
  'NumericGreaterThanEquals',
  'DateEquals',
  'DateNotEquals',
  'DateLessThan',
  'DateLessThanEquals',
  'DateGreaterThan',
  'DateGreaterThanEquals',
  'Bool',
  'BinaryEquals',
  'IpAddress',
  'NotIpAddress',
  'ArnEquals',
  'ArnNotEquals',
  'ArnLike',
  'ArnNotLike',
  'Null',
]);

/** Reads a policy document. @throws PolicyError when IAM would refuse it. */
export function parsePolicy(text: string, kind: PolicyKind): PolicyDocument {
  const document = objectOf(parseJson(text), kind);
  const version = document['Version'];
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17')
    throw new PolicyError('Syntax errors in policy.');
  for (const name of Object.keys(document))
    if (!['Version', 'Id', 'Statement'].includes(name)) throw new PolicyError('Syntax errors in policy.');
  const raw = document['Statement'];
  if (raw === undefined) throw new PolicyError('Syntax errors in policy.');
  const statements = (Array.isArray(raw) ? raw : [raw]).map((statement) => parseStatement(statement, kind));
  if (statements.length === 0) throw new PolicyError('Syntax errors in policy.');
  return { statements };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PolicyError('This policy contains invalid Json');
  }
}

function objectOf(value: unknown, kind: PolicyKind): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new PolicyError(kind === 'trust' ? 'This policy contains invalid Json' : 'Syntax errors in policy.');
  return value as Record<string, unknown>;
}

const statementKeys = new Set([
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
]);

function parseStatement(raw: unknown, kind: PolicyKind): Statement {
  const statement = objectOf(raw, kind);
  for (const name of Object.keys(statement))
    if (!statementKeys.has(name)) throw new PolicyError('Syntax errors in policy.');
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw new PolicyError('Syntax errors in policy.');
  const actions = patternSet(statement, 'Action', 'NotAction');
  if (actions === undefined) throw new PolicyError('Policy statement must contain actions.');
  checkActions(actions.patterns, kind);
  const resources = patternSet(statement, 'Resource', 'NotResource');
  const principals = parsePrincipals(statement);
  if (kind === 'trust') {
    if (resources !== undefined) throw new PolicyError('Has prohibited field Resource');
    if (principals === undefined) throw new PolicyError('Missing required field Principal');
  } else {
    if (principals !== undefined) throw new PolicyError('Policy document should not specify a principal.');
    if (resources === undefined) throw new PolicyError('Policy statement must contain resources.');
    checkResources(resources.patterns);
  }
  return { effect, actions, resources, principals, conditions: parseConditions(statement['Condition'], kind) };
}

function patternSet(statement: Record<string, unknown>, name: string, negatedName: string): PatternSet | undefined {
  const plain = statement[name];
  const negated = statement[negatedName];
  if (plain !== undefined && negated !== undefined) throw new PolicyError('Syntax errors in policy.');
  const given = plain ?? negated;
  return given === undefined ? undefined : { patterns: texts(given), negated: negated !== undefined };
}

function texts(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (!list.every((item) => typeof item === 'string')) throw new PolicyError('Syntax errors in policy.');
  return list;
}

function checkActions(patterns: readonly string[], kind: PolicyKind): void {
  for (const pattern of patterns) {
    if (kind === 'trust' && pattern !== '*' && !/^sts:/i.test(pattern))
      throw new PolicyError('AssumeRole policy may only specify STS AssumeRole actions.');
    if (pattern !== '*' && !pattern.includes(':'))
      throw new PolicyError('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  }
}

function checkResources(patterns: readonly string[]): void {
  for (const pattern of patterns)
    if (pattern !== '*' && !/^(arn|\*)[:*]/.test(pattern) && !pattern.startsWith('${'))
      throw new PolicyError(`Resource ${pattern} must be in ARN format or "*".`);
}

function parsePrincipals(statement: Record<string, unknown>): PrincipalSet | undefined {
  const negated = statement['NotPrincipal'] !== undefined;
  const raw = statement['Principal'] ?? statement['NotPrincipal'];
  if (raw === undefined) return undefined;
  if (raw === '*') return { negated, any: true, aws: [], service: [], federated: [] };
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw))
    throw new PolicyError('Invalid principal in policy.');
  const record = raw as Record<string, unknown>;
  for (const name of Object.keys(record))
    if (!['AWS', 'Service', 'Federated', 'CanonicalUser'].includes(name))
      throw new PolicyError('Invalid principal in policy.');
  const list = (name: string) => (record[name] === undefined ? [] : texts(record[name]));
  const aws = list('AWS');
  for (const principal of aws)
    if (
      principal !== '*' &&
      !/^\d{12}$/.test(principal) &&
      !/^arn:[a-z-]+:(iam|sts)::\d{12}:.+$/.test(principal) &&
      !/^A(IDA|ROA)[A-Z0-9]{12,}$/.test(principal)
    )
      throw new PolicyError(`Invalid principal in policy: "AWS":"${principal}"`);
  return { negated, any: aws.includes('*'), aws, service: list('Service'), federated: list('Federated') };
}

function parseConditions(raw: unknown, kind: PolicyKind): Condition[] {
  if (raw === undefined) return [];
  return Object.entries(objectOf(raw, kind)).flatMap(([name, block]) => {
    const { operator, ifExists, quantifier } = parseOperator(name);
    return Object.entries(objectOf(block, kind)).map(([key, value]) => ({
      operator,
      ifExists,
      quantifier,
      key: key.toLowerCase(),
      values: (Array.isArray(value) ? value : [value]).map(String),
    }));
  });
}

function parseOperator(name: string): Pick<Condition, 'operator' | 'ifExists' | 'quantifier'> {
  const match = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(name);
  const operator = match?.[2] ?? '';
  if (!operators.has(operator)) throw new PolicyError(`Invalid Condition type : ${name}.`);
  return { operator, ifExists: match?.[3] !== undefined, quantifier: match?.[1] as Condition['quantifier'] };
}
