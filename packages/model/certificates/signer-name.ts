import { type FieldError, invalid, required, tooLong } from '../field-error.ts';
import { dnsLabelProblems, dnsSubdomainProblems } from '../metadata/names.ts';

const LONGEST_DOMAIN = 253;
const LONGEST = LONGEST_DOMAIN + 1 + 253 + 1 + 63;

/** Everything wrong with the name of a signer: `example.com/my-signer`. */
export function signerNameErrors(at: string, name: string): FieldError[] {
  if (name === '') return [required(at)];
  const segments = name.split('/');
  const [domain = '', path = ''] = segments;
  if (segments.length !== 2) {
    return [invalid(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  const errors: FieldError[] = [];
  if (Buffer.byteLength(domain) > LONGEST_DOMAIN) errors.push(tooLong(at, LONGEST_DOMAIN));
  const labels = domain.split('.');
  errors.push(...firstBadLabel(at, domain, labels, dnsLabelProblems));
  if (labels.length < 2) {
    errors.push(invalid(at, domain, 'should be a domain with at least two segments separated by dots'));
  }
  errors.push(...firstBadLabel(at, path, path.split('.'), dnsSubdomainProblems));
  if (Buffer.byteLength(name) > LONGEST) errors.push(tooLong(at, LONGEST));
  return errors;
}

function firstBadLabel(
  at: string,
  value: string,
  labels: readonly string[],
  form: (label: string) => string[],
): FieldError[] {
  for (const label of labels) {
    const problems = form(label);
    if (problems.length === 0) continue;
    return problems.map((problem) => invalid(at, value, `validating label ${JSON.stringify(label)}: ${problem}`));
  }
  return [];
}
