// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTrustPolicy, unreadablePolicy } from '../../../shared/adapters/trust-policy-file.ts';
import { policyText } from '../../fakes/trust-policy.ts';

const link = 'https://notaryproject.dev/docs/quickstart/#create-a-trust-policy';

describe('readTrustPolicy', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'policy-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function write(name: string, text: string): Promise<string> {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  }

  it('reads the first path that exists', async () => {
    const missing = join(folder, 'no-folder', 'trustpolicy.json');
    const first = await write('first.json', policyText({ name: 'first' }));
    const second = await write('second.json', policyText({ name: 'second' }));
    expect((await readTrustPolicy([missing, first, second])).statements[0]?.name).toBe('first');
  });

  it('[NP-198] names every place looked at when there is no policy, and shows one', async () => {
    await write('trustpolicy.oci.json', policyText({}));
    const paths = [join(folder, 'a', 'trustpolicy.json'), join(folder, 'trustpolicy.json')];
    await expect(readTrustPolicy(paths)).rejects.toMatchObject({
      code: 'trust-policy-missing',
      message: `trust policy is not present. To create a trust policy, see: ${link}. Looked for: ${paths.join(', ')}`,
      hint: expect.stringMatching(
        /^Create .*trustpolicy\.json, or name an existing one in \{input:trustPolicy\}.*\n\{"version":"1\.0"/s,
      ) as string,
    });
  });

  it('shows an example that is a valid policy', async () => {
    const error: unknown = await readTrustPolicy([join(folder, 'none.json')]).catch((thrown: unknown) => thrown);
    const example = (error as { hint: string }).hint.split('\n')[1] ?? '';
    expect((await readTrustPolicy([await write('example.json', example)])).statements[0]?.level.name).toBe('strict');
  });

  it.each([policyText({ name: 'oci' }), 'malformed'])(
    '[NP-199] [NP-200] does not open trustpolicy.oci.json beside the file',
    async (oci) => {
      await write('trustpolicy.oci.json', oci);
      const path = await write('trustpolicy.json', policyText({ name: 'used' }));
      expect((await readTrustPolicy([path])).statements[0]?.name).toBe('used');
    },
  );

  it('[NP-201] refuses a symbolic link', async () => {
    const target = await write('target.json', policyText({}));
    const path = join(folder, 'trustpolicy.json');
    await symlink(target, path);
    await expect(readTrustPolicy([path])).rejects.toMatchObject({
      code: 'trust-policy-invalid',
      message: `trust policy is not a regular file (symlinks are not supported). To create a trust policy, see: ${link} (${path})`,
    });
  });

  it('refuses a folder instead of trying the next path', async () => {
    const path = join(folder, 'trustpolicy.json');
    await mkdir(path);
    const next = await write('next.json', policyText({}));
    await expect(readTrustPolicy([path, next])).rejects.toThrow('trust policy is not a regular file');
  });

  it('[NP-202] tells when the file may not be read', () => {
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    expect(unreadablePolicy('/p/trustpolicy.json', denied)).toMatchObject({
      code: 'trust-policy-invalid',
      message:
        'unable to read trust policy due to file permissions, please verify the permissions of /p/trustpolicy.json',
    });
    expect(unreadablePolicy('/p', new Error('EIO')).message).toBe('unable to read trust policy /p: EIO');
  });

  it('[NP-203] reads a policy that garbage follows', async () => {
    const path = await write('trustpolicy.json', `${policyText({})}garbage`);
    expect((await readTrustPolicy([path])).statements).toHaveLength(1);
  });

  it('names file, line and column of malformed JSON', async () => {
    const path = await write('trustpolicy.json', '{\n  "version": 1.0.0 }');
    await expect(readTrustPolicy([path])).rejects.toThrow(`${path}: `);
    await expect(readTrustPolicy([path])).rejects.toThrow('line 2, column');
  });

  it('refuses a file that is too large to be a policy', async () => {
    const path = await write('trustpolicy.json', ' '.repeat(1024 * 1024 + 1));
    await expect(readTrustPolicy([path])).rejects.toThrow('is larger than 1048576 bytes');
  });
});
