// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPluginSigner } from '../../../../shared/adapters/signers/plugin.ts';
import { parseEnvelope, readContent } from '../../../../shared/envelope/envelope.ts';
import type { SignPorts, SignatureRecord, Signer } from '../../../../shared/ports.ts';
import { type SignRequest, signArtifact } from '../../../../shared/sign.ts';
import { type PluginScript, type Reaction, ScriptedPlugin } from '../../../fakes/plugin.ts';
import { signEnvelope } from '../../../fakes/signed-envelope.ts';
import { Scenario, quietLog, signer as testSigner } from '../../../fakes/verification.ts';

const plugins: ScriptedPlugin[] = [];
afterEach(() => {
  for (const plugin of plugins.splice(0)) plugin.remove();
});
let scenario: Scenario;
beforeEach(() => {
  scenario = new Scenario();
});

const envelopeOnly = { capabilities: ['SIGNATURE_GENERATOR.ENVELOPE'] };

function pluginOf(script: PluginScript = {}): ScriptedPlugin {
  const plugin = new ScriptedPlugin({ signer: testSigner, ...script });
  plugins.push(plugin);
  return plugin;
}

function signerOf(plugin: ScriptedPlugin, config: Readonly<Record<string, string>> = {}): Promise<Signer> {
  return openPluginSigner(plugin.open(), { keyId: 'key-1', config: new Map(Object.entries(config)) }, quietLog);
}

async function sign(
  signer: Signer,
  request: Partial<SignRequest> = {},
  ports: Partial<SignPorts> = {},
): Promise<SignatureRecord> {
  return signArtifact(
    {
      name: 'reg.example/app',
      tagOrDigest: scenario.artifact.digest,
      envelopeMediaType: 'application/jose+json',
      userMetadata: new Map(),
      manifestForm: 'config-media-type',
      referrersMode: 'tag-schema',
      signingAgent: 'agent/1.0',
      ...request,
    },
    {
      target: scenario.repository,
      signer,
      timestamper: undefined,
      clock: { now: () => scenario.now },
      log: quietLog,
      ...ports,
    },
  );
}

/** What signing with a plugin fails with that does something else for one command; nothing may be pushed then. */
async function failureOf(command: string, reaction: Reaction, metadata = {}): Promise<string> {
  const plugin = pluginOf({ metadata, reactions: { [command]: reaction } });
  try {
    await sign(await signerOf(plugin));
  } catch (thrown) {
    expect(scenario.repository.pushed).toEqual([]);
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
  return expect.fail('it did not fail');
}

describe('a plugin that makes raw signatures', () => {
  it.each(['application/jose+json', 'application/cose'])(
    '[KEY-77] describes its key, then signs %s, and the result verifies',
    async (envelopeMediaType) => {
      const plugin = pluginOf();
      const record = await sign(await signerOf(plugin, { a: 'b=c "d"' }), { envelopeMediaType });
      expect(record.signer).toBe(testSigner.certificateChain[0].subject);
      expect((await scenario.verify()).outcome).toBe('verified');
      const calls = plugin.calls();
      expect(calls.map(({ command }) => command)).toEqual([
        'get-plugin-metadata',
        'describe-key',
        'generate-signature',
      ]);
      const common = { contractVersion: '1.0', keyId: 'key-1', pluginConfig: { a: 'b=c "d"' } };
      expect(calls[0]?.request).toEqual({ pluginConfig: common.pluginConfig });
      expect(calls[1]?.request).toEqual(common);
      const keySpec = testSigner.certificateChain[0].keySpec;
      expect(calls[2]?.request).toMatchObject({
        ...common,
        keySpec,
        hashAlgorithm: /256/.test(keySpec ?? '') || keySpec === 'RSA-2048' ? 'SHA-256' : 'SHA-384',
      });
    },
  );

  it('names the plugin in the signing agent', async () => {
    await sign(await signerOf(pluginOf()));
    const { manifest } = scenario.repository.pushed.at(-1) ?? expect.fail('nothing was pushed');
    const { layers } = JSON.parse(Buffer.from(manifest.bytes).toString()) as { layers: [never] };
    const envelope = await scenario.repository.fetchBlob(layers[0]);
    const content = readContent(parseEnvelope('application/jose+json', envelope));
    expect(content.unsignedAttributes.signingAgent).toBe('agent/1.0 scripted/1.2.3');
  });

  it('[NP-369] [KEY-80] is used raw although it makes envelopes too', async () => {
    const plugin = pluginOf({
      metadata: { capabilities: ['SIGNATURE_GENERATOR.ENVELOPE', 'SIGNATURE_GENERATOR.RAW'] },
    });
    await sign(await signerOf(plugin));
    expect(plugin.calls().at(-1)?.command).toBe('generate-signature');
  });

  it('[NP-370] [KEY-84] is refused when it can only verify', async () => {
    const metadata = { capabilities: ['SIGNATURE_VERIFIER.TRUSTED_IDENTITY'] };
    await expect(signerOf(pluginOf({ metadata }))).rejects.toThrow('plugin does not have signing capabilities');
  });

  it('[NP-365] [KEY-77] is refused when it describes another key, or one of an unknown kind', async () => {
    expect(await failureOf('describe-key', { answer: { keyId: 'other' } })).toBe(
      'failed to sign with the plugin scripted: keyID in describeKey response "other" does not match request "key-1"',
    );
    expect(await failureOf('describe-key', { answer: { keySpec: 'RSA-1024' } })).toBe(
      'failed to sign with the plugin scripted: unknown key spec',
    );
  });

  it('[NP-366] [KEY-77] is refused when it signs with another key', async () => {
    expect(await failureOf('generate-signature', { answer: { keyId: 'other' } })).toBe(
      'failed to sign with the plugin scripted: keyID in generateSignature response "other" does not match request "key-1"',
    );
  });

  it('[NP-367] is taken although it calls its algorithm by another name', async () => {
    const reactions = { 'generate-signature': { answer: { signingAlgorithm: 'ROT13' } } };
    await sign(await signerOf(pluginOf({ reactions })));
    expect((await scenario.verify()).outcome).toBe('verified');
  });

  it('[NP-368] [KEY-77] is refused when a certificate does not parse, or when there is none', async () => {
    expect(await failureOf('generate-signature', { answer: { certificateChain: ['AAAA'] } })).toMatch(
      /^failed to sign with the plugin scripted: x509: /,
    );
    expect(await failureOf('generate-signature', { answer: { certificateChain: [] } })).toContain(
      'certificate-chain not present or is empty',
    );
  });

  it('[KEY-77] is refused when its signature does not verify with its certificate', async () => {
    expect(await failureOf('generate-signature', { wrongSignature: true })).toMatch(
      /^generated signature failed verification: /,
    );
    expect(await failureOf('generate-signature', { answer: { signature: '' } })).not.toBe('');
  });

  it('is refused when it reports an error, in its own words', async () => {
    const stderr = '{"errorCode":"ACCESS_DENIED","errorMessage":"no sign permission"}';
    expect(await failureOf('generate-signature', { exit: 1, stderr })).toBe(
      'failed to sign with the plugin scripted: no sign permission',
    );
  });
});

describe('a plugin that makes envelopes', () => {
  it('[KEY-78] is given the payload, and its envelope verifies', async () => {
    const plugin = pluginOf({ metadata: envelopeOnly });
    const record = await sign(await signerOf(plugin, { a: 'b' }), {
      expirySeconds: 3600,
      userMetadata: new Map([['k', 'v']]),
    });
    expect(record).toMatchObject({ warnings: [], timestamped: false });
    scenario.now = new Date();
    expect((await scenario.verify({ requiredMetadata: new Map([['k', 'v']]) })).outcome).toBe('verified');
    const [, call] = plugin.calls();
    expect(call).toMatchObject({
      command: 'generate-envelope',
      request: {
        contractVersion: '1.0',
        keyId: 'key-1',
        payloadType: 'application/vnd.cncf.notary.payload.v1+json',
        signatureEnvelopeType: 'application/jose+json',
        expiryDurationInSeconds: 3600,
        pluginConfig: { a: 'b' },
      },
    });
  });

  it('[KEY-78] may make COSE envelopes', async () => {
    const envelope = Buffer.from(signEnvelope({ signer: testSigner, payload: scenario.artifact, format: 'cose' }));
    const answer = { signatureEnvelope: envelope.toString('base64') };
    const plugin = pluginOf({ metadata: envelopeOnly, reactions: { 'generate-envelope': { answer } } });
    await sign(await signerOf(plugin), { envelopeMediaType: 'application/cose' });
    expect((await scenario.verify()).outcome).toBe('verified');
  });

  it('[NP-371] [KEY-78] is refused when the envelope is of another type', async () => {
    const answer = { signatureEnvelopeType: 'application/cose' };
    expect(await failureOf('generate-envelope', { answer }, envelopeOnly)).toContain(
      'signatureEnvelopeType in generateEnvelope response "application/cose" does not match request "application/jose+json"',
    );
  });

  it('[NP-372] [KEY-78] is refused when the digest, size or media type of the artifact is another', async () => {
    for (const changed of [{ digest: `sha256:${'0'.repeat(64)}` }, { size: 1 }, { mediaType: 'x/y' }]) {
      const message = await failureOf('generate-envelope', { payload: { targetArtifact: changed } }, envelopeOnly);
      expect(message).toContain('during signing descriptor subject has changed from {MediaType:application/vnd.oci');
    }
  });

  it('[NP-373] may add annotations, not change them', async () => {
    const plugin = (payload: Record<string, unknown>): ScriptedPlugin =>
      pluginOf({ metadata: envelopeOnly, reactions: { 'generate-envelope': { payload } } });
    const userMetadata = new Map([['k', 'v']]);
    const added = plugin({ targetArtifact: { annotations: { more: 'x' } } });
    await sign(await signerOf(added), { userMetadata });
    scenario.now = new Date();
    expect((await scenario.verify()).outcome).toBe('verified');
    const changed = plugin({ targetArtifact: { annotations: { k: 'w' } } });
    await expect(sign(await signerOf(changed), { userMetadata })).rejects.toThrow('descriptor subject has changed');
  });

  it('[NP-374] [KEY-78] is refused when it adds members, also ones that only differ in case', async () => {
    expect(await failureOf('generate-envelope', { payload: { targetArtifact: { extra: 1 } } }, envelopeOnly)).toContain(
      'during signing, following unknown attributes were added to subject descriptor: ["extra"]',
    );
    const { mediaType, digest, size } = scenario.artifact;
    const payload = { TargetArtifact: { mediaType, digest, size } };
    expect(await failureOf('generate-envelope', { payload }, envelopeOnly)).toContain('["TargetArtifact"]');
  });

  it('[KEY-78] is refused for another payload type, a wrong signature and what is no envelope', async () => {
    const of = (reaction: Reaction): Promise<string> => failureOf('generate-envelope', reaction, envelopeOnly);
    const wrongType = signEnvelope({ signer: testSigner, payload: scenario.artifact, contentType: 'text/plain' });
    const answer = { signatureEnvelope: Buffer.from(wrongType).toString('base64') };
    expect(await of({ answer })).toContain('payload content type "text/plain" not supported');
    expect(await of({ wrongSignature: true })).toContain('generated signature failed verification');
    expect(await of({ answer: { signatureEnvelope: 'e30=' } })).toContain('failed to sign with');
    expect(await of({ exit: 1, stderr: '{"errorMessage":"no"}' })).toBe(
      'failed to sign with the plugin scripted: plugin failed to sign with following error: no',
    );
  });

  it('[NP-375] has its annotations in the manifest, but for the two that are ours', async () => {
    const thumbprints = 'io.cncf.notary.x509chain.thumbprint#S256';
    const annotations = { theirs: 'x', [thumbprints]: '[]', 'org.opencontainers.image.created': 'never' };
    const plugin = pluginOf({
      metadata: envelopeOnly,
      reactions: { 'generate-envelope': { answer: { annotations } } },
    });
    await sign(await signerOf(plugin));
    const written = scenario.repository.pushed.at(-1)?.manifest.annotations ?? {};
    expect(written).toMatchObject({ theirs: 'x' });
    expect(written[thumbprints]).not.toBe('[]');
    expect(written['org.opencontainers.image.created']).not.toBe('never');
  });

  it('is told of when it does not honor the expiry or makes no timestamp', async () => {
    const envelope = Buffer.from(signEnvelope({ signer: testSigner, payload: scenario.artifact }));
    const answer = { signatureEnvelope: envelope.toString('base64') };
    const plugin = pluginOf({ metadata: envelopeOnly, reactions: { 'generate-envelope': { answer } } });
    const timestamper = { timestamp: () => expect.fail('was asked') };
    const { warnings } = await sign(await signerOf(plugin), { expirySeconds: 60 }, { timestamper });
    expect(warnings).toEqual([
      expect.stringContaining('{input:expiry} was not honored') as unknown,
      expect.stringContaining('{input:timestampUrl} was not used') as unknown,
    ]);
  });
});

describe('metadata', () => {
  const problemOf = async (metadata: Readonly<Record<string, unknown>>, name = 'scripted'): Promise<unknown> =>
    pluginOf({ name, metadata })
      .open()
      .getMetadata(new Map())
      .catch((thrown: unknown) => (thrown as Error).message);

  it('[NP-357] is refused for what is missing, in this order', async () => {
    const broken: Record<string, unknown> = {
      name: '',
      description: '',
      version: '',
      url: '',
      capabilities: [],
      supportedContractVersions: [],
    };
    const fixes = { name: 'scripted', description: 'd', version: '1.0.0', url: 'u', capabilities: ['X'] };
    const found: unknown[] = [await problemOf(broken)];
    for (const [field, value] of Object.entries(fixes)) {
      broken[field] = value;
      found.push(await problemOf(broken));
    }
    expect(found).toEqual(
      [
        'empty name',
        'empty description',
        'empty version',
        'empty url',
        'empty capabilities',
        'supported contract versions not specified',
      ].map((text) => `metadata validation failed for plugin scripted: ${text}`),
    );
  });

  it('[NP-358] [KEY-84] is refused for another contract', async () => {
    expect(await problemOf({ supportedContractVersions: ['2.0'] })).toBe(
      'metadata validation failed for plugin scripted: contract version "1.0" is not in the list of the plugin supported versions [2.0]',
    );
  });

  it('[NP-359] [KEY-84] is refused for another name', async () => {
    expect(await problemOf({ name: 'other' })).toBe(
      'plugin executable file name must be "notation-other" instead of "notation-scripted"',
    );
  });
});
