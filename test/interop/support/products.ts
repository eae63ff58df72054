// SPDX-License-Identifier: Apache-2.0
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvelopeFormat } from '../../../shared/envelope/content.ts';
import { AgentJob, packagedTask, type AgentNode } from '../../support/azure-agent.ts';
import { startJob } from '../../support/github-runner.ts';
import type { PushedImage } from './image.ts';
import type { SigningKey } from './keys.ts';
import type { Notation } from './notation.ts';

/** One of our packaged products with a checkout that has the trust policy and store of a Notation CLI where it looks for them. */
export interface Product {
  readonly name: string;
  sign(images: readonly PushedImage[], key: SigningKey, format: EnvelopeFormat): Promise<ProductStep>;
  verify(images: readonly PushedImage[]): Promise<ProductStep>;
  dispose(): Promise<void>;
}

/** How a step ended. */
export interface ProductStep {
  readonly succeeded: boolean;
  readonly log: string;
}

type Trust = Pick<Notation, 'trustPolicyFile' | 'trustStore'>;

/** The bundles of the GitHub Action, as a runner starts them. */
export async function startAction(trust: Trust): Promise<Product> {
  const job = await startJob();
  copyTrust(trust, join(job.workspace, '.github'));
  const artifacts = (images: readonly PushedImage[]) => ({ target_artifact_reference: references(images) });
  return {
    name: 'GitHub Action',
    sign: (images, { privateKey, certificateChain }, format) =>
      job.step({
        action: 'actions/sign',
        with: {
          ...artifacts(images),
          private_key: privateKey,
          certificate_chain: certificateChain,
          signature_format: format,
        },
      }),
    verify: (images) => job.step({ action: 'actions/verify', with: artifacts(images) }),
    dispose: () => job.dispose(),
  };
}

/** The Azure Pipelines task, as an agent installs and starts it. */
export function startTask(trust: Trust, node: AgentNode): Product {
  const job = new AgentJob({ node });
  copyTrust(trust, join(job.sources, '.pipeline'));
  const run = async (inputs: Record<string, string>): Promise<ProductStep> => {
    const { result, log } = await job.run({ task: packagedTask, inputs });
    return { succeeded: result === 'Succeeded', log: log.join('\n') };
  };
  return {
    name: `Azure Pipelines task, ${node.name}`,
    sign: (images, { privateKey, certificateChain }, signatureFormat) =>
      run({ command: 'sign', artifactRefs: references(images), privateKey, certificateChain, signatureFormat }),
    verify: (images) => run({ command: 'verify', artifactRefs: references(images) }),
    dispose() {
      job.dispose();
      return Promise.resolve();
    },
  };
}

/** To the conventional places below a folder. */
function copyTrust({ trustPolicyFile, trustStore }: Trust, folder: string): void {
  cpSync(trustPolicyFile, join(folder, 'trustpolicy/trustpolicy.json'));
  cpSync(trustStore, join(folder, 'truststore'), { recursive: true });
}

function references(images: readonly PushedImage[]): string {
  return images.map(({ reference }) => reference).join('\n');
}
