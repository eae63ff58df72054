// SPDX-License-Identifier: Apache-2.0
// The guide for a key from a secret, followed to the letter: its OpenSSL command, its steps, its trust policy.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentJob, packagedTask } from '../support/azure-agent.ts';
import { codeBlocks, documentedSteps, ownActions, ownTasks } from '../support/documented-steps.ts';
import { startJob } from '../support/github-runner.ts';
import { pushImage, type PushedImage } from './support/image.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';
import { runProgram } from './support/run-program.ts';

const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/key-from-a-secret.md'), 'utf8');
const password = 'correct horse';
let folder: string;
let registry: RunningRegistry;
let notation: Notation;
let key: string;
let policy: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'guide-'));
  // The command asks for the password; here it is given.
  const command = `${codeBlocks(guide, 'sh')[0]?.trim() ?? ''} -passout 'pass:${password}'`;
  const environment = { PATH: process.env['PATH'] ?? '' };
  const made = await runProgram('sh', ['-c', command], { environment, directory: folder });
  expect(made, made.stderr).toMatchObject({ status: 0 });
  key = readFileSync(join(folder, 'signing.key'), 'utf8');
  registry = await startRegistry('docker-registry');
  policy = (codeBlocks(guide, 'json')[0] ?? '').replace('ghcr.io/example/app', `${registry.host}/guide`);
  notation = createNotation({
    keys: [],
    trustPolicy: JSON.parse(policy.replace('ca:example', 'ca:interop')) as unknown,
    trusted: [join(folder, 'signing.crt')],
  });
}, 60_000);
afterAll(async () => {
  await registry.stop();
  notation.remove();
  rmSync(folder, { recursive: true });
});

/** What the guide puts into the repository, below the folder that the host looks at. */
function writeRepository(base: string): void {
  const file = join(base, 'truststore/x509/ca/example/signing.crt');
  mkdirSync(dirname(file), { recursive: true });
  cpSync(join(folder, 'signing.crt'), file);
  mkdirSync(join(base, 'trustpolicy'));
  writeFileSync(join(base, 'trustpolicy/trustpolicy.json'), policy);
}

/** The inputs with the secrets of the pipeline filled in. */
function filled(inputs: Readonly<Record<string, string>> = {}, privateKey = key): Record<string, string> {
  const secrets = [
    [/^\$\{\{ secrets\.SIGNING_KEY \}\}$|^\$\(signingKey\)$/, privateKey],
    [/^\$\{\{ secrets\.SIGNING_KEY_PASSWORD \}\}$|^\$\(signingKeyPassword\)$/, password],
  ] as const;
  const valueOf = (text: string): string => secrets.find(([name]) => name.test(text))?.[1] ?? text;
  return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, valueOf(value)]));
}

async function expectVerified({ reference }: PushedImage): Promise<void> {
  await notation.succeed('verify', reference);
}

describe('the guide for a key from a secret', () => {
  it('works on GitHub, and Notation verifies the signature', async () => {
    const image = await pushImage(registry.host, 'guide');
    const job = await startJob();
    writeRepository(join(job.workspace, '.github'));
    const [step] = ownActions(documentedSteps(guide));
    const artifact = { target_artifact_reference: image.reference };
    const signed = await job.step({ action: 'actions/sign', with: { ...filled(step?.with), ...artifact } });
    expect(signed, signed.log).toMatchObject({ succeeded: true });
    expect(await job.step({ action: 'actions/verify', with: artifact })).toMatchObject({ succeeded: true });
    await expectVerified(image);
    await job.dispose();
  });

  it('works in Azure Pipelines, with the key in one line, and Notation verifies the signature', async () => {
    const image = await pushImage(registry.host, 'guide');
    const job = new AgentJob();
    writeRepository(join(job.sources, '.pipeline'));
    const [step] = ownTasks(documentedSteps(guide));
    const inputs = filled(step?.inputs, key.trim().replaceAll('\n', '\\n'));
    const signed = await job.run({ task: packagedTask, inputs: { ...inputs, artifactRefs: image.reference } });
    expect(signed, signed.log.join('\n')).toMatchObject({ result: 'Succeeded' });
    const verified = await job.run({
      task: packagedTask,
      inputs: { command: 'verify', artifactRefs: image.reference },
    });
    expect(verified).toMatchObject({ result: 'Succeeded' });
    await expectVerified(image);
    job.dispose();
  });
});
