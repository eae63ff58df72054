// SPDX-License-Identifier: Apache-2.0
import {
  namesArtifactSigning,
  parseArtifactSigningInputs,
  type ArtifactSigningInputs,
} from './artifact-signing-inputs.ts';
import { envelopeMediaTypes } from './envelope/content.ts';
import { parseUserMetadata } from './envelope/payload.ts';
import { NotaryError } from './errors.ts';
import { parseExpiry } from './envelope/expiry.ts';
import type { Host } from './host.ts';
import { isKeyText } from './input-reader.ts';
import type { InputReader } from './input-reader.ts';
import type { InputName } from './inputs.ts';
import { Secret } from './primitives/secret.ts';
import { asksForKeyVault, parseKeyVaultInputs } from './key-vault-inputs.ts';
import type { KeyVaultInputs } from './key-vault-inputs.ts';
import { asksForNamedKey, parseNamedKeyInputs } from './named-key-inputs.ts';
import { asksForPlugin, parsePluginKeyInputs } from './plugin-inputs.ts';
import type { PluginKeyInputs } from './plugin-inputs.ts';
import type { Log } from './ports.ts';
import type { SignRequest } from './sign.ts';

/** A local key as the inputs give it. */
export interface LocalKeyInputs {
  readonly privateKey: Secret;
  readonly password?: Secret;
  /** Undefined: the certificates stand beside the key. */
  readonly certificateChain: string | undefined;
  /** The files of a key of Notation's key list, for messages. */
  readonly files?: { readonly privateKey: string; readonly certificateChain: string };
}

/** The key of a step. */
export type KeyInputs = LocalKeyInputs | KeyVaultInputs | ArtifactSigningInputs | PluginKeyInputs;

/** How to sign, the same for every artifact of the step. */
export type SignSettings = Pick<
  SignRequest,
  'envelopeMediaType' | 'manifestForm' | 'referrersMode' | 'userMetadata' | 'expirySeconds' | 'onExisting'
>;

/** Parses everything about the signature but its artifacts and its key. */
export async function parseSignSettings(reader: InputReader, product: Host['product']): Promise<SignSettings> {
  const formats = product === 'azure' ? (['cose', 'jws'] as const) : (['jws', 'cose'] as const);
  const metadata = await reader.attempt(() => parseUserMetadata(reader.lines('userMetadata')));
  const expirySeconds = reader.given('expiry')
    ? await reader.attempt(() => parseExpiry(reader.text('expiry')))
    : undefined;
  return {
    envelopeMediaType: envelopeMediaTypes[reader.choice('signatureFormat', formats)],
    manifestForm: reader.choice('signatureManifest', ['config-media-type', 'artifact-type']),
    referrersMode: usesReferrersApi(reader) ? 'api-first' : 'tag-schema',
    userMetadata: metadata ?? new Map(),
    onExisting: reader.choice('onExisting', ['add', 'skip']),
    ...(expirySeconds === undefined ? {} : { expirySeconds }),
  };
}

/** `force_referrers_tag` decides when it is given, in any letter case; else the older `allow_referrers_api`. */
function usesReferrersApi(reader: InputReader): boolean {
  const allow = reader.flag('allowReferrersApi', false);
  const force = reader.text('forceReferrersTag');
  if (force === '') return allow;
  if (/^false$/i.test(force)) return true;
  if (!/^true$/i.test(force)) {
    const text = `{input:forceReferrersTag} must be set to 'true' or 'false'. Got '${force}'`;
    reader.report(new NotaryError('input-invalid', text));
  }
  return false;
}

/** Inputs that only make sense with a signing plugin or a key vault. */
const pluginInputs = [
  'pluginUrl',
  'pluginChecksum',
  'pluginConfig',
  'keyId',
  'azureServiceConnection',
  'caCertBundle',
  'artifactSigningEndpoint',
  'artifactSigningAccount',
  'artifactSigningProfile',
] as const;

/**
 * Parses the key. Every text of it is masked before anything else is done with it. Nothing is signed with another key than
 * the one asked for.
 */
export async function parseKeyInputs(
  reader: InputReader,
  host: Host,
  settings: SignSettings,
  log: Log,
): Promise<KeyInputs | undefined> {
  for (const name of ['privateKey', 'privateKeyPassword'] as const) {
    const text = host.input(name);
    if (name === 'privateKeyPassword' || isKeyText(text)) host.mask(text);
  }
  const { envelopeMediaType, expirySeconds = 0 } = settings;
  const use = { envelopeMediaType, expires: expirySeconds !== 0 };
  const builtin = reader.flag('builtinProviders', true);
  if (asksForNamedKey(reader, host.product)) return parseNamedKeyInputs(reader, host, use, log);
  if (builtin && asksForKeyVault(reader, host.product)) return parseKeyVaultInputs(reader, log);
  if (builtin && !reader.given('privateKey') && namesArtifactSigning(reader)) {
    return parseArtifactSigningInputs(reader, log);
  }
  if (asksForPlugin(reader, host.product)) return parsePluginKeyInputs(reader, host, use, log);
  const asked = askedForPlugin(reader, host.product);
  if (!reader.given('privateKey')) {
    reader.report(missingKey(asked));
    return undefined;
  }
  if (asked !== undefined) {
    const text = `{input:privateKey} and {input:${asked}} are both given, and only one of them can be the key`;
    reader.report(new NotaryError('input-invalid', text, { hint: 'Remove one of the two.' }));
  }
  const privateKey = await reader.pem('privateKey');
  host.mask(privateKey);
  const certificateChain = reader.given('certificateChain') ? await reader.pem('certificateChain') : undefined;
  // what cannot be read has been reported
  if (privateKey === '' || certificateChain === '') return undefined;
  const password = reader.text('privateKeyPassword');
  return {
    privateKey: new Secret(privateKey),
    ...(password === '' ? {} : { password: new Secret(password) }),
    certificateChain,
  };
}

function askedForPlugin(reader: InputReader, product: Host['product']): InputName | undefined {
  // The Azure Pipelines form always sends a plugin: there the key identifier or the connection tells.
  if (namesArtifactSigning(reader) || (product === 'github' && reader.given('pluginName'))) return 'pluginName';
  if (product === 'azure' && reader.flag('selfSigned', false)) return 'selfSigned';
  return pluginInputs.find((name) => reader.given(name));
}

function missingKey(asked: InputName | undefined): NotaryError {
  const without = asked === undefined ? '' : `, and {input:${asked}} alone names none`;
  return new NotaryError('input-missing', `no key to sign with: {input:privateKey} is not given${without}`, {
    hint: "Give {input:privateKey} and {input:certificateChain} as PEM text (from secrets) or as paths of PEM files, a PKCS#12 file, a key of {input:pluginName}, or {input:keyName} of Notation's key list.",
  });
}
