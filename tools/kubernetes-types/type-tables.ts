import type { Model } from './client-node.ts';
import type { GoField, GoPackage, GoType } from './go-source.ts';

/** package (`core/v1`) → type → field → expression; the form is described in packages/model/tables/field-expression.ts. */
export type TypeTables = Record<string, Record<string, Record<string, string>>>;

/** Go types with a form of their own in JSON. */
const wellKnown: Record<string, string> = {
  'k8s.io/apimachinery/pkg/apis/meta/v1.Time': 'time',
  'k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime': 'microTime',
  'k8s.io/apimachinery/pkg/apis/meta/v1.Duration': 'duration',
  'k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1': 'fieldsV1',
  'k8s.io/apimachinery/pkg/api/resource.Quantity': 'quantity',
  'k8s.io/apimachinery/pkg/util/intstr.IntOrString': 'intOrString',
  'k8s.io/apimachinery/pkg/runtime.RawExtension': 'raw',
  'k8s.io/apimachinery/pkg/runtime.Object': 'raw',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON': 'json',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrArray':
    'JSONSchemaProps|[]JSONSchemaProps',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrBool': 'JSONSchemaProps|bool',
  'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrStringArray': 'JSONSchemaProps|[]string',
};
const basic: Record<string, string> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  int: 'int64',
  uint32: 'int64',
  uint64: 'int64',
  float64: 'double',
  '[]byte': 'bytes',
  'interface{}': 'json',
};

/** `k8s.io/api/core/v1` → `core/v1`. */
export function shortPath(path: string): string {
  return path.split('/').slice(-2).join('/');
}

/** A value of an enum in the one line of a field. */
function escaped(value: string): string {
  return value.replace(/[ ,%]/g, encodeURIComponent);
}

interface Resolved {
  readonly expression: string;
  readonly enum?: readonly string[];
  /** The Go value is a struct itself, not a pointer to one: it is written even when it is empty. */
  readonly struct: boolean;
}

export class TableBuilder {
  readonly #packages: ReadonlyMap<string, GoPackage>;
  readonly #models: ReadonlyMap<string, Model>;
  /** Facts in which the two sources differ; the generator prints them. */
  readonly differences: string[] = [];
  /** The package whose table is being built: its own types are named without it. */
  #current = '';

  constructor(packages: readonly GoPackage[], models: ReadonlyMap<string, Model>) {
    this.#packages = new Map(packages.map((each) => [each.path, each]));
    this.#models = models;
  }

  /** The client's model of a type, if it has one: models are named by version and type, or by group as well. */
  modelName(path: string, type: string): string | undefined {
    const [group, version] = shortPath(path)
      .split('/')
      .map((part) => part[0]!.toUpperCase() + part.slice(1));
    return [`${group}${version}${type}`, `${version}${type}`].find((name) => this.#models.has(name));
  }

  build(): TypeTables {
    const tables: TypeTables = {};
    for (const each of this.#packages.values()) {
      this.#current = each.path;
      const types: Record<string, Record<string, string>> = {};
      for (const name of [...each.types.keys()].sort()) {
        const type = each.types.get(name)!;
        const special = wellKnown[`${each.path}.${name}`] !== undefined;
        if (type.fields === undefined || special) continue;
        const fields = this.#fields(each, type);
        if (Object.keys(fields).length > 0 || type.fields.length === 0) types[name] = fields;
      }
      tables[shortPath(each.path)] = types;
    }
    return tables;
  }

  #fields(owner: GoPackage, type: GoType): Record<string, string> {
    const fields: Record<string, string> = {};
    const facts = [
      ...(type.markers.includes('structType=atomic') ? ['atomic'] : []),
      ...(type.markers.includes('union') ? ['union'] : []),
    ];
    if (facts.length > 0) fields['@'] = facts.join(' ');
    const modelName = this.modelName(owner.path, type.name);
    const model = modelName === undefined ? undefined : this.#models.get(modelName);
    for (const field of type.fields!) {
      const [name, ...options] = field.json.split(',');
      if (name === '-' || field.json === '' || field.json === '-') continue;
      if (options.includes('inline') || name === '') {
        const target = field.type.replace(/^\*/, '');
        const number = this.#number(field);
        const expression = this.#resolve(owner, field.type.replace(/^\*/, ''), field.imports).expression;
        fields[`...${target.split('.').pop()!}`] = number === '' ? expression : `${expression} ${number}`;
        continue;
      }
      fields[name!] = this.#expression(owner, field, options, model?.get(name!)?.required);
    }
    if (model !== undefined) this.#compare(`${shortPath(owner.path)}.${type.name}`, fields, model);
    return fields;
  }

  #compare(name: string, fields: Record<string, string>, model: Model): void {
    if (Object.keys(fields).some((field) => field.startsWith('...') && field !== '...TypeMeta')) return;
    for (const field of model.keys()) {
      const known = field in fields || field === 'apiVersion' || field === 'kind';
      if (!known) this.differences.push(`${name}.${field}: only the client has it`);
    }
    for (const field of Object.keys(fields)) {
      const known = model.has(field) || field === '@' || field.startsWith('...');
      if (!known) this.differences.push(`${name}.${field}: only the Go source has it`);
    }
  }

  #number(field: GoField): string {
    const number = field.protobuf.split(',')[1];
    return number === undefined || !/^\d+$/.test(number) ? '' : `#${number}`;
  }

  #expression(owner: GoPackage, field: GoField, options: readonly string[], documented: boolean | undefined): string {
    const resolved = this.#resolve(owner, field.type, field.imports);
    const optional = options.includes('omitempty') || options.includes('omitzero');
    const required = documented ?? (!optional && !field.markers.includes('optional'));
    const pointer = field.type.startsWith('*');
    const kept = (resolved.struct && !pointer && !options.includes('omitzero')) || !optional;
    const tokens = [resolved.expression + (required ? '!' : '')];
    if (kept !== required) tokens.push(kept ? 'keep' : 'omit');
    const number = this.#number(field);
    if (number !== '') tokens.push(number);
    const marker = (name: string) => field.markers.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1);
    const markers = (name: string) =>
      field.markers.filter((text) => text.startsWith(`${name}=`)).map((text) => text.slice(name.length + 1));
    const list = marker('listType');
    if (list === 'map') tokens.push(`keys(${markers('listMapKey').join(',')})`);
    else if (list !== undefined) tokens.push(list);
    else if (marker('mapType') === 'atomic' || marker('structType') === 'atomic') tokens.push('atomic');
    for (const strategy of field.patchStrategy.split(',').filter((text) => text !== '')) {
      tokens.push(strategy === 'merge' && field.patchMergeKey !== '' ? `merge(${field.patchMergeKey})` : strategy);
    }
    if (field.markers.includes('unionDiscriminator')) tokens.push('discriminator');
    const oneOf = marker('oneOf');
    if (oneOf !== undefined) tokens.push(`oneOf(${oneOf})`);
    if (this.#wrapper(owner, field) !== undefined) tokens.push('wrapped');
    if (resolved.enum !== undefined) tokens.push(`enum(${resolved.enum.map(escaped).join(',')})`);
    const value = marker('default');
    if (value !== undefined) tokens.push(`default=${this.#default(owner, value)}`);
    return tokens.join(' ');
  }

  /** A named list (ExtraValue, Verbs), in a map too, is a message of its own in protobuf. */
  #wrapper(owner: GoPackage, field: GoField): string | undefined {
    const name = field.type.replace(/^\*|^map\[\w+\]/, '');
    const type = owner.types.get(name);
    return type?.underlying?.startsWith('[]') && owner.messages.has(name) ? name : undefined;
  }

  #default(owner: GoPackage, value: string): string {
    const reference = /^ref\((\w+)\)$/.exec(value);
    if (reference === null) return JSON.stringify(JSON.parse(value));
    const constant = owner.constants.get(reference[1]!);
    if (constant === undefined) throw new Error(`no constant ${reference[1]} in ${owner.path}`);
    return JSON.stringify(constant);
  }

  #resolve(owner: GoPackage, type: string, imports: ReadonlyMap<string, string>): Resolved {
    const plain = basic[type];
    if (plain !== undefined) return { expression: plain, struct: false };
    if (type.startsWith('*')) {
      const inner = this.#resolve(owner, type.slice(1), imports);
      const pointer = inner.expression.startsWith('[]') || inner.expression.startsWith('map<') ? '' : '*';
      return { ...inner, expression: pointer + inner.expression, struct: false };
    }
    if (type.startsWith('[]')) {
      const inner = this.#resolve(owner, type.slice(2).replace(/^\*/, ''), imports);
      return { ...inner, expression: `[]${inner.expression}`, struct: false };
    }
    const map = /^map\[[\w.]+\](.+)$/.exec(type);
    if (map !== null) {
      const inner = this.#resolve(owner, map[1]!.replace(/^\*/, ''), imports);
      return { expression: `map<${inner.expression}>`, struct: false };
    }
    return this.#named(owner, type, imports);
  }

  #named(owner: GoPackage, type: string, imports: ReadonlyMap<string, string>): Resolved {
    const [first, second] = type.split('.') as [string, string | undefined];
    const path = second === undefined ? owner.path : imports.get(first);
    const name = second ?? first;
    if (path === undefined) throw new Error(`${owner.path}: no import for ${type}`);
    const special = wellKnown[`${path}.${name}`];
    if (special !== undefined) return { expression: special, struct: special === 'time' || special.includes('|') };
    if (path.endsWith('/pkg/types')) return { expression: 'string', struct: false };
    const home = this.#packages.get(path);
    const found = home?.types.get(name);
    if (home === undefined || found === undefined) throw new Error(`${owner.path}: unknown type ${path}.${name}`);
    if (found.fields !== undefined) {
      const prefix = this.#current === path ? '' : `${shortPath(path)}.`;
      return { expression: prefix + name, struct: true };
    }
    const resolved = this.#resolve(home, found.underlying!, found.imports);
    const values = found.markers.includes('enum') ? [...(home.enums.get(name) ?? [])].sort() : undefined;
    return values === undefined ? resolved : { ...resolved, enum: values };
  }
}
