// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EnvelopeFormat } from '../../shared/envelope/content.ts';
import { signingKey } from './support/keys.ts';
import { describeWithPeer } from './support/named-peer.ts';
import { createNotation, type Notation, type NotationOptions } from './support/notation.ts';
import { signFileWithUs, verifyFileWithUs, type FileSigning, type FileVerification } from './support/our-files.ts';
import { reasons } from './support/ours.ts';
import { createFile, filePolicy, signatureFile, verifyFileWithNotation } from './support/signed-file.ts';

const dayMilliseconds = 86_400_000;
const mismatch = /integrity check failed\. signature does not match the given blob/;
const unparsable = /unable to parse the digital signature|signature envelope format|is invalid/;

/** A signed file, what is done to it, how it is verified, and what both must decide. */
interface Case {
  readonly what: string;
  readonly signing?: Partial<FileSigning>;
  readonly change?: (path: string, format: EnvelopeFormat) => void;
  readonly statements?: readonly Readonly<Record<string, unknown>>[];
  readonly trust?: NotationOptions;
  readonly verification?: FileVerification;
  /** The reason that both give; undefined: both accept. */
  readonly rejected?: RegExp;
}

const policies: readonly Case[] = [
  { what: 'the global statement', statements: [{ name: 'other', globalPolicy: false }, {}] },
  { what: 'a statement by its name', statements: [{ globalPolicy: false }], verification: { policyName: 'files' } },
  {
    what: 'the named statement rather than the global one',
    statements: [{}, { name: 'strangers', globalPolicy: false, trustedIdentities: ['x509.subject: C=DE, ST=BE, O=X'] }],
    verification: { policyName: 'strangers' },
    rejected: /signing certificate from the digital signature does not match the X\.509 trusted identities/,
  },
  {
    what: '[NP-242] no name and no global statement',
    statements: [{ globalPolicy: false }],
    rejected: /no global blob trust policy/,
  },
  {
    what: '[NP-242] a name that no statement has',
    verification: { policyName: 'Files' },
    rejected: /no applicable blob trust policy with name "Files"/,
  },
  { what: '[NP-242] a blank name', verification: { policyName: ' ' }, rejected: /policy name cannot be empty/ },
  {
    what: '[NP-242] two global statements',
    statements: [{}, { name: 'again' }],
    rejected: /multiple blob trust policy statements have globalPolicy set to true/,
  },
  {
    what: 'two statements of one name',
    statements: [{}, { globalPolicy: false }],
    rejected: /multiple blob trust policy statements use the same name "files"/,
  },
  { what: 'no statements', statements: [], rejected: /blob trust policy document can not have zero/ },
  { what: 'a level that is none', statements: [{ signatureVerification: { level: 'lax' } }], rejected: /"lax"/ },
  {
    what: 'an identity of the subject',
    statements: [{ trustedIdentities: ['x509.subject: C=US,ST=WA,O=Vector Signing'] }],
  },
];

const contents: readonly Case[] = [
  { what: '[NP-274] the media type signed', verification: { mediaType: 'application/zip' } },
  {
    what: '[NP-274] another media type',
    verification: { mediaType: 'application/octet-stream' },
    rejected: mismatch,
  },
  {
    what: '[NP-274] the media type in capitals',
    verification: { mediaType: 'Application/Zip' },
    rejected: mismatch,
  },
  {
    what: 'a media type with parameters',
    signing: { mediaType: 'text/plain; charset=utf-8' },
    verification: { mediaType: 'text/plain; charset=utf-8' },
  },
  {
    what: 'a media type without the parameters signed',
    signing: { mediaType: 'text/plain; charset=utf-8' },
    verification: { mediaType: 'text/plain' },
    rejected: mismatch,
  },
  {
    what: '[NP-27] what is no media type',
    verification: { mediaType: 'a/b/c' },
    rejected: /invalid content media-type/,
  },
  { what: 'metadata that was signed', verification: { metadata: { build: '7' } } },
  {
    what: 'metadata with another value',
    verification: { metadata: { build: '8' } },
    rejected: /unable to find specified metadata in the signature/,
  },
  {
    what: 'metadata that was not signed',
    verification: { metadata: { build: '7', commit: 'c' } },
    rejected: /unable to find specified metadata in the signature/,
  },
  {
    what: '[NP-275] metadata with a reserved key',
    verification: { metadata: { 'io.cncf.notary.x': '1' } },
    rejected: /failed to generate descriptor for given artifact\. Error: error adding user metadata/,
  },
  {
    what: '[NP-273] other content of the same size',
    change: (path) => {
      writeFileSync(path, 'contenT');
    },
    rejected: mismatch,
  },
  {
    what: '[NP-273] content with one more byte',
    change: (path) => {
      writeFileSync(path, 'content\n');
    },
    rejected: mismatch,
  },
  {
    what: 'content that was taken away',
    change: (path) => {
      writeFileSync(path, '');
    },
    rejected: mismatch,
  },
];

const signatures: readonly Case[] = [
  {
    what: 'a signature that has expired',
    signing: { now: new Date(Date.now() - dayMilliseconds), expirySeconds: 3600 },
    rejected: /digital signature has expired/,
  },
  {
    what: 'an expired signature where expiry is only logged',
    signing: { now: new Date(Date.now() - dayMilliseconds), expirySeconds: 3600 },
    statements: [{ signatureVerification: { level: 'strict', override: { expiry: 'log' } } }],
  },
  {
    what: 'an identity that is not trusted',
    statements: [{ trustedIdentities: ['x509.subject: C=US, ST=WA, O=Somebody Else'] }],
    rejected: /signing certificate from the digital signature does not match the X\.509 trusted identities/,
  },
  {
    what: 'a root that is not trusted',
    trust: { trusted: [signingKey('p384').root] },
    rejected:
      /certificate chain does not contain any trusted certificate|signature is not produced by a trusted signer/,
  },
  {
    what: 'a root that is not trusted, at level audit',
    trust: { trusted: [signingKey('p384').root] },
    statements: [{ signatureVerification: { level: 'audit' } }],
  },
  {
    what: 'an envelope that is cut off',
    change: (path, format) => {
      const file = signatureFile(path, format);
      writeFileSync(file, readFileSync(file).subarray(0, -1));
    },
    rejected: unparsable,
  },
  {
    what: 'a changed signature value',
    change: (path, format) => {
      changeSignature(signatureFile(path, format), format);
    },
    rejected: /signature is invalid/,
  },
  {
    what: 'an envelope under the name of the other format',
    change: (path, format) => {
      copyFileSync(signatureFile(path, format === 'jws' ? 'cose' : 'jws'), signatureFile(path, format));
    },
    rejected: /./,
  },
  {
    what: 'the signature of another file',
    change: (path, format) => {
      renameSync(signatureFile(join(dirname(path), 'other.zip'), format), signatureFile(path, format));
    },
    rejected: mismatch,
  },
  {
    what: 'a signature file without content',
    change: (path, format) => {
      writeFileSync(signatureFile(path, format), '');
    },
    rejected: /signature cannot be nil or empty/,
  },
];

const defaults = { mediaType: 'application/zip', metadata: { build: '7' } };

describeWithPeer('NOTATION_V2_BINARY', 'decisions about files, and Notation 2', (program) => {
  function trusting(options: NotationOptions): Notation {
    const notation = createNotation({ program, blobTrustPolicy: filePolicy({}), ...options });
    onTestFinished(() => {
      notation.remove();
    });
    return notation;
  }

  /** A file with signatures of both formats, next to another one that has its own; only `format` is left to verify. */
  async function prepare(format: EnvelopeFormat, { signing, change }: Case): Promise<string> {
    const path = createFile();
    const other = join(dirname(path), 'other.zip');
    writeFileSync(other, 'another content');
    for (const each of ['jws', 'cose'] as const) {
      await signFileWithUs(path, { key: signingKey('p256'), format: each, ...defaults, ...signing });
    }
    await signFileWithUs(other, { key: signingKey('p256'), format, ...defaults });
    change?.(path, format);
    rmSync(signatureFile(path, format === 'jws' ? 'cose' : 'jws'));
    return path;
  }

  describe.each(['jws', 'cose'] as const)('%s: both decide alike', (format) => {
    it.each([...policies, ...contents, ...signatures])('$what', async (chosen) => {
      const { statements = [{}], trust, verification = {}, rejected } = chosen;
      const notation = trusting({ blobTrustPolicy: filePolicy(...statements), ...trust });
      const path = await prepare(format, chosen);
      const theirs = await verifyFileWithNotation(notation, path, format, ...argumentsOf(verification));
      const ours = await ourReason(path, notation, verification);
      expect({ accepted: theirs.status === 0, log: theirs.stderr }).toMatchObject({ accepted: rejected === undefined });
      if (rejected === undefined) {
        expect(ours).toBe('');
        return;
      }
      expect(theirs.stderr).toMatch(rejected);
      expect(ours).toMatch(rejected);
    });

    it('neither accepts a file without a signature file', async () => {
      const notation = trusting({});
      const path = createFile();
      expect((await verifyFileWithNotation(notation, path, format)).stderr).toContain('no such file or directory');
      expect(await ourReason(path, notation, {})).toContain('no signature is associated with');
    });

    it('[NP-243] a statement of level skip is valid for both; where Notation crashes, we skip', async () => {
      const skip = { name: 'files', globalPolicy: true, signatureVerification: { level: 'skip' } };
      const notation = trusting({ blobTrustPolicy: { version: '1.0', trustPolicies: [skip] } });
      const path = await prepare(format, { what: 'skip' });
      expect((await verifyFileWithNotation(notation, path, format)).stderr).toContain('nil pointer dereference');
      expect(await verifyFileWithUs(path, notation)).toMatchObject({ outcome: 'skipped', signatures: [] });
    });

    it.each([
      ['NP-26', '', /content media-type cannot be empty/],
      ['NP-27', 'not/a/type', /invalid content media-type/],
    ] as const)('[%s] neither signs with the media type "%s"', async (_, mediaType, reason) => {
      const notation = trusting({});
      const path = createFile();
      const args = ['--key', 'p256', '--signature-format', format, '--media-type', mediaType, path];
      expect((await notation.run('blob', 'sign', ...args)).stderr).toMatch(reason);
      await expect(signFileWithUs(path, { key: signingKey('p256'), format, mediaType })).rejects.toThrow(reason);
    });

    it.each([
      ['a reserved key', { 'io.cncf.notary.x': '1' }, /reserved prefix/],
      ['an expiry of less than a second', undefined, /expiry/i],
    ] as const)('neither signs with %s', async (_, metadata, reason) => {
      const notation = trusting({});
      const path = createFile();
      const args = metadata === undefined ? ['--expiry', '1ms'] : ['-m', 'io.cncf.notary.x=1'];
      const theirs = await notation.run('blob', 'sign', '--key', 'p256', '--signature-format', format, ...args, path);
      expect(theirs).toMatchObject({ status: 1, stderr: expect.stringMatching(reason) as string });
      const signing = metadata === undefined ? { expirySeconds: 0.001 } : { metadata };
      await expect(signFileWithUs(path, { key: signingKey('p256'), format, ...signing })).rejects.toThrow(reason);
    });
  });
});

function argumentsOf({ mediaType, metadata = {}, policyName }: FileVerification): string[] {
  return [
    ...(mediaType === undefined ? [] : ['--media-type', mediaType]),
    ...(policyName === undefined ? [] : ['--policy-name', policyName]),
    ...Object.entries(metadata).flatMap(([name, value]) => ['-m', `${name}=${value}`]),
  ];
}

/** Why we reject, whether as an outcome or as an error; empty when we accept. */
async function ourReason(path: string, notation: Notation, verification: FileVerification): Promise<string> {
  try {
    return reasons(await verifyFileWithUs(path, notation, verification));
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : `${basename(path)}: ${String(thrown)}`;
  }
}

/** Other bytes in the signature, with all lengths as they were. */
function changeSignature(file: string, format: EnvelopeFormat): void {
  const envelope = readFileSync(file);
  if (format === 'cose') {
    envelope.writeUInt8(envelope.readUInt8(envelope.length - 1) ^ 0xff, envelope.length - 1);
    writeFileSync(file, envelope);
    return;
  }
  const jws = JSON.parse(envelope.toString()) as { signature: string };
  const signature = Buffer.from(jws.signature, 'base64url');
  signature.writeUInt8(signature.readUInt8(10) ^ 0xff, 10);
  writeFileSync(file, JSON.stringify({ ...jws, signature: signature.toString('base64url') }));
}
