// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { startJob } from '../support/github-runner.ts';
import type { GitHubJob, StepResult } from '../support/github-runner.ts';
import { createSigner, keyInputs } from '../support/github-trust.ts';
import { pushImage } from '../support/push-image.ts';

interface SignatureManifest {
  readonly mediaType: string;
  readonly config: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly layers: readonly { readonly mediaType: string }[];
  readonly subject: { readonly digest: string };
  readonly annotations: Readonly<Record<string, string>>;
}

interface Vector {
  readonly id: string;
  readonly signatures: readonly { readonly manifest: string }[];
}

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/vectors/index.json'), 'utf8')) as {
  vectors: Vector[];
};

let registry: EmbeddedRegistry;
let job: GitHubJob;
const { signer } = createSigner();
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.close());
beforeEach(async () => {
  job = await startJob();
});
afterEach(async () => {
  await job.dispose();
});

function sign(inputs: Record<string, string>): Promise<StepResult> {
  return job.step({ action: 'actions/sign', with: { ...keyInputs(signer), ...inputs } });
}

/** The signature manifests that the tag schema lists for an artifact. */
function signaturesOf(repository: string, digest: string): SignatureManifest[] {
  const stored = registry.storage.repository(repository);
  const index = stored.manifests.get(stored.tag(digest.replace(':', '-')) ?? '');
  const { manifests = [] } = JSON.parse(index?.bytes.toString() ?? '{}') as { manifests?: { digest: string }[] };
  return manifests.map(
    (entry) => JSON.parse(stored.manifests.get(entry.digest)?.bytes.toString() ?? '{}') as SignatureManifest,
  );
}

async function failure(step: Promise<StepResult>): Promise<string> {
  const result = await step;
  expect(result.exitCode).toBe(1);
  expect(result.errors).toHaveLength(1);
  expect(result.raw).not.toMatch(/^\s+at /m);
  return result.errors[0] ?? '';
}

describe('sign', () => {
  it.each([
    ['jws', {}, 'p256-jws'],
    ['cose', { signature_format: 'cose' }, 'p256-cose'],
  ])('[GH-1] stores a signature as the CLI does: %s', async (_, inputs, vector) => {
    const image = await pushImage(registry.host, 'stored/app', { content: vector });
    const result = await sign({ target_artifact_reference: image.reference, ...inputs });
    expect(result).toMatchObject({ exitCode: 0, errors: [], warnings: [] });
    const [ours] = signaturesOf('stored/app', image.index.digest);
    const made = vectors.vectors.find(({ id }) => id === vector)?.signatures[0]?.manifest ?? '{}';
    const theirs = JSON.parse(made) as SignatureManifest;
    expect(ours?.config).toEqual(theirs.config);
    expect(ours?.layers.map(({ mediaType }) => mediaType)).toEqual(theirs.layers.map(({ mediaType }) => mediaType));
    expect(Object.keys(ours ?? {})).toEqual(Object.keys(theirs));
    expect(Object.keys(ours?.annotations ?? {}).sort()).toEqual(Object.keys(theirs.annotations).sort());
    expect(ours?.subject.digest).toBe(image.index.digest);
  });

  it("[GH-1] takes the inputs of upstream's example, and says which of its files is missing", async () => {
    const message = await failure(
      job.step({
        action: 'actions/sign',
        with: {
          plugin_name: 'azure-kv',
          plugin_url: 'https://example.com/notation-azure-kv_1.2.0_linux_amd64.tar.gz',
          plugin_checksum: '06bb5198af31ce11b08c4557ae4c2cbfb09878dfa6b637b7407ebc2d57b87b34',
          key_id: 'https://example.vault.azure.net/keys/a/b',
          target_artifact_reference: `${registry.host}/app@sha256:${'a'.repeat(64)}`,
          signature_format: 'cose',
          plugin_config: 'ca_certs=.github/cert-bundle/cert-bundle.crt\nself_signed=false',
        },
      }),
    );
    expect(message).toContain('plugin_config ".github/cert-bundle/cert-bundle.crt" cannot be read');
  });

  it('[GH-11] takes a list with CRLF, blanks, spaces and comments', async () => {
    const images = [await pushImage(registry.host, 'list/a'), await pushImage(registry.host, 'list/b')];
    const [first = '', second = ''] = images.map(({ reference }) => reference);
    const result = await sign({ target_artifact_reference: `\r\n# both\r\n  ${first}  \r\n\r\n${second}\t\r\n` });
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
    expect(result.outputs['references']).toBe(`${first}\n${second}`);
    expect(
      (JSON.parse(result.outputs['signatures'] ?? '') as { reference: string }[]).map(({ reference }) => reference),
    ).toEqual([first, second]);
  });

  it("[GH-13] gives upstream's text without a reference and without detection", async () => {
    expect(await failure(sign({ detect: 'off' }))).toContain('input target_artifact_reference is required');
  });

  it('[GH-17] lists the two formats for another one', async () => {
    const message = await failure(
      sign({ target_artifact_reference: `${registry.host}/a:1`, signature_format: 'pkcs7' }),
    );
    expect(message).toContain('signature_format must be one of jws, cose');
    expect(message).toContain('pkcs7');
  });

  it('[GH-31] resolves a tag once, warns, and uses the digest', async () => {
    const image = await pushImage(registry.host, 'tagged/app', { tag: 'v1' });
    registry.requests.length = 0;
    const result = await sign({ target_artifact_reference: `${registry.host}/tagged/app:v1` });
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
    expect(result.warnings).toHaveLength(1);
    expect(result.warnings[0]).toContain(image.index.digest);
    expect(result.outputs).toMatchObject({ digest: image.index.digest, references: image.reference });
    const asked = registry.lines().filter((line) => line.endsWith('/manifests/v1'));
    expect(asked).toHaveLength(1);
  });

  it.each(['yes', '1', 'on'])('[GH-83] names the input and the value of a boolean that is none: %s', async (text) => {
    const message = await failure(sign({ target_artifact_reference: `${registry.host}/a:1`, show_summary: text }));
    expect(message).toContain(`show_summary must be set to 'true' or 'false'. Got '${text}'`);
  });

  it.each(['true', 'True', 'TRUE', 'false', 'False', 'FALSE'])('[GH-83] takes the spelling %s', async (text) => {
    const image = await pushImage(registry.host, 'booleans/app', { content: text });
    const result = await sign({ target_artifact_reference: image.reference, show_summary: text });
    expect(result.exitCode).toBe(0);
    expect(result.summary === '').toBe(text.toLowerCase() === 'false');
  });

  it('[GH-85] outputs are JSON on one line, and single values when there is one', async () => {
    const image = await pushImage(registry.host, 'outputs/app');
    const result = await sign({ target_artifact_reference: image.reference, user_metadata: 'note=100% <<EOF ::x' });
    expect(result.exitCode).toBe(0);
    expect(result.outputs['signatures']).not.toContain('\n');
    expect(JSON.parse(result.outputs['signatures'] ?? '')).toMatchObject([
      {
        reference: image.reference,
        digest: image.index.digest,
        signatureDigest: result.outputs['signature_digest'],
        source: 'input',
      },
    ]);
  });

  it('[GH-86] keeps the key out of everything, also when debugging', async () => {
    await job.dispose();
    job = await startJob({ debug: true });
    const image = await pushImage(registry.host, 'secret/app');
    const result = await sign({ target_artifact_reference: image.reference });
    expect(result.exitCode).toBe(0);
    const lines = signer.privateKeyPem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
    const printed = result.raw
      .split('\n')
      .filter((line) => !line.startsWith('::add-mask::'))
      .join('\n');
    for (const line of lines) {
      expect(result.commands).toContainEqual({ name: 'add-mask', properties: {}, data: line, syntax: '::' });
      expect(printed + result.summary + JSON.stringify(result.outputs)).not.toContain(line);
    }
  });

  it('warns about an input that notation-action has deprecated, and obeys it', async () => {
    const image = await pushImage(registry.host, 'deprecated/app');
    const result = await sign({ target_artifact_reference: image.reference, allow_referrers_api: 'true' });
    expect(result.exitCode).toBe(0);
    expect(result.warnings.filter((text) => text.includes('has been deprecated'))).toHaveLength(1);
    expect(signaturesOf('deprecated/app', image.index.digest)).toEqual([]);
  });

  it('signs what it can, tells all failures, and fails once', async () => {
    const image = await pushImage(registry.host, 'partly/app');
    const missing = `${registry.host}/partly/missing@sha256:${'e'.repeat(64)}`;
    const result = await sign({ target_artifact_reference: `${missing}\n${image.reference}` });
    expect(result.exitCode).toBe(1);
    expect(result.errors).toHaveLength(1);
    expect(result.errors[0]).toContain(missing);
    expect(result.outputs['references']).toBe(image.reference);
    expect(result.summary).toContain('Signed 1 of 2 artifacts');
  });

  it('runs as the root action with a command', async () => {
    const image = await pushImage(registry.host, 'root/app');
    const inputs = { ...keyInputs(signer), command: 'sign', target_artifact_reference: image.reference };
    expect(await job.step({ action: '', with: inputs })).toMatchObject({
      exitCode: 0,
      outputs: { references: image.reference },
    });
  });
});
