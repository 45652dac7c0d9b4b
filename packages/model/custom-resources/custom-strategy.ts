import type { ApplySchema } from '../apply/apply-schema.ts';
import { type FieldError, invalid } from '../field-error.ts';
import type {
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
  JSONSchemaProps,
} from '../generated/types/apiextensions-v1.ts';
import { qualifiedNameProblems } from '../metadata/names.ts';
import { sameValue } from '../metadata/same-value.ts';
import type { ApiObject } from '../object.ts';
import type { Strategy } from '../strategy.ts';
import { customScale, scaleSpecErrors, scaleStatusErrors } from './custom-scale.ts';
import { repeatedElements } from './distinct-lists.ts';
import { embeddedErrors } from './embedded-objects.ts';
import { ExpressionValidator } from './expression-validator.ts';
import { parseJsonPath } from './json-path.ts';
import { printerColumns } from './printer-columns.ts';
import { fieldErrorsOf } from './schema-problem.ts';
import type { StructuralSchema } from './structural-schema.ts';
import { uncorrelated, validateValue } from './value-validator.ts';

/** What the rules of a custom resource are made of. */
export interface CustomRules {
  readonly apiVersion: string;
  readonly kind: string;
  readonly version: CustomResourceDefinitionVersion;
  readonly schema: () => StructuralSchema;
  readonly defaults: (object: ApiObject) => void;
  readonly applySchema: ApplySchema;
}

/** The rules of one version of a custom resource, as its definition states them. */
export function customStrategy(rules: CustomRules): Strategy {
  const { version } = rules;
  const hasStatus = version.subresources?.status !== undefined;
  const { scale } = version.subresources ?? {};
  const checks = new CustomChecks(rules, scale);
  return {
    apiVersion: rules.apiVersion,
    kind: rules.kind,
    generation: true,
    unconditionalUpdate: false,
    plainFinalizers: true,
    defaults: rules.defaults,
    applySchema: rules.applySchema,
    prepareForCreate(object) {
      if (hasStatus) delete object['status'];
    },
    prepareForUpdate(object, previous) {
      if (hasStatus) {
        if (previous['status'] === undefined) delete object['status'];
        else object['status'] = previous['status'];
      } else if (!sameValue(object['status'], previous['status'])) {
        // Without a status of its own it is a field like any other, which the generation counts.
        object.metadata!.generation = (previous.metadata?.generation ?? 0) + 1;
      }
    },
    validate: (object) => checks.created(object),
    validateUpdate: (object, previous) => checks.updated(object, previous),
    validateStatusUpdate: (object, previous) => checks.statusUpdated(object, previous),
    warnings: finalizerWarnings,
    ...(scale === undefined ? {} : { scale: customScale(scale) }),
    ...(version.selectableFields?.length ? { selectableFields: selectable(version.selectableFields) } : {}),
    columns: printerColumns(version.additionalPrinterColumns),
  };
}

/** Errors that leave it open of which types the fields are: expressions are not asked then. */
const blocking: ReadonlySet<string> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const notChecked =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

class CustomChecks {
  readonly #rules: CustomRules;
  readonly #scale: CustomResourceSubresourceScale | undefined;
  /** Compiled when the first object comes. */
  #expressions: { readonly validator: ExpressionValidator | undefined } | undefined;

  constructor(rules: CustomRules, scale: CustomResourceSubresourceScale | undefined) {
    this.#rules = rules;
    this.#scale = scale;
  }

  get #props(): JSONSchemaProps {
    return this.#rules.schema().props;
  }

  created(object: Readonly<ApiObject>): FieldError[] {
    const errors = fieldErrorsOf(validateValue(this.#props, object, { root: true }), '');
    errors.push(...this.#scaleErrors(object, true), ...this.#embedded(object));
    errors.push(...repeatedElements(object, this.#rules.schema()));
    return this.#withExpressions(errors, object, undefined);
  }

  updated(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
    const errors = fieldErrorsOf(validateValue(this.#props, object, { root: true, old: previous }), '');
    errors.push(...this.#scaleErrors(object, true), ...this.#embedded(object), ...this.#repeated(object, previous));
    return this.#withExpressions(errors, object, previous);
  }

  statusUpdated(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
    const errors: FieldError[] = [];
    const props = this.#props.properties?.['status'];
    if (props !== undefined && object['status'] !== undefined) {
      const old = previous['status'] === undefined ? uncorrelated : previous['status'];
      errors.push(...fieldErrorsOf(validateValue(props, object['status'], { old }), 'status'));
    }
    errors.push(...this.#scaleErrors(object, false), ...this.#repeated(object, previous));
    return this.#withExpressions(errors, object, previous);
  }

  #scaleErrors(object: Readonly<ApiObject>, spec: boolean): FieldError[] {
    if (this.#scale === undefined) return [];
    return [...(spec ? scaleSpecErrors(object, this.#scale) : []), ...scaleStatusErrors(object, this.#scale)];
  }

  /** Those below the root, whose own metadata every kind has checked. */
  #embedded(object: Readonly<ApiObject>): FieldError[] {
    const errors: FieldError[] = [];
    for (const [name, property] of this.#rules.schema().properties)
      if (name !== 'metadata') errors.push(...embeddedErrors(object[name], property, name));
    return errors;
  }

  /** What was wrong before does not stand in the way. */
  #repeated(object: Readonly<ApiObject>, previous: Readonly<ApiObject>): FieldError[] {
    const errors = repeatedElements(object, this.#rules.schema());
    return errors.length > 0 && repeatedElements(previous, this.#rules.schema()).length > 0 ? [] : errors;
  }

  #withExpressions(
    errors: FieldError[],
    object: Readonly<ApiObject>,
    previous: Readonly<ApiObject> | undefined,
  ): FieldError[] {
    this.#expressions ??= { validator: ExpressionValidator.of(this.#rules.schema()) };
    const { validator } = this.#expressions;
    if (validator === undefined) return errors;
    if (!errors.some(({ type }) => blocking.has(type))) return [...errors, ...validator.validate(object, previous)];
    return [...errors, invalid('<nil>', null, notChecked)];
  }
}

/** Finalizers that may clash with those of others, as far as they are new. */
function finalizerWarnings(object: Readonly<ApiObject>, previous?: Readonly<ApiObject>): string[] {
  const before = new Set(previous?.metadata?.finalizers ?? []);
  const added = [...new Set(object.metadata?.finalizers ?? [])].filter((name) => !before.has(name)).sort();
  return added.flatMap((name) => {
    const start = `metadata.finalizers: ${JSON.stringify(name)}: `;
    const texts = qualifiedNameProblems(name).map((problem) => `${start}${problem}`);
    if (name.includes('/') || standardFinalizers.has(name)) return texts;
    const path = name.includes('.') ? ' including a path (/)' : '';
    texts.push(
      `${start}prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`,
    );
    return texts;
  });
}

const standardFinalizers = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

function selectable(fields: readonly { readonly jsonPath: string }[]): NonNullable<Strategy['selectableFields']> {
  return Object.fromEntries(
    fields.map(({ jsonPath }) => {
      const path = parseJsonPath(jsonPath);
      const read = (object: Readonly<ApiObject>) => {
        const [value] = path.find(object);
        return value === undefined || value === null ? '' : String(value);
      };
      return [jsonPath.replace(/^\./, ''), read];
    }),
  );
}
