import {
  dns1035LabelProblems,
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from '../../metadata/names.ts';
import { parseDate, parseTimestamp } from '../values/time.ts';
import { ArrayList, CelOpaque, CelOptional, CelTimestamp, noValue } from '../values/value.ts';
import { type Overload, overload } from './declaration.ts';
import { parseUrl, UrlProblem } from './url.ts';

/** Named formats: `format.dns1123Label().validate(name)`. */

class FormatValue extends CelOpaque {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly name: string;
  /** The length of its pattern, for the cost model. */
  readonly maxRegexSize: number;
  readonly problems: (text: string) => string[];
  constructor(name: string, maxRegexSize: number, problems: (text: string) => string[]) {
    super();
    this.name = name;
    this.maxRegexSize = maxRegexSize;
    this.problems = problems;
  }
  equals(other: CelOpaque): boolean {
    return other instanceof FormatValue && this.name === other.name;
  }
  toString(): string {
    return this.name;
  }
}

/** A prefix of a name may end in a hyphen, to which a generated name adds more. */
function prefix(problems: (text: string) => string[]): (text: string) => string[] {
  return (text) => problems(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -1)}a` : text);
}

function unless(holds: (text: string) => boolean, problem: string): (text: string) => string[] {
  return (text) => (holds(text) ? [] : [problem]);
}

function uriProblems(text: string): string[] {
  try {
    parseUrl(text);
    return [];
  } catch (error) {
    if (error instanceof UrlProblem) return [error.message];
    throw error;
  }
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const longestChecked = 100_000;

const formats: readonly (readonly [string, FormatValue])[] = [
  ['dns1123Label', new FormatValue('DNS1123Label', 30, dnsLabelProblems)],
  ['dns1123Subdomain', new FormatValue('DNS1123Subdomain', 60, dnsSubdomainProblems)],
  ['dns1035Label', new FormatValue('DNS1035Label', 30, dns1035LabelProblems)],
  ['qualifiedName', new FormatValue('QualifiedName', 60, qualifiedNameProblems)],
  ['dns1123LabelPrefix', new FormatValue('DNS1123LabelPrefix', 30, prefix(dnsLabelProblems))],
  ['dns1123SubdomainPrefix', new FormatValue('DNS1123SubdomainPrefix', 60, prefix(dnsSubdomainProblems))],
  ['dns1035LabelPrefix', new FormatValue('DNS1035LabelPrefix', 30, prefix(dns1035LabelProblems))],
  ['labelValue', new FormatValue('LabelValue', 40, labelValueProblems)],
  ['uri', new FormatValue('URI', 1103, uriProblems)],
  [
    'uuid',
    new FormatValue(
      'uuid',
      84,
      unless((text) => uuid.test(text), 'does not match the UUID format'),
    ),
  ],
  [
    'byte',
    new FormatValue(
      'byte',
      84,
      unless((text) => base64.test(text), 'invalid base64'),
    ),
  ],
  [
    'date',
    new FormatValue(
      'date',
      146,
      unless((text) => parseDate(text) !== undefined, 'invalid date'),
    ),
  ],
  [
    'datetime',
    new FormatValue(
      'datetime',
      146,
      unless((text) => parseTimestamp(text) instanceof CelTimestamp, 'invalid datetime'),
    ),
  ],
];

const named = new Map(formats);

export const formatOverloads: readonly Overload[] = [
  overload('format-named', 'format.named(string) -> optional<format>', ([name]) => {
    const format = named.get(name as string);
    return format === undefined ? noValue : new CelOptional(format);
  }),
  overload('format-validate', '(format).validate(string) -> optional<list<string>>', ([format, text], { meter }) => {
    meter.work(20 * (text as string).length);
    const long = (text as string).length > longestChecked;
    const problems = long
      ? [`must be no more than ${longestChecked} bytes`]
      : (format as FormatValue).problems(text as string);
    return problems.length === 0 ? noValue : new CelOptional(new ArrayList(problems));
  }),
  ...formats.map(([name, format]) => overload(`format.${name}`, `format.${name}() -> format`, () => format)),
];
