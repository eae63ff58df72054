// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { NotaryError } from '../../errors.ts';
import { textMember, parseDocument } from '../../oci/document.ts';
import { cleanText } from './server-text.ts';

/** What a credential helper knows about a server (docker-credential-helpers protocol; REG 3.9). */
export interface HelperAnswer {
  readonly username: string;
  readonly secret: string;
}

/** Milliseconds for a helper: it may ask a cloud service, but nobody answers a prompt in a pipeline. */
const helperTimeout = 30_000;
/** Bytes of output: a user name and a token of some KiB. */
const helperOutputLimit = 1024 * 1024;

/** Messages of helpers that mean "no credentials" rather than a failure. */
const notFound = 'credentials not found in native keychain';

/**
 * Asks `docker-credential-<suffix> get` about a server; undefined when the helper has nothing. The helper gets the whole
 * environment, as from Docker, because helpers of clouds read their settings there. Throws `registry-unauthorized`.
 */
export async function askCredentialHelper(
  suffix: string,
  server: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<HelperAnswer | undefined> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(suffix)) {
    throw helperError(
      `the docker configuration names the credential helper ${JSON.stringify(cleanText(suffix))}, which is not a name`,
    );
  }
  const program = `docker-credential-${suffix}`;
  const { status, output } = await run(program, server, environment);
  const text = output.toString('utf8').trim();
  if (status !== 0) {
    if (text === notFound) return undefined;
    // The message stands on stdout; it is the helper's own and holds no secret.
    throw helperError(`${program} failed for ${server}: ${cleanText(text) || `exit status ${String(status)}`}`);
  }
  return parseAnswer(program, output);
}

function parseAnswer(program: string, output: Uint8Array): HelperAnswer | undefined {
  try {
    const document = parseDocument(output);
    const secret = textMember(document, 'Secret') ?? '';
    return secret === '' ? undefined : { username: textMember(document, 'Username') ?? '', secret };
  } catch {
    // Without the cause: its text may quote the answer.
    throw helperError(`${program} did not answer with JSON`);
  }
}

function run(
  program: string,
  input: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ status: number | null; output: Buffer }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['get'], {
      env: { ...environment },
      stdio: ['pipe', 'pipe', 'ignore'],
      shell: false,
      windowsHide: true,
    });
    // Not the option of spawn: its timer would keep the step alive when there is no such program.
    const timer = setTimeout(() => child.kill('SIGKILL'), helperTimeout);
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= helperOutputLimit) chunks.push(chunk);
      else child.kill('SIGKILL');
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const reason = error.code === 'ENOENT' ? 'is not on the PATH' : `cannot be started: ${error.message}`;
      reject(helperError(`${program}, which the docker configuration names, ${reason}`, error));
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      if (size > helperOutputLimit) reject(helperError(`${program} printed more than ${helperOutputLimit} bytes`));
      else if (signal !== null) reject(helperError(`${program} did not answer within ${helperTimeout / 1000} seconds`));
      else resolve({ status, output: Buffer.concat(chunks) });
    });
    // A helper that ends without reading breaks the pipe; its exit status tells the story.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

function helperError(message: string, cause?: unknown): NotaryError {
  return new NotaryError('registry-unauthorized', message, {
    hint: 'Log in to the registry in a step before this one, or make the credential helper available to this step.',
    cause,
  });
}
