// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotaryError } from '../../shared/errors.ts';
import { InputReader } from '../../shared/input-reader.ts';
import { fakeHost } from '../fakes/host.ts';
import type { FakeHostOptions } from '../fakes/host.ts';

let workspace: string;
beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), 'inputs-'));
  writeFileSync(join(workspace, 'chain.pem'), '-----BEGIN CERTIFICATE-----\n');
  writeFileSync(join(workspace, 'huge.pem'), Buffer.alloc(1024 * 1024 + 1));
});
afterAll(() => {
  rmSync(workspace, { recursive: true });
});

function reader(inputs: NonNullable<FakeHostOptions['inputs']>, product: 'github' | 'azure' = 'github'): InputReader {
  return new InputReader(fakeHost({ inputs, product, workspace }));
}

describe('lines', () => {
  it('[GH-11] takes items one a line: CRLF, blanks, trailing spaces and # comments', () => {
    const read = reader({ artifacts: 'a/b:1  \r\n\r\n  # the next one\r\n\tc/d:2\n' });
    expect(read.lines('artifacts')).toEqual(['a/b:1', 'c/d:2']);
  });
});

describe('flag', () => {
  it.each(['true', 'True', 'TRUE'])('[GH-83] reads %s as true', (text) => {
    expect(reader({ allowReferrersApi: text }).flag('allowReferrersApi', false)).toBe(true);
  });

  it.each(['false', 'False', 'FALSE'])('[GH-83] reads %s as false', (text) => {
    expect(reader({ allowReferrersApi: text }).flag('allowReferrersApi', true)).toBe(false);
  });

  it.each(['yes', '1', 'tRue', 'on'])('[GH-83] refuses %s, naming input and value', (text) => {
    const read = reader({ allowReferrersApi: text });
    read.flag('allowReferrersApi', false);
    expect(() => {
      read.finish();
    }).toThrow(`{input:allowReferrersApi} must be set to 'true' or 'false'. Got '${text}'`);
  });
});

describe('choice', () => {
  it('takes any letter case, and the first value by default', () => {
    expect(reader({ signatureFormat: 'COSE' }).choice('signatureFormat', ['jws', 'cose'])).toBe('cose');
    expect(reader({}).choice('signatureFormat', ['jws', 'cose'])).toBe('jws');
  });

  it('[GH-17] refuses another value with the list of the possible ones', () => {
    const read = reader({ signatureFormat: 'pkcs7' });
    read.choice('signatureFormat', ['jws', 'cose']);
    expect(() => {
      read.finish();
    }).toThrow("{input:signatureFormat} must be one of jws, cose. Got 'pkcs7'");
  });
});

describe('text', () => {
  it('[ADO-22] reports a macro that Azure Pipelines has left in place', () => {
    const read = reader({ artifacts: 'r.io/app@$(digest)' }, 'azure');
    read.text('artifacts');
    expect(() => {
      read.finish();
    }).toThrow('{input:artifacts} contains $(digest), a variable that is not defined');
  });

  it('leaves such a text alone on GitHub, where it means nothing', () => {
    expect(reader({ artifacts: 'r.io/app@$(digest)' }).text('artifacts')).toBe('r.io/app@$(digest)');
  });

  it('does not read an input that the host does not have', () => {
    expect(reader({ imageMetadata: 'x' }, 'azure').text('imageMetadata')).toBe('');
  });
});

describe('pem', () => {
  it('takes PEM text as it is and reads a path relative to the workspace', async () => {
    expect(await reader({ certificateChain: '-----BEGIN X-----' }).pem('certificateChain')).toBe('-----BEGIN X-----');
    expect(await reader({ certificateChain: 'chain.pem' }).pem('certificateChain')).toContain('BEGIN CERTIFICATE');
  });

  it.each([
    ['missing.pem', 'there is no such file'],
    ['.', 'it is not a regular file'],
    ['huge.pem', 'it has more than 1048576 bytes'],
  ])('says why %s cannot be read', async (path, reason) => {
    const read = reader({ privateKey: path });
    await read.pem('privateKey');
    expect(() => {
      read.finish();
    }).toThrow(`{input:privateKey} "${path}" cannot be read: ${reason}`);
  });

  it('does not repeat a pasted key that lost its header', async () => {
    const read = reader({ privateKey: `QIIEvQ\n${'A'.repeat(2000)}` });
    await read.pem('privateKey');
    expect(() => {
      read.finish();
    }).toThrow(/^(?!.*AAAA)/);
  });
});

describe('finish', () => {
  it('[ADO-21] tells all problems in one error', () => {
    const read = reader({ signatureFormat: 'x', allowReferrersApi: 'y' });
    read.choice('signatureFormat', ['jws', 'cose']);
    read.flag('allowReferrersApi', false);
    read.report(new NotaryError('input-missing', 'no key', { hint: 'Give one.' }));
    expect(() => {
      read.finish();
    }).toThrow(/^3 inputs are wrong:\n- .*signatureFormat.*\n- .*allowReferrersApi.*\n- no key\n {2}Give one\.$/);
  });

  it('passes on a single problem unchanged, and throws nothing without one', async () => {
    const read = reader({});
    read.finish();
    await read.attempt(() => {
      throw new NotaryError('reference-invalid', 'bad');
    });
    expect(() => {
      read.finish();
    }).toThrow('bad');
  });

  it('does not swallow a defect', async () => {
    await expect(
      reader({}).attempt(() => {
        throw new TypeError('defect');
      }),
    ).rejects.toThrow(TypeError);
  });
});
