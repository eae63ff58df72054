// SPDX-License-Identifier: Apache-2.0
/** Writes the tables of docs/results.md from docs/results.schema.json: `node scripts/results-page.ts`. A test checks that they are current. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { withSection } from './readme.ts';

const docs = join(import.meta.dirname, '..', 'docs');
const path = join(docs, 'results.md');

interface Schema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly (string | null)[];
  readonly const?: unknown;
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** Definitions that are a word or a number, not worth a table. */
const plainNames: Readonly<Record<string, string>> = { time: 'time', digest: 'digest', action: 'action' };

function kindOf(schema: Schema): string {
  const { $ref, anyOf, items, type } = schema;
  if ($ref !== undefined) {
    const name = $ref.replace('#/$defs/', '');
    return plainNames[name] ?? `[${name}](#${name.toLowerCase()})`;
  }
  if (anyOf !== undefined) return anyOf.map(kindOf).join(' or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined)
    return schema.enum.map((value) => (value === null ? 'null' : `\`${value}\``)).join(', ');
  if (items !== undefined) return `list of ${kindOf(items)}`;
  return [type].flat().join(' or ');
}

function tableOf({ properties = {}, required = [] }: Schema, definitions: Readonly<Record<string, Schema>>): string {
  const rows = Object.entries(properties).map(([name, schema]) => {
    const named = schema.$ref === undefined ? undefined : definitions[schema.$ref.replace('#/$defs/', '')];
    const meaning = schema.description ?? named?.description ?? '';
    return `| \`${name}\` | ${kindOf(schema)} | ${required.includes(name) ? 'always' : ''} | ${meaning} |`;
  });
  return ['| property | value | present | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** The page with a current table for each definition that has properties. */
export async function currentPage(page: string): Promise<string> {
  const schema = JSON.parse(await readFile(join(docs, 'results.schema.json'), 'utf8')) as Schema;
  const definitions = schema.$defs ?? {};
  let current = page;
  for (const [name, definition] of Object.entries(definitions)) {
    if (definition.properties === undefined) continue;
    current = withSection(current, name, `${definition.description ?? ''}\n\n${tableOf(definition, definitions)}`);
  }
  return format(current, { ...(await resolveConfig(path)), parser: 'markdown' });
}

if (import.meta.filename === process.argv[1]) await writeFile(path, await currentPage(await readFile(path, 'utf8')));
