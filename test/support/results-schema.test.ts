// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { describedOutputs, outputProblem, resultsSchema } from './results-schema.ts';

const artifact = { mediaType: 'a/b', digest: `sha256:${'0'.repeat(64)}`, size: 1 };
const inspected = { schemaVersion: 1, requested: 'x', reference: 'x', artifact, signatures: [], truncated: false };

describe('the check of outputs', () => {
  it('takes what the schema describes, and outputs that it does not', () => {
    expect(outputProblem('inspection', JSON.stringify([inspected]))).toBeUndefined();
    expect(outputProblem('verified', 'no JSON')).toBeUndefined();
    for (const output of describedOutputs) expect(outputProblem(output, '[]')).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['another version', { ...inspected, schemaVersion: 2 }],
    ['no version', { ...inspected, schemaVersion: undefined }],
    ['a property that is not described', { ...inspected, more: 1 }],
    ['a property that is not described, deeper', { ...inspected, artifact: { ...artifact, annotations: {} } }],
    ['an error beside a result', { ...inspected, error: 'x' }],
    ['a wrong type', { ...inspected, truncated: 'no' }],
  ])('refuses %s', (_, item) => {
    expect(outputProblem('inspection', JSON.stringify([item]))).toBeDefined();
  });

  it('describes every definition and property in words', () => {
    for (const [name, definition] of Object.entries(resultsSchema.$defs)) {
      expect(definition['description'], name).toBeTypeOf('string');
    }
  });
});
