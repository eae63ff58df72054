// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { takeSecretInputs } from '../../ado-task/secret-inputs.ts';

it('takes secrets out of the environment, and nothing else', () => {
  const environment: NodeJS.ProcessEnv = {
    INPUT_PRIVATEKEY: 'key',
    INPUT_PRIVATEKEYPASSWORD: 'password',
    INPUT_COMMAND: 'sign',
  };
  const taken = takeSecretInputs(environment);
  expect([...taken]).toEqual([
    ['privateKey', 'key'],
    ['privateKeyPassword', 'password'],
    ['registryPassword', ''],
  ]);
  expect(environment).toEqual({ INPUT_COMMAND: 'sign' });
});

it('takes absent ones as empty', () => {
  expect([...takeSecretInputs({}).values()]).toEqual(['', '', '']);
});
