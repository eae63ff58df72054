// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';

declare const nameBrand: unique symbol;

/** A plugin name that is safe as part of a path on every system; only `parsePluginName` makes it. */
export type PluginName = string & { readonly [nameBrand]: true };

/** No published name has more than 40 characters; file systems allow 255 with the prefix. */
const maxNameLength = 128;

/** Names that Windows takes for devices, whatever follows a dot. */
const deviceName = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

/**
 * Whether a text can be the name of a plugin (specs/plugin-extensibility.md: a file name without separators). The reference
 * joins any text into a path; a name can come from a signature.
 */
export function isPluginName(text: string): text is PluginName {
  return text.length <= maxNameLength && /^[a-zA-Z0-9_][a-zA-Z0-9_.-]*(?<!\.)$/.test(text) && !deviceName.test(text);
}

/** The name of a plugin. Throws `input-invalid`. */
export function parsePluginName(text: string): PluginName {
  if (isPluginName(text)) return text;
  throw new NotaryError(
    'input-invalid',
    `{input:pluginName} ${quote(text.slice(0, maxNameLength))} is not a plugin name`,
    {
      hint: 'A plugin name has letters, digits, dots, hyphens and underscores only, such as com.example.signer, and no notation- before it.',
    },
  );
}

/** The file of a plugin: `notation-<name>`, with `.exe` on Windows. */
export function pluginFileName(name: string, platform: string): string {
  return `notation-${name}${platform === 'win32' ? '.exe' : ''}`;
}
