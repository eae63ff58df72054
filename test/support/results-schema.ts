// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';

interface SchemaObject {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly [keyword: string]: unknown;
}

export interface ResultsSchema extends SchemaObject {
  readonly $id: string;
  readonly $defs: Readonly<Record<string, SchemaObject>>;
}

export const schemaPath = join(import.meta.dirname, '../../docs/results.schema.json');
export const resultsSchema = JSON.parse(readFileSync(schemaPath, 'utf8')) as ResultsSchema;

/** The outputs that the schema describes, each by the definition of its name. */
export const describedOutputs = ['results', 'signatures', 'inspection', 'copies'] as const;
export type DescribedOutput = (typeof describedOutputs)[number];

/**
 * The schema as our own outputs must fulfil it: with nothing that it does not describe. Readers get the open form, because a
 * later version may add properties.
 */
function closed(schema: ResultsSchema): ResultsSchema {
  const $defs = Object.fromEntries(
    Object.entries(schema.$defs).map(([name, definition]) => [
      name,
      definition.type === 'object' ? { ...definition, unevaluatedProperties: false } : definition,
    ]),
  );
  return { ...schema, $id: `${schema.$id}:closed`, $defs };
}

// A type that only one branch of a condition needs is not repeated in every branch.
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allowUnionTypes: true,
});
const validators = new Map<string, ValidateFunction>();
for (const schema of [resultsSchema, closed(resultsSchema)]) {
  ajv.addSchema(schema);
  for (const output of describedOutputs) {
    const id = `${schema.$id}#/$defs/${output}`;
    const validate = ajv.getSchema(id);
    if (validate === undefined) throw new Error(`docs/results.schema.json has no definition ${output}`);
    validators.set(id, validate as ValidateFunction);
  }
}

/** What is wrong with an output by the schema, nothing undescribed allowed; undefined for good ones and those not described. */
export function outputProblem(output: string, text: string): string | undefined {
  if (!describedOutputs.some((name) => name === output)) return undefined;
  for (const id of [resultsSchema.$id, `${resultsSchema.$id}:closed`]) {
    const validate = validators.get(`${id}#/$defs/${output}`);
    const value: unknown = JSON.parse(text);
    if (validate?.(value) === true) continue;
    return `output ${output} is not what ${id} says: ${ajv.errorsText(validate?.errors)}\n${JSON.stringify(value, null, 2)}`;
  }
  return undefined;
}
