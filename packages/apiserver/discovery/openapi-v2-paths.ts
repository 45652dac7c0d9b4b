type Schema = Record<string, any>;

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const;

/** What version 2 says of the requests to one path. @param item the same in version 3 */
export function pathItemV2(item: Schema): Schema {
  const operations = methods.flatMap((method) => (item[method] ? [[method, operationV2(item[method])]] : []));
  return {
    ...Object.fromEntries(operations),
    ...(item['parameters'] ? { parameters: item['parameters'].map(parameterV2) } : {}),
  };
}

function operationV2({ requestBody, responses, parameters = [], ...rest }: Schema): Schema {
  const answers = Object.entries<Schema>(responses);
  const produces = new Set(answers.flatMap(([, answer]) => Object.keys(answer['content'] ?? {})));
  const [sent] = Object.values<Schema>(requestBody?.content ?? {});
  const body = sent && { name: 'body', in: 'body', required: true, schema: referenceV2(sent['schema']) };
  return {
    ...rest,
    consumes: Object.keys(requestBody?.content ?? { '*/*': {} }),
    produces: produces.size > 0 ? [...produces] : ['*/*'],
    schemes: ['https'],
    parameters: [...(body ? [body] : []), ...parameters.map(parameterV2)],
    responses: Object.fromEntries(answers.map(([code, answer]) => [code, responseV2(answer)])),
  };
}

function parameterV2({ schema, ...rest }: Schema): Schema {
  return { ...rest, ...schema };
}

function responseV2({ description, content = {} }: Schema): Schema {
  const [first] = Object.values<Schema>(content);
  return { description, ...(first ? { schema: referenceV2(first['schema']) } : {}) };
}

function referenceV2(schema: Schema): Schema {
  const { $ref } = schema;
  return $ref === undefined ? schema : { $ref: $ref.replace('#/components/schemas/', '#/definitions/') };
}
