// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parse } from 'yaml';
import { outputProblem } from './results-schema.ts';
import { createCommandFiles, keyValueText, readKeyValues, readPaths, readSummary } from './runner-files.ts';
import type { CommandFiles } from './runner-files.ts';
import { RunnerLog } from './runner-log.ts';
import type { RunnerCommand } from './runner-log.ts';
import { runNode } from './runner-process.ts';

const root = join(import.meta.dirname, '..', '..');

/** Commands that our actions may give; anything else is a defect, or a text that was read as a command. */
const expectedCommands = new Set(['debug', 'notice', 'warning', 'error', 'group', 'endgroup', 'add-mask']);

/** Outputs of a job have at most this many bytes, estimated in UTF-16. */
const maxOutputBytes = 1024 * 1024;

/** What the workflow and the event say. */
export interface JobOptions {
  readonly eventName?: string;
  /** Payload of the event. */
  readonly event?: object;
  /** `env` of the job. */
  readonly env?: Readonly<Record<string, string>>;
  /** `GITHUB_ARTIFACTS`: unset before runner 2.336, off without the server's flag. */
  readonly artifacts?: 'unset' | 'off' | 'on';
  readonly debug?: boolean;
}

/** A `uses:` step. */
export interface StepOptions {
  /** Folder of the action from the root of the repository: `actions/sign`; '' for the root action. */
  readonly action: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs this file instead of the `main` of action.yml. */
  readonly main?: string;
  /** Cancels the job while the step runs. */
  readonly cancelled?: AbortSignal;
}

/** What became of a step. */
export interface StepResult {
  readonly exitCode: number;
  readonly succeeded: boolean;
  /** What a reader of the log sees, masks applied; commands as `##[name]text`. */
  readonly log: string;
  /** Everything as it was printed, masks not applied. */
  readonly raw: string;
  readonly commands: readonly RunnerCommand[];
  /** Texts of annotations, those of the runner included. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly paths: readonly string[];
}

interface Manifest {
  readonly inputs?: Readonly<Record<string, { readonly default?: string; readonly deprecationMessage?: string }>>;
  readonly runs: { readonly using: string; readonly main: string };
}

/** The variable that carries an input: spaces become `_`, hyphens stay. */
export function inputVariable(name: string): string {
  return `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`;
}

/** Starts a job on a runner of its own, with nothing of this process but its PATH. */
export async function startJob(options: JobOptions = {}): Promise<GitHubJob> {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'runner-')));
  const job = new GitHubJob(base, options);
  for (const folder of [job.workspace, job.commandFiles, join(job.temp, '_github_workflow'), job.toolCache, job.home]) {
    await mkdir(folder, { recursive: true });
  }
  await writeFile(job.eventPath, JSON.stringify(options.event ?? {}));
  // A file system's clock ticks every few milliseconds: the first step must not start in the tick in which the job does.
  await setTimeout(20);
  return job;
}

/** A job that runs steps as the GitHub Actions runner does (GH 5.1). */
export class GitHubJob {
  readonly workspace: string;
  readonly temp: string;
  readonly toolCache: string;
  readonly home: string;
  /** The folder that keeps the command files of all steps. */
  readonly commandFiles: string;
  readonly eventPath: string;
  /** The list that the next steps are given; set by `declareArtifacts`, or by a test. */
  artifactsList = '';
  readonly #base: string;
  readonly #options: JobOptions;
  readonly #masks = new Set<string>();
  readonly #paths: string[] = [];
  readonly #env: Record<string, string> = {};
  #stepsWritten = 0;

  constructor(base: string, options: JobOptions) {
    this.#base = base;
    this.#options = options;
    this.workspace = join(base, 'work', 'app', 'app');
    this.temp = join(base, 'work', '_temp');
    this.toolCache = join(base, 'work', '_tool');
    this.home = join(base, 'home');
    this.commandFiles = join(this.temp, '_runner_file_commands');
    this.eventPath = join(this.temp, '_github_workflow', 'event.json');
    if (options.artifacts === 'on') this.artifactsList = '{"version":1,"subjects":[]}';
  }

  /** Runs an action of this repository. Throws when it does what no action of ours may do. */
  async step(options: StepOptions): Promise<StepResult> {
    const folder = join(root, options.action);
    const manifest = parse(await readFile(join(folder, 'action.yml'), 'utf8')) as Manifest;
    if (manifest.runs.using !== 'node24') throw new Error(`${options.action} does not use node24`);
    const files = await this.#nextFiles();
    const log = new RunnerLog(this.#masks);
    const notes = inputWarnings(manifest, options.with ?? {});
    const main = options.main ?? join(folder, manifest.runs.main);
    const env = { ...this.environment(files), ...inputsOf(manifest, options.with ?? {}), ...options.env };
    const exitCode = await runNode(main, this.workspace, env, log, options.cancelled);
    refuseUnexpected(log);
    return await this.#resultOf(exitCode, files, log, notes);
  }

  /** The environment of a step of this job, without inputs. */
  environment(files: CommandFiles): Record<string, string> {
    return { ...this.#runnerEnvironment(), ...this.#githubEnvironment(files), ...this.#options.env, ...this.#env };
  }

  /** The environment that a `run:` step would have now. */
  async runEnvironment(): Promise<Record<string, string>> {
    return this.environment(await this.#nextFiles());
  }

  /** Leaves the files of a step that ran some other action, and returns its uuid. Texts stand for whole files. */
  async writeStepFiles(
    content: { outputs?: Readonly<Record<string, string>> | string; state?: Readonly<Record<string, string>> | string },
    { lineEnd = '\n', modified }: { lineEnd?: string; modified?: Date } = {},
  ): Promise<CommandFiles> {
    const files = await this.#nextFiles();
    const textOf = (values: Readonly<Record<string, string>> | string): string =>
      typeof values === 'string' ? values : keyValueText(values, lineEnd);
    await writeFile(files.path.set_output, textOf(content.outputs ?? {}));
    await writeFile(files.path.save_state, textOf(content.state ?? {}));
    // Real steps are seconds apart; file systems may give files of one moment the same time.
    const time = modified ?? new Date(Date.now() + 10 * this.#stepsWritten++);
    for (const path of [files.path.set_output, files.path.save_state]) await utimes(path, time, time);
    return files;
  }

  /** What steps declared in `GITHUB_ARTIFACTS`, as later steps read it. */
  declareArtifacts(subjects: readonly { name: string; digest: string; kind: string }[]): void {
    this.artifactsList = JSON.stringify({ version: 1, subjects });
  }

  /** Writes a file below the workspace and returns its path there. */
  async writeWorkspaceFile(path: string, content: string | Uint8Array): Promise<string> {
    await mkdir(dirname(join(this.workspace, path)), { recursive: true });
    await writeFile(join(this.workspace, path), content);
    return path;
  }

  async dispose(): Promise<void> {
    await rm(this.#base, { recursive: true, force: true });
  }

  async #nextFiles(): Promise<CommandFiles> {
    const files = await createCommandFiles(this.commandFiles, randomUUID());
    await writeFile(files.path.artifacts_list, this.artifactsList);
    return files;
  }

  #runnerEnvironment(): Record<string, string> {
    const inherited = ['PATH', 'SystemRoot', 'ComSpec', 'PATHEXT', 'TEMP', 'TMP', 'windir'];
    const kept = inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
    const env = Object.fromEntries(kept) as Record<string, string>;
    return {
      ...env,
      PATH: [...this.#paths, env['PATH'] ?? ''].join(delimiter),
      HOME: this.home,
      USERPROFILE: this.home,
      CI: 'true',
      RUNNER_TEMP: this.temp,
      RUNNER_TOOL_CACHE: this.toolCache,
      RUNNER_OS: { win32: 'Windows', darwin: 'macOS' }[process.platform as string] ?? 'Linux',
      RUNNER_ARCH: process.arch.toUpperCase(),
      RUNNER_ENVIRONMENT: 'github-hosted',
      ...(this.#options.debug === true ? { RUNNER_DEBUG: '1' } : {}),
    };
  }

  #githubEnvironment({ path }: CommandFiles): Record<string, string> {
    const artifacts = { GITHUB_ARTIFACTS: path.artifacts, GITHUB_ARTIFACTS_LIST: path.artifacts_list };
    return {
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: this.workspace,
      GITHUB_OUTPUT: path.set_output,
      GITHUB_STATE: path.save_state,
      GITHUB_ENV: path.set_env,
      GITHUB_PATH: path.add_path,
      GITHUB_STEP_SUMMARY: path.step_summary,
      ...(this.#options.artifacts === 'unset' ? {} : artifacts),
      GITHUB_EVENT_NAME: this.#options.eventName ?? 'push',
      GITHUB_EVENT_PATH: this.eventPath,
      GITHUB_REPOSITORY: 'owner/app',
      GITHUB_SHA: '0'.repeat(40),
      GITHUB_REF: 'refs/heads/main',
      GITHUB_SERVER_URL: 'https://github.invalid',
      GITHUB_API_URL: 'https://api.github.invalid',
      GITHUB_RUN_ID: '1',
    };
  }

  async #resultOf(
    exitCode: number,
    files: CommandFiles,
    log: RunnerLog,
    notes: readonly string[],
  ): Promise<StepResult> {
    const outputs = await readKeyValues(files.path.set_output);
    for (const [name, value] of outputs) {
      const problem = outputProblem(name, value);
      if (problem !== undefined) throw new Error(problem);
    }
    const size = [...outputs].reduce((sum, [name, value]) => sum + 2 * (name.length + value.length), 0);
    if (size > maxOutputBytes) throw new Error(`the outputs have ${size} bytes`);
    const paths = await readPaths(files.path.add_path);
    this.#paths.unshift(...paths.toReversed());
    Object.assign(this.#env, Object.fromEntries(await readKeyValues(files.path.set_env)));
    const summary = await readSummary(files.path.step_summary);
    const annotations = (name: string): string[] =>
      log.commands.filter((command) => command.name === name).map(({ data }) => log.mask(data));
    return {
      exitCode,
      succeeded: exitCode === 0,
      log: log.shown.join('\n'),
      raw: log.raw.join('\n'),
      commands: log.commands,
      errors: [...annotations('error'), ...(summary.tooLarge ? ['$GITHUB_STEP_SUMMARY upload aborted'] : [])],
      warnings: [...notes, ...annotations('warning')],
      outputs: Object.fromEntries(outputs),
      state: Object.fromEntries(await readKeyValues(files.path.save_state)),
      summary: log.mask(summary.text),
      paths,
    };
  }
}

function inputsOf(manifest: Manifest, given: Readonly<Record<string, string>>): Record<string, string> {
  const defaults = Object.entries(manifest.inputs ?? {}).map(
    ([name, input]) => [name, (input.default ?? '').replace('${{ github.token }}', '')] as const,
  );
  const all = new Map([...defaults, ...Object.entries(given)]);
  return Object.fromEntries([...all].map(([name, text]) => [inputVariable(name), text]));
}

/** What the runner itself warns about before it starts an action. */
function inputWarnings(manifest: Manifest, given: Readonly<Record<string, string>>): string[] {
  const inputs = manifest.inputs ?? {};
  const unexpected = Object.keys(given).filter((name) => !Object.hasOwn(inputs, name));
  const valid = Object.keys(inputs).map((name) => `'${name}'`);
  return [
    ...unexpected.map((name) => `Unexpected input(s) '${name}', valid inputs are [${valid.join(', ')}]`),
    ...Object.keys(given).flatMap((name) => {
      const message = inputs[name]?.deprecationMessage;
      return message === undefined ? [] : [`Input '${name}' has been deprecated with message: ${message}`];
    }),
  ];
}

function refuseUnexpected(log: RunnerLog): void {
  const wrong = log.commands.find(({ name, syntax }) => syntax === '##[' || !expectedCommands.has(name));
  if (wrong !== undefined)
    throw new Error(`unexpected command ${wrong.syntax}${wrong.name} with ${JSON.stringify(wrong.data)}`);
}
