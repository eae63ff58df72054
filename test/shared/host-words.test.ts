// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { hostWords } from '../../shared/host-words.ts';

it('names inputs as the users of each host do', () => {
  const text = '{input:trustPolicy} and {input:artifacts}';
  expect(hostWords('github', text)).toBe('trust_policy and target_artifact_reference');
  expect(hostWords('azure', text)).toBe('trustPolicy and artifactRefs');
});

it('leaves alone what is no input, whatever its name', () => {
  expect(hostWords('github', '{input:constructor} {input:} {other:x}')).toBe('{input:constructor} {input:} {other:x}');
});
