/** OpenAPI 3.1 from the declared operations and notifications. */
import { z } from 'zod';
import { type FaultName, faults } from '../src/codes.ts';
import { notifications } from '../src/notifications.ts';
import { apiPrefix, doorFaults, type Operation } from '../src/operation.ts';
import { operations } from '../src/operations/all.ts';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Schema = { [name: string]: Json };

/** Named schemas that were met on the way; they become `components.schemas`. */
export type Components = Map<string, Schema>;

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/**
 * A zod schema as JSON Schema, its named parts moved to the components.
 *
 * @throws Error when the schema has a transform: what is validated must be what is on the wire
 */
export function schemaOf(schema: z.ZodType, components: Components): Schema {
  const whole = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input', reused: 'inline' }) as Schema;
  delete whole.$schema;
  const { $defs = {}, ...top } = whole as Schema & { $defs?: { [name: string]: Schema } };
  for (const [name, part] of Object.entries($defs)) components.set(name, closed(part) as Schema);
  return named(closed(top) as Schema, components);
}

function named(schema: Schema, components: Components): Schema {
  const { id, ...rest } = schema;
  if (typeof id !== 'string') return schema;
  components.set(id, rest);
  return ref(id);
}

/** Points references at the components and drops what a reader of the document does not need. */
function closed(value: Json): Json {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, member]): [string, Json][] => {
    if (name === 'additionalProperties' && member === false) return [];
    if (name === '$ref' && typeof member === 'string')
      return [[name, member.replace('#/$defs/', '#/components/schemas/')]];
    return [[name, closed(member)]];
  });
  return Object.fromEntries(entries);
}

/** The whole document. */
export function openApi(): Json {
  const components: Components = new Map([
    ['OrderFault', envelope('order', { type: 'object', maxProperties: 0, description: 'Empty' })],
    ['TokenizationFault', envelope('tokenization', { type: 'null' }, true)],
  ]);
  const paths = Object.fromEntries(
    operations.map((operation) => [`${apiPrefix}${operation.path}`, { post: operationObject(operation, components) }]),
  );
  const webhooks = Object.fromEntries(
    notifications.map((notification) => [
      notification.shape.eventType.value,
      { post: webhookObject(schemaOf(notification, components)) },
    ]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Waffo API',
      version: '1.0.0',
      description: 'Card vault and payment gateway. Every call is a signed POST; every answer is signed.',
    },
    servers: [{ url: 'http://127.0.0.1:4010', description: 'the sandbox that `npm start` runs' }],
    paths,
    webhooks,
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      parameters: parameters as unknown as Json,
      headers: headers as unknown as Json,
    },
  };
}

const header = (name: string, description: string, required = true) => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type: 'string' },
});

const parameters = {
  ApiKey: header('X-API-KEY', "The merchant's API key"),
  ClientApiKey: header('X-API-KEY', "The merchant's client API key, for browsers"),
  Signature: header('X-SIGNATURE', 'SHA256withRSA over the raw body bytes by the merchant, base64'),
};

const headers = {
  Signature: { description: 'SHA256withRSA over the raw body bytes by Waffo, base64', schema: { type: 'string' } },
  RequestId: { description: 'Names this exchange in the log', schema: { type: 'string' } },
};

function operationObject(operation: Operation, components: Components): Json {
  const names = [...new Set<FaultName>([...doorFaults[operation.door], ...operation.faults])];
  const data = schemaOf(operation.data, components);
  const keys = operation.door === 'browser' ? ['ClientApiKey'] : ['ApiKey', 'Signature'];
  const tag = operation.path.split('/')[1] ?? '';
  return {
    operationId: operation.path.slice(1).replaceAll(/\/(\w)/g, (_, letter: string) => letter.toUpperCase()),
    tags: [tag],
    summary: operation.summary,
    description: operation.description,
    parameters: keys.map((key) => ({ $ref: `#/components/parameters/${key}` })),
    requestBody: {
      required: true,
      content: { 'application/json': { schema: schemaOf(operation.request, components) } },
    },
    responses: {
      200: response('Success', envelope(operation.envelope, data)),
      ...Object.fromEntries(faultResponses(operation, names)),
    },
  };
}

/** Faults by their HTTP status. */
function faultResponses(operation: Operation, names: readonly FaultName[]): [string, Json][] {
  const statuses = [...new Set(names.map((name) => faults[name].http))].sort();
  const schema = ref(operation.envelope === 'order' ? 'OrderFault' : 'TokenizationFault');
  return statuses.map((status) => {
    const list = names
      .filter((name) => faults[name].http === status)
      .map((name) => `\`${faults[name].code}\` ${faults[name].msg}`);
    return [String(status), response(list.join('; '), schema)];
  });
}

const response = (description: string, schema: Schema): Json => ({
  description,
  headers: {
    'X-SIGNATURE': { $ref: '#/components/headers/Signature' },
    'X-Request-Id': { $ref: '#/components/headers/RequestId' },
  },
  content: { 'application/json': { schema } },
});

function envelope(kind: Operation['envelope'], data: Schema, failed = false): Schema {
  const code = failed ? { type: 'string', not: { const: '0' } } : { type: 'string' };
  const plain = { code, msg: { type: 'string' }, data };
  const properties =
    kind === 'order'
      ? plain
      : { ...plain, msgParams: { type: 'object' }, success: { type: 'boolean' }, fail: { type: 'boolean' } };
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false } as Schema;
}

const webhookObject = (schema: Schema): Json => ({
  description: 'Sent to the notify URL, signed; acknowledge with HTTP 200 and the signed body {"message":"success"}.',
  parameters: [{ $ref: '#/components/parameters/Signature' }],
  requestBody: { required: true, content: { 'application/json': { schema } } },
  responses: { 200: { description: 'Acknowledged' } },
});
