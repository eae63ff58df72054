// SPDX-License-Identifier: Apache-2.0
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTimestampAuthority } from '../../shared/adapters/timestamp-authority.ts';
import { createHttpClient } from '../../shared/adapters/http.ts';
import { parseTimestampRoot } from '../../shared/timestamp/root-certificate.ts';
import { unreachableServers } from '../fakes/revocation-source.ts';
import { quietLog } from '../fakes/verification.ts';
import { signingKey, signingKeys } from './support/keys.ts';
import { describeWithPeer } from './support/named-peer.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { signFileWithUs, verifyFileWithUs } from './support/our-files.ts';
import { reasons } from './support/ours.ts';
import {
  createFile,
  filePolicy,
  signatureFile,
  signFileWithNotation,
  verifyFileWithNotation,
} from './support/signed-file.ts';
import { startOpensslTimestampAuthority, timestampRoot } from './support/timestamp-authority.ts';

const formats = ['jws', 'cose'] as const;
const hourSeconds = 3600;
const metadata = { build: '7', 'io.wabbit-networks/commit': '<é & "quotes">' };
const metadataArguments = Object.entries(metadata).flatMap(([name, value]) => ['-m', `${name}=${value}`]);

/** One signature as `notation blob inspect -o json` shows it. */
interface InspectedFile {
  readonly signedAttributes: Readonly<Record<string, string>>;
  readonly userDefinedAttributes: Readonly<Record<string, string>> | null;
  readonly signedArtifact: { readonly mediaType: string; readonly digest: string; readonly size: number };
}

describeWithPeer('NOTATION_V2_BINARY', 'files and Notation 2', (program) => {
  let notation: Notation;

  beforeAll(() => {
    notation = createNotation({ program, blobTrustPolicy: filePolicy({}) });
  });
  afterAll(() => {
    notation.remove();
  });

  async function inspect(file: string): Promise<InspectedFile> {
    const { stdout } = await notation.succeed('blob', 'inspect', '-o', 'json', file);
    return JSON.parse(stdout) as InspectedFile;
  }

  /** A file that each has signed in a folder of its own, with the same options. */
  async function signedByBoth(format: 'jws' | 'cose', name: string, content: string | Uint8Array) {
    const [ours, theirs] = [createFile(name, content), createFile(name, content)];
    await signFileWithUs(ours, { key: signingKey('p256'), format });
    await signFileWithNotation(notation, theirs, format);
    return { ours, theirs };
  }

  describe.each(formats)('%s', (format) => {
    it.each(signingKeys)('[NP-24] [NP-25] Notation verifies what we sign with $name', async (key) => {
      const path = createFile();
      const record = await signFileWithUs(path, { key, format, metadata, mediaType: 'application/zip' });
      expect(record.file).toBe(signatureFile(path, format));
      const verified = await verifyFileWithNotation(notation, path, format, '--media-type', 'application/zip');
      expect(verified).toMatchObject({
        status: 0,
        stdout: expect.stringContaining(`Successfully verified signature for ${path}`) as string,
      });
      for (const text of Object.entries(metadata).flat()) expect(verified.stdout).toContain(text);

      const shown = await inspect(signatureFile(path, format));
      expect(shown).toMatchObject({ userDefinedAttributes: metadata, signedArtifact: { size: 7 } });
      expect(shown.signedArtifact).toEqual(record.artifact);
    });

    it.each(signingKeys)('[NP-24] [NP-25] we verify what Notation signs with $name', async (key) => {
      const path = createFile();
      const args = ['--key', key.name, '--media-type', 'application/zip', ...metadataArguments];
      await signFileWithNotation(notation, path, format, ...args);
      const outcome = await verifyFileWithUs(path, notation, { mediaType: 'application/zip', metadata });
      expect(reasons(outcome)).toBe('');
      expect(outcome).toMatchObject({
        outcome: 'verified',
        statement: 'files',
        signatures: [{ verified: true, file: signatureFile(path, format), signature: { userMetadata: metadata } }],
      });
    });

    it.each([
      ['without extension', 'app', 'content'],
      ['with several dots', 'app-1.0.tar.gz', 'content'],
      ['in capitals', 'APP.ZIP', 'content'],
      ['hidden', '.app', 'content'],
      ['with blanks and letters beyond ASCII', 'my äpp ✓.zip', 'content'],
      ['that looks like a signature file', 'app.zip.cose.sig', 'content'],
      ['that is empty', 'empty', ''],
      ['of some megabytes', 'large', Buffer.alloc(5 * 1024 * 1024 + 3, 'x')],
    ])('both name the signature of a file %s alike, say the same of it and verify it', async (_, name, content) => {
      const { ours, theirs } = await signedByBoth(format, name, content);
      const files = [ours, theirs].map((path) => readdirSync(dirname(path)).sort());
      expect(files[0]).toEqual(files[1]);
      expect(files[0]).toContain(basename(signatureFile(ours, format)));
      const [shown, expected] = [
        await inspect(signatureFile(ours, format)),
        await inspect(signatureFile(theirs, format)),
      ];
      expect(shown.signedArtifact).toEqual(expected.signedArtifact);
      expect(Object.keys(shown.signedAttributes)).toEqual(Object.keys(expected.signedAttributes));
      expect(await verifyFileWithNotation(notation, ours, format)).toMatchObject({ status: 0 });
      expect(reasons(await verifyFileWithUs(theirs, notation))).toBe('');
    });

    it('both put the signature into a folder that they make, with the same rights', async () => {
      const { ours, theirs } = { ours: createFile(), theirs: createFile() };
      const [ourFolder, theirFolder] = [ours, theirs].map((path) => join(dirname(path), 'some/signatures'));
      if (ourFolder === undefined || theirFolder === undefined) throw new Error('two folders were named');
      await signFileWithUs(ours, { key: signingKey('p384'), format, signatureDirectory: ourFolder });
      await signFileWithNotation(notation, theirs, format, '--signature-directory', theirFolder);
      expect(readdirSync(ourFolder)).toEqual(readdirSync(theirFolder));
      const [name = ''] = readdirSync(ourFolder);
      const rights = (...way: string[]) => statSync(join(...way)).mode & 0o777;
      expect(rights(ourFolder, name)).toBe(rights(theirFolder, name));
      expect(rights(ourFolder)).toBe(rights(theirFolder));
      expect(rights(dirname(ourFolder))).toBe(rights(dirname(theirFolder)));

      const verified = await notation.run('blob', 'verify', '-s', join(ourFolder, name), ours);
      expect(verified).toMatchObject({ status: 0 });
      expect(reasons(await verifyFileWithUs(theirs, notation, { signatureDirectory: theirFolder }))).toBe('');
    });

    it('both replace a signature that is there', async () => {
      const path = createFile();
      await signFileWithNotation(notation, path, format);
      const first = readFileSync(signatureFile(path, format));
      const { warnings } = await signFileWithUs(path, { key: signingKey('p256'), format });
      expect(warnings).toEqual([expect.stringContaining('was there already and has been replaced')]);
      expect(await verifyFileWithNotation(notation, path, format)).toMatchObject({ status: 0 });
      await signFileWithNotation(notation, path, format, '--force');
      expect(readFileSync(signatureFile(path, format))).not.toEqual(first);
      expect(reasons(await verifyFileWithUs(path, notation))).toBe('');
    });

    it('both sign and verify a file that nobody may write', async () => {
      const path = createFile();
      chmodSync(path, 0o400);
      await signFileWithUs(path, { key: signingKey('p256'), format });
      expect(await verifyFileWithNotation(notation, path, format)).toMatchObject({ status: 0 });
    });

    it('each shows the expiry that the other signed', async () => {
      const path = createFile();
      const now = new Date(Math.floor(Date.now() / 1000) * 1000);
      await signFileWithUs(path, { key: signingKey('p521'), format, expirySeconds: hourSeconds, now });
      const { signedAttributes } = await inspect(signatureFile(path, format));
      expect(Date.parse(signedAttributes['expiry'] ?? '') - now.getTime()).toBe(hourSeconds * 1000);

      await signFileWithNotation(notation, path, format, '--expiry', '1h', '--force');
      const [signature] = (await verifyFileWithUs(path, notation)).signatures;
      const { expiry = '', signingTime = '' } = signature?.signature ?? {};
      expect(Date.parse(expiry) - Date.parse(signingTime)).toBe(hourSeconds * 1000);
    });

    it('a timestamp of OpenSSL is demanded, and accepted from either one by the other', async () => {
      const tsa = await startOpensslTimestampAuthority();
      const clocks = createNotation({
        program,
        blobTrustPolicy: filePolicy({ trustStores: ['ca:interop', 'tsa:clocks'] }),
        timestampRoots: [timestampRoot],
      });
      const http = createHttpClient({ userAgent: 'interop/1', environment: {} });
      try {
        const path = createFile();
        const timestamper = openTimestampAuthority({
          ...{ urls: [new URL(tsa.url)], root: parseTimestampRoot(readFileSync(timestampRoot), timestampRoot) },
          ...{ revocation: unreachableServers, http, clock: { now: () => new Date() }, log: quietLog },
        });
        await signFileWithUs(path, { key: signingKey('p256'), format });
        const missing = 'no timestamp countersignature was found in the signature envelope';
        expect((await verifyFileWithNotation(clocks, path, format)).stderr).toContain(missing);
        expect(reasons(await verifyFileWithUs(path, clocks))).toContain(missing);

        const record = await signFileWithUs(path, { key: signingKey('p256'), format, timestamper });
        expect(record.timestamped).toBe(true);
        expect(await verifyFileWithNotation(clocks, path, format)).toMatchObject({ status: 0 });
        const stamped = ['--timestamp-url', tsa.url, '--timestamp-root-cert', timestampRoot, '--force'];
        await signFileWithNotation(clocks, path, format, ...stamped);
        expect(reasons(await verifyFileWithUs(path, clocks))).toBe('');
      } finally {
        clocks.remove();
        await http.close();
        await tsa.stop();
      }
    });
  });
});
