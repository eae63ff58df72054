// SPDX-License-Identifier: Apache-2.0
import { moveSignatures, pullManifest, pushManifest } from './attacker.ts';
import { prepareJob, showStep } from './github-actions.ts';
import type { Scene } from './scene.ts';

/** Changes one byte of a copy of the image, moves the signatures over to it, and shows that verification fails. */
export async function tamper(scene: Scene): Promise<void> {
  const { narrator, registry, repository, digest } = scene;
  narrator.scene('An attacker');
  const original = await pullManifest(scene, digest);
  const bytes = Buffer.from(original.bytes);
  const place = bytes.indexOf('"linux"') + 1;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  const copy = await pushManifest(scene, { ...original, bytes });
  await moveSignatures(scene, digest, copy, bytes.length);
  narrator.say(
    `Changed one byte of the image index, pushed it as ${copy}, and attached the true image's signatures to it`,
  );

  const job = await prepareJob(scene);
  try {
    const verify = await job.step({
      action: 'actions/verify',
      with: { target_artifact_reference: `${registry}/${repository}@${copy}`, insecure_registries: registry },
    });
    showStep(scene, 'log of verify', verify);
    const told = verify.errors.join('\n').includes('content descriptor mismatch');
    narrator.expect('verify failed, because the signature is of another artifact', !verify.succeeded && told);
    narrator.expect('the output says so', verify.outputs['verified'] === 'false');
  } finally {
    await job.dispose();
  }
}
