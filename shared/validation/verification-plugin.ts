// SPDX-License-Identifier: Apache-2.0
import type { ExtendedAttribute, VerifiedEnvelope } from '../envelope/content.ts';
import { type PluginMetadata, capabilities } from '../plugin/metadata.ts';
import { isPluginName, type PluginName } from '../plugin/name.ts';
import { compareSemanticVersions, isSemanticVersion } from '../plugin/semantic-version.ts';
import { type PluginVerdict, attributesForPlugin, pluginAttributes } from '../plugin/verify-protocol.ts';
import { quote } from '../primitives/quote.ts';

/** The verification plugin that a signature asks for. */
export interface RequestedPlugin {
  readonly name: PluginName;
  readonly minimumVersion: string | undefined;
}

/** Finds the plugin that a signature names in its attributes, if it does; an error fails the signature at any level. */
export function findVerificationPlugin(
  envelope: VerifiedEnvelope,
): RequestedPlugin | { readonly error: string } | undefined {
  const { extended } = envelope.signedAttributes;
  const plugin = textOf(extended, pluginAttributes.name);
  if (plugin === undefined || 'error' in plugin) return plugin;
  const minimum = textOf(extended, pluginAttributes.minimumVersion);
  const minimumError = minimum === undefined ? undefined : versionError(minimum);
  if (minimumError !== undefined)
    return { error: `error while getting plugin minimum version, error: ${minimumError}` };
  // The name becomes part of a path: the reference joins whatever the signature says.
  if (!isPluginName(plugin.text)) {
    return { error: `${pluginAttributes.name} from extended attribute is not a plugin name` };
  }
  return { name: plugin.text, minimumVersion: minimum !== undefined && 'text' in minimum ? minimum.text : undefined };
}

type AttributeText = { readonly text: string } | { readonly error: string };

function textOf(extended: readonly ExtendedAttribute[], key: string): AttributeText | undefined {
  const attribute = extended.find((candidate) => candidate.key === key);
  if (attribute === undefined) return undefined;
  if (!attribute.critical) return { error: `${key} is not a critical Extended attribute` };
  if (typeof attribute.value !== 'string') return { error: `${key} from extended attribute is not a string` };
  if (attribute.value.trim() === '') return { error: `${key} from extended attribute is an empty string` };
  return { text: attribute.value };
}

function versionError(minimum: AttributeText): string | undefined {
  if ('error' in minimum) return minimum.error;
  if (isSemanticVersion(minimum.text)) return undefined;
  return `${pluginAttributes.minimumVersion} from extended attribute is not a valid SemVer`;
}

/** The failure of a signature whose plugin could not be had. */
export function pluginFailure(plugin: RequestedPlugin, reason: string): string {
  return (
    `error while locating the verification plugin ${quote(plugin.name)}, make sure the plugin is installed successfully ` +
    `before verifying the signature. error: ${reason}`
  );
}

/** The validations that a plugin takes over, in its own order. */
export type VerifierCapability = typeof capabilities.trustedIdentity | typeof capabilities.revocationCheck;

/** What the plugin of a signature can do for it; an error fails the signature at any level. */
export function verifierCapabilities(
  { name, minimumVersion }: RequestedPlugin,
  metadata: PluginMetadata,
): readonly VerifierCapability[] | { readonly error: string } {
  const { version } = metadata;
  if (!isSemanticVersion(version)) {
    return { error: `plugin ${name} has pluginVersion ${version} which is not in valid semver format` };
  }
  if (minimumVersion !== undefined && compareSemanticVersions(version, minimumVersion) < 0) {
    const wanted = `needs plugin version greater than or equal to ${minimumVersion}`;
    return { error: `found plugin ${name} with version ${version} but signature verification ${wanted}` };
  }
  const found = metadata.capabilities.filter(isVerifierCapability);
  if (found.length > 0) return found;
  const wanted = `(${quote(capabilities.trustedIdentity)} and/or ${quote(capabilities.revocationCheck)})`;
  return {
    error: `digital signature requires plugin ${quote(name)} with signature verification capabilities ${wanted} installed`,
  };
}

function isVerifierCapability(capability: string): capability is VerifierCapability {
  return capability === capabilities.trustedIdentity || capability === capabilities.revocationCheck;
}

/** What a plugin's answer means for the validations; `error` fails the signature at any level. */
export interface PluginJudgement {
  readonly error?: string;
  /** Why the identity is not trusted; undefined when it is, or was not asked for. */
  readonly identityError?: string;
  /** The failure of the revocation check; undefined when it passed, or was not asked for. */
  readonly revocationError?: string;
}

/** Judges the answer of a plugin in the reference's order (notation-go `verifier.go processPluginResponse`). */
export function judgePluginVerdict(
  plugin: PluginName,
  asked: readonly VerifierCapability[],
  envelope: VerifiedEnvelope,
  { findings, processedAttributes }: PluginVerdict,
): PluginJudgement {
  for (const { key } of attributesForPlugin(envelope.signedAttributes.extended)) {
    if (processedAttributes.includes(key)) continue;
    const error =
      `extended critical attribute ${quote(key)} was not processed by the verification plugin ${quote(plugin)} ` +
      '(all extended critical attributes must be processed by the verification plugin)';
    return { error };
  }
  const errors: { identityError?: string; revocationError?: string } = {};
  for (const capability of asked) {
    const finding = findings.get(capability);
    if (finding === undefined) {
      return { error: `verification plugin ${quote(plugin)} failed to verify ${quote(capability)}`, ...errors };
    }
    if (finding.success) continue;
    const reason = `failed with reason ${quote(finding.reason)}`;
    if (capability === capabilities.trustedIdentity) {
      errors.identityError = `trusted identify verification by plugin ${quote(plugin)} ${reason}`;
    } else {
      errors.revocationError = `revocation check by verification plugin ${quote(plugin)} ${reason}`;
    }
  }
  return errors;
}
