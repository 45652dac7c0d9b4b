import { authorizerOverloads, selectorOverloads } from './authorizer.ts';
import { type Library, overload } from './declaration.ts';
import { formatOverloads } from './format.ts';
import { kubernetesListOverloads, laterListOverloads } from './kubernetes-lists.ts';
import { listOverloads } from './lists.ts';
import { networkOverloads } from './network.ts';
import { optionalOverloads } from './optional.ts';
import { quantityOverloads } from './quantity.ts';
import { regexOverloads } from './regex.ts';
import { semverOverloads } from './semver.ts';
import { setOverloads } from './sets.ts';
import { mapInsertions, standardOverloads } from './standard.ts';
import { laterStringOverloads, stringOverloads } from './strings.ts';
import { urlOverloads } from './url.ts';

/** `jsonpatch.escapeKey`: a key as a JSON pointer has it (RFC 6901). */
const patchOverloads = [
  overload('string_jsonpatch_escapeKey_string', 'jsonpatch.escapeKey(string) -> string', ([text]) =>
    (text as string).replaceAll('~', '~0').replaceAll('/', '~1'),
  ),
];

/** Every library, with the minor of Kubernetes 1 that brought it (its pkg/cel/environment/base.go). */
export const libraries: readonly Library[] = [
  { since: 0, overloads: standardOverloads },
  { since: 0, overloads: urlOverloads },
  { since: 0, overloads: regexOverloads },
  { since: 0, overloads: kubernetesListOverloads },
  { since: 0, overloads: stringOverloads },
  { since: 0, overloads: patchOverloads, patchTypes: true },
  { since: 27, overloads: authorizerOverloads },
  { since: 28, overloads: optionalOverloads },
  { since: 28, overloads: quantityOverloads },
  { since: 29, overloads: laterStringOverloads },
  { since: 29, overloads: setOverloads },
  { since: 30, overloads: networkOverloads },
  { since: 31, overloads: formatOverloads },
  { since: 31, overloads: selectorOverloads },
  { since: 32, overloads: mapInsertions },
  { since: 33, overloads: semverOverloads },
  { since: 34, overloads: listOverloads },
  { since: 37, overloads: laterListOverloads },
];
