// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pushTranscript } from '../../test/fakes/docker-push.ts';
import { AgentJob, packagedTask } from '../../test/support/azure-agent.ts';
import { trustFiles } from './scene.ts';
import type { Scene } from './scene.ts';

/** A job on Azure Pipelines: Docker@2 has pushed, then sign and verify run from dist/ado-task. */
export async function azurePipelines(scene: Scene): Promise<void> {
  const { narrator, registry, repository, digest, signer } = scene;
  narrator.scene('Azure Pipelines');
  const job = new AgentJob({ secrets: { signingKey: signer.privateKeyPem } });
  try {
    checkOut(job, scene);
    leavePush(job, scene);
    narrator.say('An earlier step, Docker@2, has pushed. Now: the task with command sign, with key and chain only');
    const sign = await job.run({
      name: 'sign',
      task: packagedTask,
      inputs: {
        command: 'sign',
        privateKey: '$(signingKey)',
        certificateChain: '.pipeline/signing-chain.pem',
        insecureRegistries: registry,
      },
    });
    narrator.show('log of sign', sign.log.join('\n'));
    const reference = `${registry}/${repository}@${digest}`;
    const found = job.variable('sign.references') === reference;
    narrator.expect('sign succeeded and found the pushed digest by itself', sign.result === 'Succeeded' && found);
    narrator.expect('the log shows nothing of the key', sign.leaks.length === 0);

    const verify = await job.run({
      name: 'verify',
      task: packagedTask,
      inputs: { command: 'verify', artifactRefs: '$(sign.references)', insecureRegistries: registry },
    });
    narrator.show('log of verify', verify.log.join('\n'));
    narrator.show('summary of verify', verify.summaries.map(({ markdown }) => markdown).join('\n'));
    const status = job.variable('verify.Status');
    narrator.expect('verify succeeded', verify.result === 'Succeeded' && status === 'Succeeded');
  } finally {
    job.dispose();
  }
}

function checkOut(job: AgentJob, scene: Scene): void {
  const { policy, root } = trustFiles(scene);
  const files = {
    '.pipeline/trustpolicy/trustpolicy.json': policy,
    '.pipeline/truststore/x509/ca/demo/root.crt': root,
    '.pipeline/signing-chain.pem': scene.signer.chainPem,
  };
  for (const [path, text] of Object.entries(files)) {
    const target = join(job.sources, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}

/** What Docker@2 leaves behind: the variable RESOURCE_URIS and the log of the push. */
function leavePush(job: AgentJob, { registry, repository, digest }: Scene): void {
  const folder = join(job.temp, 'task_outputs');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'push_1700000000000.txt'), pushTranscript(`${registry}/${repository}`, '1.0', digest));
  const uri = `https://${registry}/${repository}@${digest}`;
  job.print([`##vso[task.setvariable variable=RESOURCE_URIS]${uri}`]);
}
