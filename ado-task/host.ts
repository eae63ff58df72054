// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as taskLib from 'azure-pipelines-task-lib/task.js';
import { NotaryError, cancellationSignal, detectAzurePushes, inputTable } from '../shared/index.ts';
import type { AzureSignIn, CommandName, DetectOptions, Detection, Host, InputName, InputRow } from '../shared/index.ts';
import { proxyVariables, trustAgentAuthorities } from './agent-network.ts';
import { hostLog } from './host-log.ts';
import { safeText, safeValue } from './safe-text.ts';
import { readServiceConnection } from './service-connection.ts';

/** Commands as task.json names them, in lower case; a step without one installs, as Notation@0 does. */
const commands: ReadonlyMap<string, CommandName> = new Map([
  ['', 'setup'],
  ['install', 'setup'],
  ['sign', 'sign'],
  ['verify', 'verify'],
  ['inspect', 'inspect'],
]);

/** An output becomes an environment variable of later steps, and no Windows process can read a longer one. */
const maxOutputLength = 32_766;

/** Variables that carry secrets or inputs of this step: nothing that the task starts or reads needs them. */
const privateVariables = /^(?:INPUT_|SECRET_|ENDPOINT_|SECUREFILE_|VSTS_)/i;

const statusOf = { succeeded: 'Succeeded', warning: 'Warning', failed: 'Failed' } as const;

/** A step of Azure Pipelines, seen through its agent. */
export class AzurePipelinesHost implements Host {
  readonly product = 'azure';
  readonly log = hostLog;
  readonly workspace: string;
  readonly tempDirectory: string;
  readonly environment: Host['environment'];
  readonly conventions = {
    trustPolicy: ['.pipeline/trustpolicy/trustpolicy.json', '.pipeline/trustpolicy.json'],
    trustStore: '.pipeline/truststore',
  };
  readonly detectsFor = ['sign', 'verify'] as const;
  readonly cancelled = cancellationSignal();
  readonly #secretInputs: ReadonlyMap<string, string>;

  /** `secretInputs` were taken out of the environment by `takeSecretInputs`. */
  constructor(secretInputs: ReadonlyMap<string, string>) {
    this.#secretInputs = secretInputs;
    this.workspace = taskLib.getVariable('System.DefaultWorkingDirectory') ?? process.cwd();
    this.tempDirectory = taskLib.getVariable('Agent.TempDirectory') ?? '';
    this.environment = openEnvironment();
  }

  command(): CommandName {
    const asked = (taskLib.getInput('command') ?? '').trim();
    const command = commands.get(asked.toLowerCase());
    if (command !== undefined) return command;
    throw new NotaryError('input-invalid', `command must be one of install, sign, verify, inspect. Got '${asked}'`);
  }

  input(name: InputName): string {
    const row: InputRow = inputTable[name];
    if (row.azure === undefined) return '';
    return (this.#secretInputs.get(row.azure) ?? taskLib.getInput(row.azure) ?? '').trim();
  }

  /** The agent replaces known texts line by line, and task-lib takes one line at a time. */
  mask(text: string): void {
    for (const line of text.split(/\r\n|\n|\r/)) {
      const secret = line.trim();
      if (secret !== '' && !/^-----(?:BEGIN|END) [A-Z ]+-----$/.test(secret)) taskLib.setSecret(secret);
    }
  }

  /** `signature_digest` becomes the output variable `signatureDigest`, read as `$(<step name>.signatureDigest)`. */
  setOutput(name: string, text: string): void {
    const variable = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const value = safeValue(text);
    if (value.length > maxOutputLength) {
      hostLog.info(
        `The output variable ${variable} is left out: it has ${value.length} of at most ${maxOutputLength} characters.`,
      );
      return;
    }
    taskLib.setVariable(variable, value, false, true);
  }

  async showSummary(markdown: string): Promise<void> {
    try {
      // The agent names the section after the file, and a second file of one name would replace the first.
      const file = join(this.tempDirectory, `Notary signatures ${randomBytes(4).toString('hex')}.md`);
      await writeFile(file, markdown, { mode: 0o600, flag: 'wx' });
      taskLib.uploadSummary(file);
    } catch (thrown) {
      hostLog.debug(`the summary could not be written: ${String(thrown)}`);
    }
  }

  fail(message: string): void {
    taskLib.setResult(taskLib.TaskResult.Failed, safeText(message));
  }

  finish(result: keyof typeof statusOf): void {
    taskLib.setVariable('Status', statusOf[result], false, true);
  }

  detectPushed(options: DetectOptions): Promise<Detection> {
    const resourceUris = taskLib.getVariable('RESOURCE_URIS');
    return detectAzurePushes({ resourceUris, tempDirectory: this.tempDirectory }, options);
  }

  azureConnection(): AzureSignIn | undefined {
    const id = this.input('azureServiceConnection');
    return id === '' ? undefined : readServiceConnection(id);
  }

  async setup(): Promise<void> {
    const { install } = await import('./install.ts');
    await install(this);
  }
}

/** What the step may use of its environment, and with the network settings of the agent. */
function openEnvironment(): Host['environment'] {
  const open = Object.fromEntries(Object.entries(process.env).filter(([name]) => !privateVariables.test(name)));
  const { variables, unread } = proxyVariables(taskLib.getHttpProxyConfiguration(), open);
  for (const rule of unread)
    hostLog.info(`The agent's proxy is used although its bypass list has ${rule}: only hosts are understood there.`);
  const problem = trustAgentAuthorities(taskLib.getVariable('Agent.CAInfo') ?? '');
  if (problem !== undefined) hostLog.warning(problem);
  return { ...open, ...variables };
}
