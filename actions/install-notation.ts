// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as core from '@actions/core';
import * as toolCache from '@actions/tool-cache';
import { NotaryError, findNotationRelease, messageOf, notationFile } from '../shared/index.ts';
import type { Host, NotationRelease } from '../shared/index.ts';
import { archiveKindOf } from './archive-kind.ts';

const tool = 'notation';

/** What is installed, and under which version it is kept in the tool cache. */
interface Installation extends NotationRelease {
  /** The release; '' for the build of a `url`. */
  readonly version: string;
  readonly cacheVersion: string;
}

/** Puts the Notation CLI on the PATH of later steps, from the tool cache or by download (GH 1.2). */
export async function installNotation(host: Host): Promise<void> {
  const wanted = chooseInstallation(host);
  const cached = toolCache.find(tool, wanted.cacheVersion);
  const path = cached === '' ? await download(host, wanted) : cached;
  host.log.info(cached === '' ? `Notation CLI is installed in ${path}` : `Notation CLI is in the tool cache: ${path}`);
  core.addPath(path);
  host.setOutput('version', wanted.version);
  host.setOutput('path', path);
  host.setOutput('cache_hit', String(cached !== ''));
}

function chooseInstallation(host: Host): Installation {
  const url = host.input('url');
  const checksum = host.input('checksum').toLowerCase();
  if (url === '') {
    const version = host.input('version');
    return { version, cacheVersion: version, ...findNotationRelease(version, process.platform, process.arch) };
  }
  if (checksum === '') {
    const text = 'user provided url of customized Notation CLI release but without SHA256 checksum';
    throw new NotaryError('input-missing', text, { hint: 'Give {input:checksum}, the SHA-256 of the archive in hex.' });
  }
  if (!/^[0-9a-f]{64}$/.test(checksum)) {
    throw new NotaryError(
      'input-invalid',
      `{input:checksum} must be a SHA-256 in hex, 64 digits. Got ${JSON.stringify(checksum)}`,
    );
  }
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new NotaryError('input-invalid', `{input:url} must be an http(s) address. Got ${JSON.stringify(url)}`);
  }
  // The tool cache wants a semantic version; the checksum tells one build from another.
  return { version: '', cacheVersion: `0.0.0-sha256.${checksum}`, url, checksum };
}

/** Downloads, checks and extracts the archive, and returns the folder in the tool cache. */
async function download(host: Host, { url, checksum, cacheVersion }: Installation): Promise<string> {
  const archive = join(host.tempDirectory, `notation-cli-${randomUUID()}`);
  const folder = `${archive}-files`;
  try {
    host.log.info(`downloading Notation CLI from ${url}`);
    await fetchArchive(url, archive);
    host.log.info('downloading Notation CLI completed');
    await checkArchive(archive, checksum);
    host.log.info('successfully verified download checksum');
    await extract(archive, folder, url);
    return await toolCache.cacheDir(folder, tool, cacheVersion);
  } finally {
    for (const path of [archive, `${archive}.zip`, folder]) await rm(path, { recursive: true, force: true });
  }
}

async function fetchArchive(url: string, archive: string): Promise<void> {
  try {
    await toolCache.downloadTool(url, archive);
  } catch (cause) {
    throw new NotaryError('download-failed', `Notation CLI could not be downloaded from ${url}: ${messageOf(cause)}`, {
      hint: 'Check {input:version} or {input:url}, and the proxy of the runner.',
      cause,
    });
  }
}

async function checkArchive(archive: string, expected: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(archive), hash);
  const actual = hash.digest('hex');
  if (actual === expected) return;
  const text = `checksum of downloaded Notation CLI ${actual} does not match expected checksum ${expected}`;
  throw new NotaryError('checksum-mismatch', text, {
    hint: 'Nothing was installed. Correct {input:checksum} only if you know that the archive is the right one.',
  });
}

async function extract(archive: string, folder: string, url: string): Promise<void> {
  const kind = await archiveKindOf(archive);
  if (kind === undefined) throw unusable(url, 'it is neither a zip nor a tar archive');
  try {
    if (kind === 'zip') {
      // PowerShell goes by the name of the file.
      await rename(archive, `${archive}.zip`);
      await toolCache.extractZip(`${archive}.zip`, folder);
    } else {
      await toolCache.extractTar(archive, folder, kind === 'tar' ? 'x' : 'xz');
    }
  } catch (cause) {
    throw unusable(url, `it cannot be extracted: ${messageOf(cause)}`, cause);
  }
  const file = process.platform === 'win32' ? notationFile.windows : notationFile.posix;
  try {
    await access(join(folder, file));
  } catch (cause) {
    throw unusable(url, `there is no ${file} at its top`, cause);
  }
}

function unusable(url: string, reason: string, cause?: unknown): NotaryError {
  return new NotaryError('download-failed', `the archive of Notation CLI from ${url} cannot be used: ${reason}`, {
    hint: 'Give {input:url} of a .tar.gz or .zip archive that holds the notation program.',
    cause,
  });
}
