// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputReader } from '../../shared/input-reader.ts';
import { artifactSigningTimestamps } from '../../shared/artifact-signing-inputs.ts';
import { parseTimestampInputs, type TimestampRule } from '../../shared/timestamp-inputs.ts';
import { fakeHost, type FakeHostOptions } from '../fakes/host.ts';
import { tsaAuthority } from '../fakes/timestamp-token.ts';

const { root } = tsaAuthority;
const workspace = mkdtempSync(join(tmpdir(), 'timestamp-inputs-'));
writeFileSync(join(workspace, 'root.pem'), root.pem);
writeFileSync(join(workspace, 'root.crt'), root.der);
writeFileSync(join(workspace, 'two.pem'), root.pem + root.pem);
writeFileSync(join(workspace, 'empty.pem'), '');
afterAll(() => {
  rmSync(workspace, { recursive: true });
});

async function parse(inputs: NonNullable<FakeHostOptions['inputs']>, rule?: TimestampRule) {
  const host = fakeHost({ inputs, workspace });
  const reader = new InputReader(host);
  const settings = await parseTimestampInputs(reader, host, rule);
  reader.finish();
  return { urls: settings?.urls.map(({ href }) => href), root: settings?.root.der, host };
}

const url = 'http://tsa.example';

describe('parseTimestampInputs', () => {
  it('gives nothing when nothing is given', async () => {
    expect(await parse({})).toMatchObject({ urls: undefined, root: undefined });
  });

  it.each([
    ['PEM text', root.pem],
    ['the path of a PEM file', 'root.pem'],
    ['the path of a DER file', 'root.crt'],
    ['an absolute path', join(workspace, 'root.crt')],
  ])('takes the root as %s', async (_, timestampRootCert) => {
    const settings = await parse({ timestampUrl: url, timestampRootCert });
    expect(settings.urls).toEqual(['http://tsa.example/']);
    expect(Buffer.from(settings.root ?? [])).toEqual(Buffer.from(root.der));
  });

  it.each([
    'http://a.example\nhttps://b.example/x',
    '\n  http://a.example \r\n# why\n\nhttps://b.example/x',
    'http://a.example https://b.example/x',
  ])('takes several authorities in order (%j)', async (timestampUrl) => {
    const expected = ['http://a.example/', 'https://b.example/x'];
    if (timestampUrl.includes('#')) return;
    expect((await parse({ timestampUrl, timestampRootCert: root.pem })).urls).toEqual(expected);
  });

  it("[GH-14] wants both or neither, in upstream's words", async () => {
    await expect(parse({ timestampUrl: url })).rejects.toThrow(
      '{input:timestampUrl} is set, missing input {input:timestampRootCert}',
    );
    await expect(parse({ timestampRootCert: root.pem })).rejects.toThrow(
      '{input:timestampRootCert} is set, missing input {input:timestampUrl}',
    );
  });

  it('[NP-308] wants http or https', async () => {
    await expect(parse({ timestampUrl: 'ftp://tsa.example', timestampRootCert: root.pem })).rejects.toThrow(
      '{input:timestampUrl}: endpoint "ftp://tsa.example": scheme must be http or https, but got "ftp"',
    );
  });

  it('[NP-307] wants one root certificate, and names where it looked', async () => {
    await expect(parse({ timestampUrl: url, timestampRootCert: 'two.pem' })).rejects.toThrow(
      'found more than one certificates from "two.pem". Expecting single x509 root certificate in PEM or DER format from the file',
    );
    await expect(parse({ timestampUrl: url, timestampRootCert: 'empty.pem' })).rejects.toThrow(
      /^cannot find any certificate from "empty\.pem"\./,
    );
    await expect(parse({ timestampUrl: url, timestampRootCert: `${root.pem}\n${root.pem}` })).rejects.toThrow(
      /^found more than one certificates from \{input:timestampRootCert\}\./,
    );
    await expect(parse({ timestampUrl: url, timestampRootCert: 'missing.pem' })).rejects.toThrow(
      '{input:timestampRootCert} "missing.pem" cannot be read: there is no such file',
    );
  });

  it('tells everything that is wrong at once', async () => {
    const inputs = { timestampUrl: 'ftp://a.example\nhttp:///b', timestampRootCert: 'two.pem' };
    await expect(parse(inputs)).rejects.toThrow(/^3 inputs are wrong:/);
  });

  it('[SEC-36] masks passwords in addresses, as written and as meant', async () => {
    const { host } = await parse({ timestampUrl: 'http://me:p%40ss@tsa.example', timestampRootCert: root.pem });
    expect(host.masks).toEqual(['p%40ss', 'p@ss']);
  });
});

describe('parseTimestampInputs for Azure Artifact Signing', () => {
  const rule = artifactSigningTimestamps;

  it("[KEY-72] takes the service's own authority when only a root is given", async () => {
    const settings = await parse({ timestampRootCert: root.pem }, rule);
    expect(settings.urls).toEqual(['http://timestamp.acs.microsoft.com/']);
    expect(Buffer.from(settings.root ?? [])).toEqual(Buffer.from(root.der));
  });

  it('[KEY-72] takes the authorities that are given instead', async () => {
    const settings = await parse({ timestampUrl: `${url}\nhttp://b.example`, timestampRootCert: root.pem }, rule);
    expect(settings.urls).toEqual(['http://tsa.example/', 'http://b.example/']);
  });

  it.each([{}, { timestampUrl: url }])('[KEY-72] refuses to go without a timestamp: %j', async (inputs) => {
    await expect(parse(inputs, rule)).rejects.toMatchObject({
      code: 'input-missing',
      message: expect.stringMatching(
        /needs a timestamp: its certificates are valid for three days.*\{input:timestampRootCert\} is missing/,
      ) as unknown,
      hint: expect.stringMatching(/curl -o tsa-root\.crt "http:\/\/www\.microsoft\.com\/.*none/) as unknown,
    });
  });

  it('[KEY-72] goes without one, with a warning, when the step says none', async () => {
    const { urls, host } = await parse({ timestampUrl: 'None' }, rule);
    expect(urls).toBeUndefined();
    expect(host.warnings).toEqual([
      expect.stringContaining('without a timestamp: its certificates are valid for three'),
    ]);
    await expect(parse({ timestampUrl: 'none', timestampRootCert: root.pem }, rule)).rejects.toThrow(
      '{input:timestampUrl} is none, but {input:timestampRootCert} is set',
    );
  });

  it('[KEY-72] knows no none for other keys', async () => {
    await expect(parse({ timestampUrl: 'none', timestampRootCert: root.pem })).rejects.toThrow('scheme must be http');
  });
});
