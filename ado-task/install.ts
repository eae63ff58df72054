// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as taskLib from 'azure-pipelines-task-lib/task.js';
import { NotaryError, agent, fetchDownload, findNotationRelease, notationFile } from '../shared/index.ts';
import type { Download, Host, InputName } from '../shared/index.ts';
import { archiveKind, readFromArchive } from './archive.ts';
import type { ArchiveKind } from './archive.ts';
import { resolveVersion } from './cli-version.ts';

/** An archive to install from. */
interface Installation extends Download {
  readonly kind: ArchiveKind;
  /** For the log: `v1.3.2`, or the address. */
  readonly what: string;
}

/**
 * The install command: checks its inputs and, unless it is asked for the Notation CLI, leaves it at that, because this task
 * needs none.
 */
export async function install(host: Host): Promise<void> {
  const installation = chooseInstallation(host);
  if (installation === undefined) {
    host.log.warning(
      'Nothing was installed: signing and verifying with this task needs no Notation CLI. Remove this step, or set installCli: true when scripts of this job call the CLI.',
    );
    return;
  }
  const archive = await fetchDownload(installation, { environment: host.environment, userAgent: agent });
  host.log.info(`Checksum validated: ${installation.checksum}.`);
  const name = process.platform === 'win32' ? notationFile.windows : notationFile.posix;
  const folder = await placeProgram(host.tempDirectory, name, readFromArchive(archive, installation.kind, name));
  taskLib.prependPath(folder);
  host.log.info(`Notation ${installation.what} is installed in ${folder}, which is on the PATH of the next steps.`);
}

/** Undefined when nothing is to be installed. Throws `input-missing` or `input-invalid`. */
function chooseInstallation(host: Host): Installation | undefined {
  if (flag(host, 'isCustomVersion')) return customInstallation(host);
  const version = resolveVersion(host.input('version'));
  if (!flag(host, 'installCli')) return undefined;
  const release = findNotationRelease(version, process.platform, process.arch);
  return { ...release, kind: kindOf(release.url), what: `v${version}` };
}

function customInstallation(host: Host): Installation {
  const url = host.input('url');
  const checksum = host.input('checksum').toLowerCase();
  const missing = [...(url === '' ? ['{input:url}'] : []), ...(checksum === '' ? ['{input:checksum}'] : [])];
  if (missing.length > 0) {
    throw new NotaryError(
      'input-missing',
      `{input:isCustomVersion} is true, but ${missing.join(' and ')} is not given`,
      {
        hint: 'Give {input:url} of a .tar.gz or .zip file and its SHA-256 as {input:checksum}, or remove {input:isCustomVersion}.',
      },
    );
  }
  if (!/^[0-9a-f]{64}$/.test(checksum)) {
    throw new NotaryError(
      'input-invalid',
      `{input:checksum} is not a SHA-256 checksum in hexadecimal. Got '${checksum}'`,
    );
  }
  return { url, checksum, kind: kindOf(url), what: `from ${url}` };
}

/** Known from the path of the address, before anything is downloaded. */
function kindOf(url: string): ArchiveKind {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new NotaryError('input-invalid', `{input:url} is not an address of a web server. Got '${url}'`);
  }
  const kind = archiveKind(new URL(url).pathname);
  if (kind !== undefined) return kind;
  throw new NotaryError(
    'input-invalid',
    `Unsupported file extension: {input:url} must name a .tar.gz or .zip file. Got '${url}'`,
  );
}

function flag(host: Host, name: InputName): boolean {
  const value = host.input(name).toLowerCase();
  if (value === '' || value === 'false') return false;
  if (value === 'true') return true;
  throw new NotaryError('input-invalid', `{input:${name}} must be true or false. Got '${value}'`);
}

/** A folder of its own: whatever lies in a folder on the PATH is a command for later steps. */
async function placeProgram(tempDirectory: string, name: string, program: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tempDirectory, 'notation-cli-'));
  try {
    await writeFile(join(folder, name), program, { mode: 0o755, flag: 'wx' });
    return folder;
  } catch (thrown) {
    await rm(folder, { recursive: true, force: true });
    throw thrown;
  }
}
