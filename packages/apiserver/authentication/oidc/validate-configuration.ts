import { duplicate, type FieldError, invalid, qualifiedNameProblems, required } from '@keelson/model';
import type { CelProgram, CompileExpression } from '@keelson/model/cel/index.ts';
import { ExpressionCompiler } from './claim-expressions.ts';
import type {
  AuthenticationConfiguration,
  ClaimMappings,
  JwtAuthenticatorConfiguration,
  PrefixedClaimOrExpression,
} from './jwt-authenticator-configuration.ts';

/** One issuer with its expressions compiled. */
export interface CompiledIssuer {
  readonly configuration: JwtAuthenticatorConfiguration;
  readonly username: CelProgram | undefined;
  readonly groups: CelProgram | undefined;
  readonly uid: CelProgram | undefined;
  readonly extra: readonly { readonly key: string; readonly program: CelProgram }[];
  readonly claimRules: readonly { readonly program: CelProgram; readonly message: string }[];
  readonly userRules: readonly { readonly program: CelProgram; readonly message: string }[];
}

/** Issuers that one configuration may have, as upstream. */
const issuerLimit = 64;

/**
 * Everything wrong with an AuthenticationConfiguration, and what can be used of it.
 * @param disallowed the cluster's own issuers of service account tokens
 */
export function compileAuthentication(
  configuration: AuthenticationConfiguration,
  options: { readonly compile: CompileExpression; readonly minor: number; readonly disallowed: readonly string[] },
): { readonly issuers: readonly CompiledIssuer[]; readonly errors: readonly FieldError[] } {
  const { jwt = [], anonymous } = configuration;
  const errors: FieldError[] = [];
  if (jwt.length > issuerLimit)
    errors.push({
      type: 'FieldValueTooMany',
      field: 'jwt',
      message: `Too many: ${jwt.length}: must have at most ${issuerLimit} items`,
    });
  const seen = { url: new Set<string>(), discoveryURL: new Set<string>() };
  const issuers = jwt.slice(0, issuerLimit).map((one, index) => {
    const field = `jwt[${index}]`;
    const compiler = new ExpressionCompiler(options.compile, options.minor);
    errors.push(...issuerErrors(`${field}.issuer`, one.issuer ?? {}, options.disallowed));
    const compiled = compileIssuer(field, one, compiler, errors);
    errors.push(...compiler.errors);
    for (const name of ['url', 'discoveryURL'] as const) {
      const value = one.issuer?.[name];
      if (!value) continue;
      if (seen[name].has(value)) errors.push(duplicate(`${field}.issuer.${name}`, value));
      seen[name].add(value);
    }
    return compiled;
  });
  if (anonymous !== undefined && anonymous.enabled !== true && (anonymous.conditions ?? []).length > 0)
    errors.push(
      invalid(
        'anonymous.conditions',
        anonymous.conditions,
        'enabled should be set to true when conditions are defined',
      ),
    );
  return { issuers, errors };
}

function urlErrors(field: string, text: string): FieldError[] {
  if (!URL.canParse(text)) return [invalid(field, text, `parse ${JSON.stringify(text)}: invalid URL`)];
  const { protocol, username, password, search, hash } = new URL(text);
  const errors: FieldError[] = [];
  if (protocol !== 'https:') errors.push(invalid(field, text, 'URL scheme must be https'));
  if (username !== '' || password !== '')
    errors.push(invalid(field, text, 'URL must not contain a username or password'));
  if (search !== '') errors.push(invalid(field, text, 'URL must not contain a query'));
  if (hash !== '') errors.push(invalid(field, text, 'URL must not contain a fragment'));
  return errors;
}

function issuerErrors(
  field: string,
  issuer: JwtAuthenticatorConfiguration['issuer'],
  disallowed: readonly string[],
): FieldError[] {
  const { url = '', discoveryURL = '', audiences = [], audienceMatchPolicy = '', certificateAuthority = '' } = issuer;
  const errors: FieldError[] = [];
  if (url === '') errors.push(required(`${field}.url`));
  else {
    if (disallowed.includes(url)) {
      const text = `URL must not overlap with disallowed issuers: [${disallowed.join(' ')}]`;
      errors.push(invalid(`${field}.url`, url, text));
    }
    errors.push(...urlErrors(`${field}.url`, url));
  }
  if (discoveryURL !== '') {
    const bare = (text: string) => text.replace(/\/+$/, '');
    if (url !== '' && bare(url) === bare(discoveryURL))
      errors.push(invalid(`${field}.discoveryURL`, discoveryURL, 'discoveryURL must be different from URL'));
    errors.push(...urlErrors(`${field}.discoveryURL`, discoveryURL));
  }
  errors.push(...audienceErrors(field, audiences, audienceMatchPolicy));
  if (certificateAuthority !== '' && !certificateAuthority.includes('-----BEGIN CERTIFICATE-----')) {
    const text = 'data does not contain any valid RSA or ECDSA certificates';
    errors.push(invalid(`${field}.certificateAuthority`, '<omitted>', text));
  }
  if (issuer.egressSelectorType && !['controlplane', 'cluster'].includes(issuer.egressSelectorType)) {
    const text = 'egress selector must be either controlplane or cluster';
    errors.push(invalid(`${field}.egressSelectorType`, issuer.egressSelectorType, text));
  }
  return errors;
}

function audienceErrors(field: string, audiences: readonly string[], policy: string): FieldError[] {
  const at = `${field}.audiences`;
  if (audiences.length === 0) return [required(at, `at least one ${at} is required`)];
  const errors = audiences.flatMap((audience, index): FieldError[] => {
    const one = `${at}[${index}]`;
    if (audience === '') return [required(one)];
    return audiences.indexOf(audience) < index ? [duplicate(one, audience)] : [];
  });
  const match = `${field}.audienceMatchPolicy`;
  if (audiences.length > 1 && policy !== 'MatchAny')
    errors.push(invalid(match, policy, 'audienceMatchPolicy must be MatchAny for multiple audiences'));
  if (audiences.length === 1 && policy !== '' && policy !== 'MatchAny')
    errors.push(invalid(match, policy, 'audienceMatchPolicy must be empty or MatchAny for single audience'));
  return errors;
}

function compileIssuer(
  field: string,
  configuration: JwtAuthenticatorConfiguration,
  compiler: ExpressionCompiler,
  errors: FieldError[],
): CompiledIssuer {
  const claimRules = compileClaimRules(`${field}.claimValidationRules`, configuration, compiler, errors);
  const mappings = configuration.claimMappings ?? {};
  const at = `${field}.claimMappings`;
  const username = compilePrefixed(`${at}.username`, mappings.username ?? {}, true, compiler, errors);
  const groups = compilePrefixed(`${at}.groups`, mappings.groups ?? {}, false, compiler, errors);
  const { uid: uidMapping = {} } = mappings;
  let uid: CelProgram | undefined;
  if (uidMapping.claim && uidMapping.expression)
    errors.push(invalid(`${at}.uid`, '', "claim and expression can't both be set"));
  else if (uidMapping.expression) uid = compiler.claims(`${at}.uid.expression`, uidMapping.expression, 'texts');
  const extra = compileExtra(`${at}.extra`, mappings, compiler, errors);
  const verified = [username, ...extra.map(({ program }) => program), ...claimRules.map(({ program }) => program)];
  if (username && mentions(username, 'email') && !verified.some((one) => one && mentions(one, 'email_verified'))) {
    const text =
      'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression';
    errors.push(invalid(`${at}.username.expression`, username.text, text));
  }
  return {
    configuration,
    username,
    groups,
    uid,
    extra,
    claimRules,
    userRules: compileUserRules(`${field}.userValidationRules`, configuration, compiler, errors),
  };
}

/** Whether an expression reads `claims.NAME`, also as `claims.?NAME` or by index. */
function mentions({ text }: CelProgram, name: string): boolean {
  return new RegExp(`claims\\s*(\\.\\s*\\??\\s*${name}\\b|\\[\\s*\\??\\s*["']${name}["'])`).test(text);
}

function compileClaimRules(
  field: string,
  { claimValidationRules: rules = [] }: JwtAuthenticatorConfiguration,
  compiler: ExpressionCompiler,
  errors: FieldError[],
): CompiledIssuer['claimRules'] {
  const seen = new Set<string>();
  const compiled: { program: CelProgram; message: string }[] = [];
  for (const [index, { claim = '', requiredValue = '', expression = '', message = '' }] of rules.entries()) {
    const at = `${field}[${index}]`;
    if (claim !== '' && expression !== '') errors.push(invalid(at, claim, "claim and expression can't both be set"));
    else if (claim === '' && expression === '') errors.push(required(at, 'claim or expression is required'));
    else if (claim !== '') {
      if (message !== '') errors.push(invalid(`${at}.message`, message, 'may not be specified when claim is set'));
      if (seen.has(`claim ${claim}`)) errors.push(duplicate(`${at}.claim`, claim));
      seen.add(`claim ${claim}`);
    } else {
      if (requiredValue !== '')
        errors.push(invalid(`${at}.requiredValue`, requiredValue, 'may not be specified when expression is set'));
      if (seen.has(expression)) {
        errors.push(duplicate(`${at}.expression`, expression));
        continue;
      }
      seen.add(expression);
      const program = compiler.claims(`${at}.expression`, expression, 'bool');
      if (program !== undefined) compiled.push({ program, message });
    }
  }
  return compiled;
}

function compilePrefixed(
  field: string,
  { claim = '', prefix, expression = '' }: PrefixedClaimOrExpression,
  needed: boolean,
  compiler: ExpressionCompiler,
  errors: FieldError[],
): CelProgram | undefined {
  if (claim !== '' && expression !== '') {
    errors.push(invalid(field, '', "claim and expression can't both be set"));
  } else if (expression !== '') {
    if (prefix !== undefined)
      errors.push(invalid(`${field}.prefix`, prefix, 'may not be specified when expression is set'));
    return compiler.claims(`${field}.expression`, expression, 'texts');
  } else if (claim === '') {
    if (needed) errors.push(required(field, 'claim or expression is required'));
  } else if (prefix === undefined) {
    const text = 'prefix is required when claim is set. It can be set to an empty string to disable prefixing';
    errors.push(required(`${field}.prefix`, text));
  }
  return undefined;
}

function compileExtra(
  field: string,
  { extra = [] }: ClaimMappings,
  compiler: ExpressionCompiler,
  errors: FieldError[],
): CompiledIssuer['extra'] {
  const seen = new Set<string>();
  const compiled: { key: string; program: CelProgram }[] = [];
  for (const [index, { key = '', valueExpression = '' }] of extra.entries()) {
    const at = `${field}[${index}]`;
    errors.push(...extraKeyErrors(`${at}.key`, key));
    if (seen.has(key)) {
      errors.push(duplicate(`${at}.key`, key));
      continue;
    }
    seen.add(key);
    if (valueExpression === '') {
      errors.push(required(`${at}.valueExpression`));
      continue;
    }
    const program = compiler.claims(`${at}.valueExpression`, valueExpression, 'texts');
    if (program !== undefined) compiled.push({ key, program });
  }
  return compiled;
}

function extraKeyErrors(field: string, key: string): FieldError[] {
  const errors: FieldError[] = [];
  if (key === '') errors.push(required(field));
  else if (!key.includes('/'))
    errors.push(invalid(field, key, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  else
    errors.push(...qualifiedNameProblems(key.replaceAll(/(?<=\/.*)\//g, '.')).map((text) => invalid(field, key, text)));
  if (key !== key.toLowerCase()) errors.push(invalid(field, key, 'must be lowercase'));
  const domain = key.split('/', 1)[0]!;
  if (key.includes('/') && /(^|\.)(kubernetes|k8s)\.io$/.test(domain)) {
    const text = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use';
    errors.push(invalid(field, key, text));
  }
  return errors;
}

function compileUserRules(
  field: string,
  { userValidationRules: rules = [] }: JwtAuthenticatorConfiguration,
  compiler: ExpressionCompiler,
  errors: FieldError[],
): CompiledIssuer['userRules'] {
  const seen = new Set<string>();
  const compiled: { program: CelProgram; message: string }[] = [];
  for (const [index, { expression = '', message = '' }] of rules.entries()) {
    const at = `${field}[${index}].expression`;
    if (expression === '') errors.push(required(at));
    else if (seen.has(expression)) errors.push(duplicate(at, expression));
    else {
      seen.add(expression);
      const program = compiler.user(at, expression);
      if (program !== undefined) compiled.push({ program, message });
    }
  }
  return compiled;
}
