// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';
import { objectOf, stringField, stringMapField } from '../primitives/json-fields.ts';
import { parseJson } from '../primitives/json.ts';
import { quote } from '../primitives/quote.ts';
import type { PluginCommand } from './response.ts';

/** What to do about each error code of specs/plugin-extensibility.md. Some plugins print codes of their own. */
const hints: ReadonlyMap<string, string> = new Map([
  ['VALIDATION_ERROR', 'Check {input:keyId} and {input:pluginConfig} against the documentation of the plugin.'],
  ['UNSUPPORTED_CONTRACT_VERSION', 'Take a version of the plugin that supports version 1.0 of the plugin contract.'],
  ['ACCESS_DENIED', 'Give the identity that this job has at the key service the permission to use the key.'],
  [
    'TIMEOUT',
    'The key service did not answer the plugin in time: check that this machine may reach it, and run again.',
  ],
  [
    'THROTTLED',
    'The key service refused because of too many requests: sign fewer artifacts at once, or run again later.',
  ],
]);

const otherHint = 'The plugin itself failed: see its documentation, and the debug log of this run.';

/** A wrong text of a plugin is shown up to this length. */
const shownLength = 200;

/**
 * The error that a plugin reported on standard error when it ended with another exit status than 0. Not interpreted: the
 * reference retries nothing either (reference 12.2).
 */
export function readPluginError(
  plugin: string,
  command: PluginCommand,
  stderr: Uint8Array,
  ending: string,
): NotaryError {
  if (stderr.length === 0) {
    return failed(`plugin ${plugin} failed to execute ${command}: ${ending}`, notRunning);
  }
  try {
    const report = objectOf(parseJson(stderr), 'error');
    const code = stringField(report, 'errorCode');
    const message = stringField(report, 'errorMessage');
    const metadata = stringMapField(report, 'errorMetadata');
    if (code === '' && message === '' && metadata === undefined) throw new Error('incomplete json');
    const details = [...(metadata ?? [])].map(([key, value]) => `${key}=${value}`).join(', ');
    const hint = [hints.get(code) ?? otherHint, details].filter((text) => text !== '').join(' ');
    return failed(
      message === '' ? `plugin ${plugin} reported ${code || details || 'an error and no reason'}` : message,
      hint,
    );
  } catch (cause) {
    const text = Buffer.from(stderr.subarray(0, shownLength)).toString('utf8').trim();
    return failed(
      `plugin ${plugin} failed to execute ${command} (${ending}) and its error is malformed: ${messageOf(cause)}`,
      `It wrote ${quote(text)}. ${otherHint}`,
      cause,
    );
  }
}

const notRunning =
  'It wrote no reason. Please ensure that the plugin executable file is compatible with this machine and has appropriate permissions.';

function failed(message: string, hint: string, cause?: unknown): NotaryError {
  return new NotaryError('plugin-failed', message, { hint, cause });
}
