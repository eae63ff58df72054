// SPDX-License-Identifier: Apache-2.0
import { accessSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { commandKind, parseAgentCommand, restrictedCommands } from './azure-agent-command.ts';
import type { AgentCommand } from './azure-agent-command.ts';
import { AgentMasker } from './azure-agent-masker.ts';
import { baseEnvironment, node24, runProcess } from './azure-agent-node.ts';
import type { AgentNode } from './azure-agent-node.ts';
import { StepPage } from './azure-agent-page.ts';
import type { StepResult } from './azure-agent-page.ts';
import { environmentName, inputsOf, readTaskDefinition } from './azure-agent-task.ts';
import type { TaskDefinition } from './azure-agent-task.ts';
import { outputProblem } from './results-schema.ts';

export { agentNodes, node24 } from './azure-agent-node.ts';
export type { AgentNode } from './azure-agent-node.ts';
export type { StepResult, StepResultName } from './azure-agent-page.ts';

const root = join(import.meta.dirname, '..', '..');

/** A task as the agent finds it: a folder with task.json; without an entry the packaged target of the handler runs. */
export interface TaskUnderTest {
  readonly folder: string;
  /** Runs this file instead, from where it lies; for sources, which only Node.js 24 can run. */
  readonly entry?: string;
}

/** dist/ado-task, as it is shipped. */
export const packagedTask: TaskUnderTest = { folder: join(root, 'dist', 'ado-task') };

/** The sources of the task, without a build. */
export const sourceTask: TaskUnderTest = {
  folder: join(root, 'ado-task'),
  entry: join(root, 'ado-task', 'main.ts'),
};

/** A service connection, by the name that YAML uses for it. */
export interface AgentEndpoint {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, string>>;
}

export interface AgentJobOptions {
  readonly node?: AgentNode;
  readonly variables?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly endpoints?: readonly AgentEndpoint[];
  /** System.Debug. */
  readonly debug?: boolean;
  readonly culture?: string;
}

export interface AgentStep {
  /** The `name:` of the step; output variables are `<name>.<variable>`. */
  readonly name?: string;
  readonly task: TaskUnderTest;
  readonly inputs?: Readonly<Record<string, string>>;
  /** YAML `target: commands: restricted`. */
  readonly restricted?: boolean;
  /** YAML `target: settableVariables`. */
  readonly settableVariables?: readonly string[];
  /** Cancels the job while the step runs. */
  readonly cancelled?: AbortSignal;
}

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly secret: boolean;
  readonly readOnly: boolean;
}

/** Variables that a step may not set (the agent's Constants.Variables.ReadOnlyVariables, by prefix). */
const systemVariables = /^(?:agent|system|build|release)\./i;

/** The job's own token: every task gets it with the system connection. */
const systemToken = 'system-access-token-0123456789';

/**
 * One job of an Azure Pipelines agent: folders, variables and secrets that its steps share. It follows the agent's rules
 * for the environment of a task, its logging commands, output variables and secrets.
 */
export class AgentJob {
  /** Agent.TempDirectory. */
  readonly temp: string;
  /** System.DefaultWorkingDirectory. */
  readonly sources: string;
  readonly home: string;
  readonly masker = new AgentMasker();
  readonly #folder: string;
  readonly #options: AgentJobOptions;
  readonly #variables = new Map<string, Variable>();
  readonly #prepended: string[] = [];
  /** Outputs that are not what the schema of results says. */
  readonly #problems: string[] = [];
  #steps = 0;

  constructor(options: AgentJobOptions = {}) {
    this.#options = options;
    this.#folder = realpathSync(mkdtempSync(join(tmpdir(), 'azure agent ')));
    [this.temp, this.sources, this.home] = ['_temp', join('1', 's'), 'home'].map((name) =>
      join(this.#folder, name),
    ) as [string, string, string];
    for (const folder of [this.temp, this.sources, this.home]) mkdirSync(folder, { recursive: true });
    for (const [name, value] of Object.entries(this.#predefined())) this.#store(name, value, {});
    for (const [name, value] of Object.entries(options.variables ?? {})) this.#store(name, value, {});
    for (const [name, value] of Object.entries(options.secrets ?? {})) this.#store(name, value, { secret: true });
    this.masker.add(systemToken);
    for (const { parameters } of options.endpoints ?? [])
      Object.values(parameters).forEach((value) => {
        this.masker.add(value);
      });
  }

  /** The value of a variable, or of an output as `<step>.<name>`; undefined when it does not exist. */
  variable(name: string): string | undefined {
    return this.#variables.get(name.toLowerCase())?.value;
  }

  /** Runs a task to its end, and applies what it has told to the steps that follow. */
  async run(step: AgentStep): Promise<StepResult> {
    const definition = readTaskDefinition(step.task.folder);
    const target = step.task.entry ?? this.#install(step.task.folder, definition);
    const environment = this.#environment(definition, step);
    const printed: string[] = [];
    const node = (this.#options.node ?? node24).path;
    const onLine = (line: string): void => void printed.push(line);
    const exitCode = await runProcess(node, target, this.sources, environment, onLine, step.cancelled);
    return this.#judge(definition, step, printed, exitCode);
  }

  /** A step that only prints, such as a script: its logging commands count. */
  print(lines: readonly string[], name?: string): StepResult {
    return this.#judge(scriptDefinition, { task: packagedTask, ...(name === undefined ? {} : { name }) }, lines, 0);
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #predefined(): Record<string, string> {
    return {
      'Agent.TempDirectory': this.temp,
      'Agent.WorkFolder': this.#folder,
      'Agent.ToolsDirectory': join(this.#folder, '_tool'),
      'Agent.Version': '4.275.1',
      'Agent.OS': { win32: 'Windows_NT', darwin: 'Darwin' }[process.platform as string] ?? 'Linux',
      'Agent.OSArchitecture': process.arch === 'arm64' ? 'ARM64' : 'X64',
      'Agent.JobStatus': 'Succeeded',
      'System.Culture': this.#options.culture ?? 'en-US',
      'System.DefaultWorkingDirectory': this.sources,
      'System.HostType': 'build',
      'System.CollectionUri': 'https://dev.azure.com/example/',
      'System.TeamProject': 'example',
      'System.PlanId': '11111111-1111-4111-8111-111111111111',
      'System.JobId': '22222222-2222-4222-8222-222222222222',
      'Build.BuildId': '42',
      'Build.SourceVersion': '0123456789abcdef0123456789abcdef01234567',
      'Build.SourceBranch': 'refs/heads/main',
      ...(this.#options.debug === true ? { 'System.Debug': 'true' } : {}),
    };
  }

  /** Copies the package to where an agent keeps it; nothing else is there, so that missing files show. */
  #install(folder: string, { name, id, version, execution }: TaskDefinition): string {
    const installed = join(
      this.#folder,
      '_tasks',
      `${name}_${id}`,
      `${version.Major}.${version.Minor}.${version.Patch}`,
    );
    if (!existsSync(installed)) cpSync(folder, installed, { recursive: true });
    const handler = execution['Node24'] ?? execution['Node20_1'];
    if (handler === undefined) throw new Error('the task has no handler that this agent knows');
    const target = join(installed, handler.target);
    accessSync(target);
    return target;
  }

  #environment(definition: TaskDefinition, step: AgentStep): Record<string, string> {
    const environment: Record<string, string> = { ...baseEnvironment(this.home) };
    const inputs = inputsOf(definition, step.inputs ?? {});
    for (const [name, value] of inputs) environment[`INPUT_${environmentName(name)}`] = this.#expand(value);
    this.#addEndpoints(environment, definition, inputs);
    const all = [...this.#variables.values()];
    for (const { name, value, secret } of all) {
      environment[secret ? `SECRET_${environmentName(name)}` : environmentName(name)] = value;
      if (name === 'Agent.JobStatus') environment['agent.jobstatus'] = value;
    }
    environment['VSTS_PUBLIC_VARIABLES'] = JSON.stringify(all.filter(({ secret }) => !secret).map(({ name }) => name));
    environment['VSTS_SECRET_VARIABLES'] = JSON.stringify(all.filter(({ secret }) => secret).map(({ name }) => name));
    environment['PATH'] = [...this.#prepended]
      .reverse()
      .concat(environment['PATH'] ?? '')
      .join(delimiter);
    environment['TF_BUILD'] = 'True';
    return environment;
  }

  /** Only connections that an input of the task names are handed over, and the job's own. */
  #addEndpoints(environment: Record<string, string>, definition: TaskDefinition, inputs: Map<string, string>): void {
    const system = { parameters: { AccessToken: systemToken }, scheme: 'OAuth' };
    environment['ENDPOINT_URL_SYSTEMVSSCONNECTION'] = 'https://dev.azure.com/example/';
    environment['ENDPOINT_AUTH_SYSTEMVSSCONNECTION'] = JSON.stringify(system);
    environment['ENDPOINT_AUTH_SCHEME_SYSTEMVSSCONNECTION'] = 'OAuth';
    environment['ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN'] = systemToken;
    for (const { name, type } of definition.inputs) {
      const wanted = type.startsWith('connectedService:') ? (inputs.get(name) ?? '') : '';
      if (wanted === '') continue;
      const endpoint = this.#options.endpoints?.find((candidate) => candidate.name === wanted);
      if (endpoint === undefined) throw new Error(`the job has no service connection ${wanted}`);
      const { id, url, scheme, parameters, data = {} } = endpoint;
      environment[`INPUT_${environmentName(name)}`] = id;
      environment[`ENDPOINT_URL_${id}`] = url;
      environment[`ENDPOINT_AUTH_${id}`] = JSON.stringify({ parameters, scheme });
      environment[`ENDPOINT_AUTH_SCHEME_${id}`] = scheme;
      environment[`ENDPOINT_DATA_${id}`] = JSON.stringify(data);
      for (const [key, value] of Object.entries(parameters)) {
        environment[`ENDPOINT_AUTH_PARAMETER_${id}_${environmentName(key)}`] = value;
      }
      for (const [key, value] of Object.entries(data))
        environment[`ENDPOINT_DATA_${id}_${environmentName(key)}`] = value;
    }
  }

  /** `$(name)` becomes the value, once; an undefined variable stays as it is written. */
  #expand(text: string): string {
    return text.replace(/\$\(([^()]+)\)/g, (whole, name: string) => this.variable(name) ?? whole);
  }

  #judge(definition: TaskDefinition, step: AgentStep, printed: readonly string[], exitCode: number | null): StepResult {
    const page = new StepPage(this.masker, this.#options.debug === true);
    const name = step.name ?? `${definition.name}${++this.#steps}`;
    for (const line of printed) {
      const command = parseAgentCommand(line);
      if (command === undefined) {
        if (line.toLowerCase().includes('##vso')) page.complain(`'##vso' in a line that is no command: ${line}`);
        page.write(line);
      } else this.#apply({ definition, step, name, page }, command, line);
    }
    const [problem] = this.#problems;
    if (problem !== undefined) throw new Error(problem);
    if (exitCode !== 0) page.fail(`exit code ${exitCode ?? 'by signal'}`);
    return page.result(printed, exitCode);
  }

  #apply(running: RunningStep, command: AgentCommand, line: string): void {
    const { page, step } = running;
    const kind = commandKind(command.name);
    if (kind === 'unknown area') page.complain(`unknown command ${command.name}`);
    else if (kind === 'unknown event') page.fail(`unknown command ${command.name}`);
    else if (step.restricted === true && !restrictedCommands.has(command.name))
      page.complain(`refused ${command.name}`);
    else {
      try {
        this.#process(running, command);
      } catch (thrown) {
        page.fail(`${command.name} failed: ${String(thrown)}`);
      }
    }
    page.processed(command, line);
  }

  #process(running: RunningStep, { name, properties, data }: AgentCommand): void {
    const { page } = running;
    switch (name) {
      case 'task.complete': {
        page.complete(properties.get('result') ?? '', data);
        return;
      }
      case 'task.logissue':
      case 'task.issue': {
        page.issue(properties.get('type') ?? '', data);
        return;
      }
      case 'task.setsecret': {
        this.masker.add(data);
        return;
      }
      case 'task.setvariable': {
        this.#setVariable(running, properties, data);
        return;
      }
      case 'task.prependpath':
        if (this.#maySet(running, 'PATH')) this.#prepended.push(data);
        return;
      case 'task.uploadsummary': {
        page.summary(data);
        return;
      }
      case 'task.debug': {
        page.debug(data);
        return;
      }
      default:
    }
  }

  #maySet({ definition, step, page }: RunningStep, name: string): boolean {
    const lists = [definition.restrictions?.settableVariables?.allowed, step.settableVariables];
    const allowed = lists.every((list) => list?.some((item) => item.toLowerCase() === name.toLowerCase()) ?? true);
    if (!allowed) page.complain(`setting the variable ${name} is not allowed`);
    return allowed;
  }

  #setVariable(running: RunningStep, properties: ReadonlyMap<string, string>, value: string): void {
    const name = properties.get('variable') ?? '';
    if (name === '') throw new Error('a variable needs a name');
    const isTrue = (property: string): boolean => properties.get(property)?.toLowerCase() === 'true';
    if (!this.#maySet(running, name)) return;
    if (systemVariables.test(name)) {
      running.page.complain(`${name} is read-only`);
      return;
    }
    // Naming a variable among the task's outputs moves it there, whether the command says so or not.
    const declared = running.definition.outputVariables?.some(
      (output) => output.name.toLowerCase() === name.toLowerCase(),
    );
    const output = isTrue('isoutput') || declared === true;
    const problem = declared === true ? outputProblem(name, value) : undefined;
    if (problem !== undefined) this.#problems.push(problem);
    const stored = output ? `${running.name}.${name}` : name;
    if (this.#variables.get(stored.toLowerCase())?.readOnly === true) {
      running.page.complain(`${stored} is read-only`);
      return;
    }
    this.#store(stored, value, { secret: isTrue('issecret'), readOnly: isTrue('isreadonly') || isTrue('isoutput') });
  }

  #store(
    name: string,
    value: string,
    { secret = false, readOnly = false }: { secret?: boolean; readOnly?: boolean },
  ): void {
    const wasSecret = this.#variables.get(name.toLowerCase())?.secret === true;
    if (secret || wasSecret) this.masker.add(value);
    this.#variables.set(name.toLowerCase(), { name, value, secret: secret || wasSecret, readOnly });
  }
}

interface RunningStep {
  readonly definition: TaskDefinition;
  readonly step: AgentStep;
  readonly name: string;
  readonly page: StepPage;
}

const scriptDefinition: TaskDefinition = {
  ...{ id: '', name: 'CmdLine', friendlyName: '', minimumAgentVersion: '', groups: [], inputs: [], execution: {} },
  version: { Major: 2, Minor: 0, Patch: 0 },
};
