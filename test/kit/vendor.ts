/**
 * The vendor's own description of seven order endpoints as a second judge, beside our own: each answer of each test is
 * held to it too. Where its sources contradict each other, and we follow another of them, that is listed here.
 */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** As much of a JSON Schema as the description uses. */
export interface VendorSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, VendorSchema>>;
  readonly minLength?: number;
  readonly maxLength?: number;
}

interface Description {
  readonly paths: Readonly<Record<string, { readonly request: string; readonly answer: string }>>;
  readonly $defs: Readonly<Record<string, VendorSchema>>;
}

const description: Description = JSON.parse(
  readFileSync(new URL('./vectors/vendor-orders.json', import.meta.url), 'utf8'),
);

/** Where our answers leave the description, by the number of the conflict in the contract's section 22. */
export const departures: readonly { readonly conflict: string; readonly schema: string; readonly instead: object }[] = [
  {
    conflict: 'C-10: limits are objects, as the official SDKs read them',
    schema: 'AcqMerchantConfigInquiryResponse',
    instead: {
      properties: Object.fromEntries(
        ['totalDailyLimit', 'remainingDailyLimit', 'transactionLimit'].map((name) => [
          name,
          { type: 'object', additionalProperties: { type: 'string' } },
        ]),
      ),
    },
  },
  {
    conflict: 'C-07: nothing in goodsInfo is required; it is echoed as it was sent',
    schema: 'AcqOrderGoodsInfo',
    instead: { required: [] },
  },
  {
    conflict: 'C-12: addressInfo is echoed in the shape that was sent',
    schema: 'AcqOrderAddressInfo',
    instead: { properties: {} },
  },
];

/** The paths that the vendor describes, e.g. `/order/create`. */
export const vendorPaths = Object.keys(description.paths);

/** @returns the schema of what is posted to a path of `vendorPaths` */
export const vendorRequestOf = (path: string): VendorSchema => vendorSchema(description.paths[path]?.request ?? '');

/** @returns the schema itself, or the one that it refers to */
export const resolved = (schema: VendorSchema): VendorSchema =>
  schema.$ref === undefined ? schema : vendorSchema(schema.$ref.slice('#/$defs/'.length));

function vendorSchema(name: string): VendorSchema {
  const found = description.$defs[name];
  if (found === undefined) throw new Error(`the vendor describes no ${name}`);
  return found;
}

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: 'asked', $defs: description.$defs });
ajv.addSchema({
  $id: 'answered',
  $defs: { ...description.$defs, ...Object.fromEntries(departures.map((each) => [each.schema, departed(each)])) },
});
const validators = new Map<string, ValidateFunction>();

function departed({ schema, instead }: (typeof departures)[number]): object {
  return { ...vendorSchema(schema), ...instead };
}

/** @returns what is wrong with a request by the vendor's description, one line each */
export const faultsOfVendorRequest = (path: string, body: unknown): string[] =>
  problems(`asked#/$defs/${description.paths[path]?.request}`, body);

/**
 * @param path - as it was called, e.g. `/api/v1/order/create`
 * @returns what is wrong with an answer; nothing for a path that the vendor does not describe, nor for a refusal, which
 *   has no data (contract section 2.2)
 */
export function faultsOfVendorAnswer(path: string, body: { readonly code?: unknown }): string[] {
  const described = description.paths[path.replace('/api/v1', '')];
  if (described === undefined || body.code !== '0') return [];
  return problems(`answered#/$defs/${described.answer}`, body);
}

function problems($ref: string, body: unknown): string[] {
  const validate = validators.get($ref) ?? ajv.compile({ $ref });
  validators.set($ref, validate);
  if (validate(body)) return [];
  return (validate.errors ?? []).map((error) => `${$ref} ${error.instancePath} ${error.message}`);
}
