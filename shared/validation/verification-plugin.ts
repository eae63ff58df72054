// SPDX-License-Identifier: Apache-2.0
import type { ExtendedAttribute, VerifiedEnvelope } from '../envelope/content.ts';
import { quote } from '../primitives/quote.ts';

const pluginAttribute = 'io.cncf.notary.verificationPlugin';
const minimumVersionAttribute = 'io.cncf.notary.verificationPluginMinVersion';

/** The verification plugin that a signature asks for. */
export interface RequestedPlugin {
  readonly name: string;
  readonly minimumVersion: string | undefined;
}

/** Finds the plugin that a signature names in its attributes, if it does; an error fails the signature at any level. */
export function findVerificationPlugin(
  envelope: VerifiedEnvelope,
): RequestedPlugin | { readonly error: string } | undefined {
  const { extended } = envelope.signedAttributes;
  const plugin = textOf(extended, pluginAttribute);
  if (plugin === undefined || 'error' in plugin) return plugin;
  const minimum = textOf(extended, minimumVersionAttribute);
  const minimumError = minimum === undefined ? undefined : versionError(minimum);
  if (minimumError !== undefined)
    return { error: `error while getting plugin minimum version, error: ${minimumError}` };
  if (!isPluginName(plugin.text)) {
    return { error: `${pluginAttribute} from extended attribute is not a plugin name` };
  }
  return { name: plugin.text, minimumVersion: minimum !== undefined && 'text' in minimum ? minimum.text : undefined };
}

/** The name becomes part of a path: the reference joins whatever the signature says. */
function isPluginName(text: string): boolean {
  return /^[a-zA-Z0-9_.-]+$/.test(text) && text !== '.' && text !== '..';
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
  return `${minimumVersionAttribute} from extended attribute is not a valid SemVer`;
}

/** A version is a few characters; no longer text is matched. */
const maxVersionLength = 256;

/** Semantic Versioning 2.0.0, without a leading `v`. */
function isSemanticVersion(text: string): boolean {
  if (text.length > maxVersionLength) return false;
  const match =
    /^(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/.exec(text);
  if (match === null) return false;
  const [, preRelease, build] = match;
  const identifiers = preRelease?.split('.') ?? [];
  return (build?.split('.') ?? []).every((part) => part !== '') && identifiers.every(isPreReleaseIdentifier);
}

/** Not empty, and without leading zeros when it is a number. */
function isPreReleaseIdentifier(text: string): boolean {
  return text !== '' && !/^0[0-9]+$/.test(text);
}

/** The failure of a signature whose plugin could not be had. */
export function pluginFailure(plugin: RequestedPlugin, reason: string): string {
  return (
    `error while locating the verification plugin ${quote(plugin.name)}, make sure the plugin is installed successfully ` +
    `before verifying the signature. error: ${reason}`
  );
}
