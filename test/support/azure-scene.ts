// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CertificateAuthority, TestSigner } from '../fakes/certificate-authority.ts';
import { policyText } from '../fakes/trust-policy.ts';
import { AgentJob, packagedTask } from './azure-agent.ts';
import type { AgentJobOptions, AgentStep, StepResult } from './azure-agent.ts';

/** The fake of Docker@2. */
export const dockerTask = { folder: join(import.meta.dirname, '..', 'fakes', 'docker-task') };

export interface SceneOptions extends AgentJobOptions {
  readonly authority: CertificateAuthority;
  readonly signer: TestSigner;
}

/** A job whose repository has a trust policy, a trust store and a signing chain, and which has a key as secret. */
export class AzureScene {
  readonly job: AgentJob;

  constructor({ authority, signer, ...options }: SceneOptions) {
    this.job = new AgentJob({ ...options, secrets: { ...options.secrets, signingKey: signer.privateKeyPem } });
    this.write('.pipeline/trustpolicy/trustpolicy.json', policyText({}));
    this.write('.pipeline/truststore/x509/ca/acme/root.crt', authority.root.pem);
    this.write('.pipeline/signing-chain.pem', signer.chainPem);
  }

  /** Writes a file of the repository that is checked out. */
  write(path: string, text: string): void {
    const target = join(this.job.sources, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  /** Signs with the secret key. By the Referrers API, unless the inputs say otherwise: the tag takes time to settle. */
  sign(
    inputs: Readonly<Record<string, string>> = {},
    name = 'sign',
    { cancelled }: Pick<AgentStep, 'cancelled'> = {},
  ): Promise<StepResult> {
    const key = { privateKey: '$(signingKey)', certificateChain: '.pipeline/signing-chain.pem' };
    const quick = { allowReferrersAPI: 'true' };
    const all = { command: 'sign', ...key, ...quick, ...inputs };
    return this.job.run({ name, task: packagedTask, inputs: all, ...(cancelled === undefined ? {} : { cancelled }) });
  }

  verify(inputs: Readonly<Record<string, string>> = {}, name = 'verify'): Promise<StepResult> {
    return this.job.run({ name, task: packagedTask, inputs: { command: 'verify', ...inputs } });
  }

  /** A push with Docker@2: several images of one step, each `registry/repository` with its tags. */
  push(pushes: readonly { repository: string; tags: string[]; digest: string }[], quiet = false): Promise<StepResult> {
    const inputs = { pushes: JSON.stringify(pushes), quiet: String(quiet) };
    return this.job.run({ name: 'push', task: dockerTask, inputs });
  }

  /** The references that a sign step says it has signed. */
  signed(name = 'sign'): string[] {
    return (this.job.variable(`${name}.references`) ?? '').split('\n').filter((line) => line !== '');
  }

  dispose(): void {
    this.job.dispose();
  }
}
