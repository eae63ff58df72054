// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { NotaryError } from '../errors.ts';
import { readPluginError } from '../plugin/plugin-error.ts';
import type { PluginCommand } from '../plugin/response.ts';
import { isProgramForThisMachine } from './program-format.ts';

/** An executable file of a plugin that may be run. */
export interface PluginProgram {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** How plugins are run. */
export interface PluginProcessOptions {
  /** The environment of the step; variables that a plugin must not see are taken out. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Relative paths in a plugin's configuration are resolved against this folder. */
  readonly directory: string;
  /** Milliseconds for one command. */
  readonly timeout?: number;
  /** Bytes of each output stream. */
  readonly outputLimit?: number;
  /** What a plugin writes to standard error although it succeeds. */
  readonly debug?: (text: string) => void;
}

/** Milliseconds: a key service may queue a request, but nobody answers a prompt in a pipeline. The reference waits for ever. */
const defaultTimeout = 300_000;
/** Bytes, as the reference: an envelope with its chain has some KiB. */
const defaultOutputLimit = 64 * 1024 * 1024;
/** Milliseconds between the end of a plugin and that of its output: what is still open then is held by what it left behind. */
const outputGrace = 2_000;
/** Characters of standard error that are kept for the debug log. */
const debugLength = 4_000;

/**
 * Variables that are ours or the runner's and no plugin's business: inputs of the step, tokens of the job, credentials of
 * registries and service connections, and the files through which a step changes later ones. All others are passed on,
 * because plugins find credentials of their key service there.
 */
const withheld =
  /^(?:INPUT_|ENDPOINT_|SECRET_|SECUREFILE_|ACTIONS_(?:RUNTIME|ID_TOKEN_REQUEST|CACHE|RESULTS)_|NOTATION_(?:USERNAME|PASSWORD)$|DOCKER_AUTH_CONFIG$|(?:GITHUB|GH)_TOKEN$|SYSTEM_ACCESSTOKEN$|GITHUB_(?:ENV|PATH|OUTPUT|STATE|STEP_SUMMARY)$|VSS_NUGET_|NODE_OPTIONS$)/i;

/** The environment that a plugin gets. */
export function pluginEnvironment(environment: PluginProcessOptions['environment']): Record<string, string> {
  const entries = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !withheld.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

/**
 * Runs one command of a plugin (reference 12.2): the request is one line on standard input, the answer is all of standard
 * output. The plugin and what it started are gone afterwards. Throws `plugin-failed`.
 */
export async function runPlugin(
  program: PluginProgram,
  command: PluginCommand,
  request: Uint8Array,
  options: PluginProcessOptions,
): Promise<Uint8Array> {
  if ((await isProgramForThisMachine(program.path)) === false) {
    throw notStarted(program, command, Object.assign(new Error('exec format error'), { code: 'ENOEXEC' }));
  }
  const { output, errors, ending } = await exchange(program, command, request, options);
  if (ending !== undefined) throw readPluginError(program.name, command, errors, ending);
  if (errors.length > 0) {
    options.debug?.(`plugin ${program.name} wrote: ${errors.subarray(0, debugLength).toString('utf8').trim()}`);
  }
  return output;
}

interface Ended {
  readonly output: Buffer;
  readonly errors: Buffer;
  /** `exit status 1`, `signal SIGSEGV`; undefined after success. */
  readonly ending: string | undefined;
}

function exchange(
  program: PluginProgram,
  command: PluginCommand,
  request: Uint8Array,
  options: PluginProcessOptions,
): Promise<Ended> {
  const { timeout = defaultTimeout, outputLimit = defaultOutputLimit } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program.path, [command], {
      env: pluginEnvironment(options.environment),
      cwd: options.directory,
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
      // A group of its own, so that all of it can be ended.
      detached: process.platform !== 'win32',
    });
    let stopped: NotaryError | undefined;
    const stop = (reason: string): void => {
      stopped ??= misbehaved(program, command, reason);
      endAll(child);
    };
    const deadline = setTimeout(() => {
      stop(`did not answer within ${Math.ceil(timeout / 1000)} seconds`);
    }, timeout);
    const tooMuch = (): void => {
      stop(`printed more than ${outputLimit} bytes`);
    };
    const output = collect(child.stdout, outputLimit, tooMuch);
    const errors = collect(child.stderr, outputLimit, tooMuch);
    child.on('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(deadline);
      reject(notStarted(program, command, cause));
    });
    let grace: NodeJS.Timeout | undefined;
    child.on('exit', () => {
      grace = setTimeout(() => {
        stop('ended, but left a process behind that keeps its output open');
        child.stdout.destroy();
        child.stderr.destroy();
      }, outputGrace);
    });
    child.on('close', (status, signal) => {
      clearTimeout(deadline);
      clearTimeout(grace);
      endAll(child);
      const ending = status === 0 ? undefined : signal === null ? `exit status ${String(status)}` : `signal ${signal}`;
      if (stopped !== undefined) reject(stopped);
      else resolve({ output: output(), errors: errors(), ending });
    });
    // A plugin that ends without reading breaks the pipe; its exit status tells the story.
    child.stdin.on('error', () => undefined);
    child.stdin.end(request);
  });
}

/** Gathers a stream up to a limit; the result is to be asked for at its end. */
function collect(stream: NodeJS.ReadableStream, limit: number, exceeded: () => void): () => Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else exceeded();
  });
  stream.on('error', () => undefined);
  return () => Buffer.concat(chunks);
}

/** Ends the plugin and everything in its group. */
function endAll(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    if (child.exitCode === null)
      spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' }).on('error', () => undefined);
    return;
  }
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is empty: nothing was left.
  }
}

function misbehaved({ name }: PluginProgram, command: PluginCommand, reason: string): NotaryError {
  return new NotaryError('plugin-failed', `plugin ${name} ${reason} (${command}) and was stopped`, {
    hint: 'Check that the plugin waits for nobody and that this machine may reach its key service; if it does, ask its publisher.',
  });
}

/** What the codes of a failed start mean for a file that is there. */
const startHints: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'The file may not be executed: set its executable bit, and check that its folder is not mounted noexec.'],
  ['EPERM', 'The system forbids to run the file: it may be blocked by a security policy.'],
  [
    'ENOEXEC',
    `The file is not a program for this machine (${process.platform}/${process.arch}): take the download for it.`,
  ],
  [
    'UNKNOWN',
    `The file is not a program for this machine (${process.platform}/${process.arch}): take the download for it.`,
  ],
  [
    'ENOENT',
    'The file or the interpreter or C library that it needs is missing: on Alpine, a plugin built for glibc needs an image with glibc.',
  ],
]);

function notStarted({ name, path }: PluginProgram, command: PluginCommand, cause: NodeJS.ErrnoException): NotaryError {
  const hint = startHints.get(cause.code ?? '');
  return new NotaryError(
    'plugin-failed',
    `plugin ${name} cannot be started for ${command}: ${cause.code ?? cause.message} (${path})`,
    {
      ...(hint === undefined ? {} : { hint }),
      cause,
    },
  );
}
