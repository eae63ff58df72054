// SPDX-License-Identifier: Apache-2.0
/**
 * Shows the main job: an image is pushed, then signed and verified through the packaged bundles as the two runners start
 * them. `node scripts/demo.ts [--registry HOST:PORT]`; without a registry, one inside this process is used.
 * Exits with 0 only if every step did what it should.
 */
import { parseArgs } from 'node:util';
import { pushImage } from '../test/support/push-image.ts';
import { createCertificateAuthority } from '../test/fakes/certificate-authority.ts';
import { startRegistry } from '../test/fakes/registry.ts';
import { Narrator } from './demo/narrator.ts';
import { azurePipelines } from './demo/azure-pipelines.ts';
import { gitHubActions } from './demo/github-actions.ts';
import type { Scene } from './demo/scene.ts';
import { tamper } from './demo/tamper.ts';

const { values } = parseArgs({ options: { registry: { type: 'string' } } });
const embedded = values.registry === undefined ? await startRegistry() : undefined;
const registry = values.registry ?? embedded?.host ?? '';
const narrator = new Narrator();

try {
  narrator.say(`Registry: ${registry}${embedded === undefined ? '' : ' (inside this process)'}`);
  // A repository of its own for each run: a registry that runs already may hold the one of the last run.
  const repository = `demo-${Date.now().toString(36)}/app`;
  const image = await pushImage(registry, repository, { tag: '1.0' });
  narrator.say(`Pushed a multi-platform image: ${registry}/${repository}:1.0 is ${image.index.digest}`);
  const authority = createCertificateAuthority({ name: 'Demo' });
  const scene: Scene = {
    narrator,
    registry,
    repository,
    digest: image.index.digest,
    authority,
    signer: authority.issue(),
  };
  narrator.say('Made a throwaway certificate authority and a signing certificate');

  await gitHubActions(scene);
  await azurePipelines(scene);
  await tamper(scene);
} finally {
  await embedded?.close();
}
process.exitCode = narrator.conclude();
