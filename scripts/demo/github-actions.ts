// SPDX-License-Identifier: Apache-2.0
import { startJob } from '../../test/support/github-runner.ts';
import type { GitHubJob, StepResult } from '../../test/support/github-runner.ts';
import { trustFiles } from './scene.ts';
import type { Scene } from './scene.ts';

/** A job on GitHub Actions: build-push has run, then sign, verify and inspect run from dist/action. */
export async function gitHubActions(scene: Scene): Promise<void> {
  const { narrator, registry, repository, digest, signer } = scene;
  narrator.scene('GitHub Actions');
  const job = await prepareJob(scene);
  try {
    await job.writeStepFiles(buildPushFiles(scene));
    narrator.say(
      'An earlier step, docker/build-push-action, has left its outputs. Now: actions/sign, with key and chain only',
    );
    const secret = signer.privateKeyPem;
    const sign = await job.step({
      action: 'actions/sign',
      with: { private_key: secret, certificate_chain: '.github/signing-chain.pem', insecure_registries: registry },
    });
    showStep(scene, 'log of sign', sign);
    narrator.show('job summary of sign', sign.summary);
    const reference = `${registry}/${repository}@${digest}`;
    narrator.expect(
      'sign succeeded and found the pushed digest by itself',
      sign.succeeded && sign.outputs['references'] === reference,
    );
    const lines = secret.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
    narrator.expect('the log shows nothing of the key', !lines.some((line) => sign.log.includes(line)));

    const verify = await job.step({
      action: 'actions/verify',
      with: { target_artifact_reference: sign.outputs['references'] ?? '', insecure_registries: registry },
    });
    showStep(scene, 'log of verify', verify);
    narrator.show('job summary of verify', verify.summary);
    narrator.expect('verify succeeded', verify.succeeded && verify.outputs['verified'] === 'true');

    const inspect = await job.step({
      action: 'actions/inspect',
      with: { target_artifact_reference: reference, insecure_registries: registry },
    });
    showStep(scene, 'log of inspect', inspect);
    const found = JSON.parse(inspect.outputs['inspection'] ?? '[]') as { signatures?: unknown[] }[];
    narrator.expect('inspect shows the one signature', inspect.succeeded && found[0]?.signatures?.length === 1);
  } finally {
    await job.dispose();
  }
}

/** A job with the repository's trust files and signing chain checked out. */
export async function prepareJob(scene: Scene): Promise<GitHubJob> {
  const job = await startJob({ eventName: 'push' });
  const { policy, root } = trustFiles(scene);
  await job.writeWorkspaceFile('.github/trustpolicy/trustpolicy.json', policy);
  await job.writeWorkspaceFile('.github/truststore/x509/ca/demo/root.crt', root);
  await job.writeWorkspaceFile('.github/signing-chain.pem', scene.signer.chainPem);
  return job;
}

export function showStep({ narrator }: Scene, title: string, step: StepResult): void {
  narrator.show(title, step.log);
}

/** What docker/build-push-action leaves behind after `push: true` with one tag. */
function buildPushFiles({ registry, repository, digest }: Scene) {
  const name = `${registry}/${repository}:1.0`;
  const metadata = { 'buildx.build.ref': 'builder/builder0/demo', 'containerimage.digest': digest, 'image.name': name };
  return {
    outputs: { imageid: digest.replace(/.{8}$/, '00000000'), digest, metadata: JSON.stringify(metadata, undefined, 2) },
    state: {
      isPost: 'true',
      summaryInputs: JSON.stringify({ context: '.', push: true, tags: [name] }),
    },
  };
}
