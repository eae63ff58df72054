// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { NotaryError } from '../../shared/errors.ts';
import { run } from '../../shared/run.ts';
import { fakeHost } from '../fakes/host.ts';

it('runs setup and finishes', async () => {
  const host = fakeHost({ command: 'setup' });
  await run(host);
  expect(host.results).toEqual(['succeeded']);
  expect(host.failures).toEqual([]);
});

it('tells a failure once, in the words of the host, with what to do', async () => {
  const host = fakeHost();
  host.setup = () =>
    Promise.reject(new NotaryError('input-invalid', '{input:url} is bad', { hint: 'Give {input:checksum}.' }));
  await run(Object.assign(host, { command: () => 'setup' as const }));
  expect(host.failures).toEqual(['url is bad\nGive checksum.']);
  expect(host.results).toEqual(['failed']);
});

it('[ADO-85] does not let a defect out, and says that it is one', async () => {
  const host = fakeHost();
  host.setup = () => Promise.reject(new TypeError('x is not a function'));
  await run(Object.assign(host, { command: () => 'setup' as const }));
  expect(host.failures[0]).toContain('internal error: x is not a function');
  expect(host.failures[0]).toContain('please report it');
});

it('[ADO-6] finishes with a warning when something was warned about', async () => {
  const host = fakeHost({ command: 'inspect', inputs: { artifacts: 'localhost:1/a:1,localhost:1/a:1' } });
  await run(host);
  expect(host.warnings).toHaveLength(1);
  expect(host.results).toEqual(['failed']);
});
