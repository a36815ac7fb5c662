/** The generated OpenAPI document as a judge: every answer and every webhook of every test is held to it. */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

type Json = { [name: string]: Json } & Json[];
const document = JSON.parse(
  readFileSync(new URL('../../docs/reference/openapi.json', import.meta.url), 'utf8'),
) as Json;

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ ...document, $id: 'openapi' });
const validators = new Map<string, ValidateFunction>();

function validatorAt(pointer: string): ValidateFunction {
  const known = validators.get(pointer) ?? ajv.compile({ $ref: `openapi#${pointer}` });
  validators.set(pointer, known);
  return known;
}

const escaped = (name: string): string => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));

/**
 * @param path - as it was called, e.g. `/api/v1/order/create`
 * @returns what is wrong with an answer, one line each; a status that the document does not know is wrong too
 */
export function faultsOfAnswer(path: string, status: number, body: unknown): string[] {
  const operation = document.paths?.[path]?.post;
  if (operation === undefined) return [];
  if (operation.responses?.[String(status)] === undefined)
    return [`${path} answers an undocumented HTTP status ${status}`];
  return problems(`/paths/${escaped(path)}/post/responses/${status}/content/application~1json/schema`, body);
}

/** @returns what is wrong with a webhook's body */
export function faultsOfWebhook(body: { eventType: string }): string[] {
  if (document.webhooks?.[body.eventType] === undefined) return [`${body.eventType} is not documented`];
  return problems(`/webhooks/${escaped(body.eventType)}/post/requestBody/content/application~1json/schema`, body);
}

function problems(pointer: string, body: unknown): string[] {
  const validate = validatorAt(pointer);
  if (validate(body)) return [];
  return (validate.errors ?? []).map((error) => `${pointer} ${error.instancePath} ${error.message}`);
}
