// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';
import { objectOf } from '../primitives/json-fields.ts';
import { type JsonObject, parseJson } from '../primitives/json.ts';
import { quote } from '../primitives/quote.ts';

/** The commands of the plugin contract (specs/plugin-extensibility.md). */
export type PluginCommand =
  'get-plugin-metadata' | 'describe-key' | 'generate-signature' | 'generate-envelope' | 'verify-signature';

/** The one version of the contract. */
export const contractVersion = '1.0';

/** How much of a wrong answer is shown: enough to recognise a debugging line or a usage text. */
const shownLength = 200;

/** The fields of an answer, which is one JSON document. Throws `plugin-failed`. */
export function readResponse<T>(
  output: Uint8Array,
  command: PluginCommand,
  plugin: string,
  read: (response: JsonObject) => T,
): T {
  try {
    return read(objectOf(parseJson(output), 'response'));
  } catch (cause) {
    const text = `failed to unmarshal the response of ${command} command for plugin ${plugin}`;
    throw new NotaryError('plugin-failed', text, { hint: hintOf(output, messageOf(cause)), cause });
  }
}

function hintOf(output: Uint8Array, reason: string): string {
  const start = Buffer.from(output.subarray(0, shownLength)).toString('utf8');
  return `Ask the publisher of the plugin: on standard output it must print its answer as JSON and nothing else (${reason}). The output begins with ${quote(start)}.`;
}

/** An error of the contract: the plugin answered what it must not. */
export function brokenContract(text: string): NotaryError {
  return new NotaryError('plugin-failed', text, {
    hint: 'The plugin does not keep the contract of Notation plugins: ask its publisher, or take another version.',
  });
}
