// SPDX-License-Identifier: Apache-2.0
import { algorithmOfKeySpec } from '../../envelope/algorithm.ts';
import { NotaryError } from '../../errors.ts';
import { type PluginMetadata, capabilities } from '../../plugin/metadata.ts';
import { brokenContract } from '../../plugin/response.ts';
import type { PluginKey } from '../../plugin/signing-protocol.ts';
import type { ChainedSignature, ChainingSigner, EnvelopeSigner, Log } from '../../ports.ts';
import { type CertificateChain, type KeySpec, parseCertificate } from '../../x509/certificate.ts';
import type { Plugin } from '../plugin-program.ts';

/**
 * A signer with a key that a plugin knows (reference 12.5, 12.6): raw signatures when the plugin makes them, else whole
 * envelopes. Throws `plugin-failed`.
 */
export async function openPluginSigner(
  plugin: Plugin,
  key: PluginKey,
  log: Log,
): Promise<ChainingSigner | EnvelopeSigner> {
  const metadata = await plugin.getMetadata(key.config);
  const description = `key ${key.keyId} of plugin ${metadata.name} ${metadata.version}`;
  if (metadata.capabilities.includes(capabilities.rawSignature)) {
    const keySpec = await signing(metadata, () => plugin.describeKey(key));
    return {
      kind: 'chaining',
      description: `${keySpec} ${description}`,
      agent: `${metadata.name}/${metadata.version}`,
      keySpec,
      sign: (toBeSigned) => signing(metadata, () => generateSignature(plugin, key, keySpec, toBeSigned, log)),
    };
  }
  if (!metadata.capabilities.includes(capabilities.envelope))
    throw brokenContract('plugin does not have signing capabilities');
  return {
    kind: 'envelope',
    description,
    sign: (request) =>
      signing(metadata, async () => {
        const { envelope, annotations } = await generateEnvelope(plugin, key, request);
        return { envelope, annotations: Object.fromEntries(annotations) };
      }),
  };
}

async function generateEnvelope(
  plugin: Plugin,
  key: PluginKey,
  request: Parameters<Plugin['generateEnvelope']>[1],
): ReturnType<Plugin['generateEnvelope']> {
  try {
    return await plugin.generateEnvelope(key, request);
  } catch (thrown) {
    throw prefixed('plugin failed to sign with following error', thrown);
  }
}

async function generateSignature(
  plugin: Plugin,
  key: PluginKey,
  keySpec: KeySpec,
  toBeSigned: Uint8Array,
  log: Log,
): Promise<ChainedSignature> {
  const { signature, signingAlgorithm, certificateChain } = await plugin.generateSignature(key, keySpec, toBeSigned);
  const expected = algorithmOfKeySpec(keySpec).plugin.signingAlgorithm;
  if (signingAlgorithm !== expected)
    log.debug(`plugin ${plugin.name} calls its signature ${signingAlgorithm}, not ${expected}`);
  return { signature, certificateChain: parseCertificates(certificateChain) };
}

/** An empty chain is for the envelope's rules to refuse. */
function parseCertificates(ders: readonly Uint8Array[]): CertificateChain {
  return ders.map(parseCertificate) as readonly unknown[] as CertificateChain;
}

async function signing<T>({ name }: PluginMetadata, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw prefixed(`failed to sign with the plugin ${name}`, thrown);
  }
}

function prefixed(prefix: string, thrown: unknown): unknown {
  if (!(thrown instanceof NotaryError)) return thrown;
  const { code, message, hint } = thrown;
  return new NotaryError(code, `${prefix}: ${message}`, { ...(hint === undefined ? {} : { hint }), cause: thrown });
}
