// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';

/** Parses the URL of a timestamp authority; throws `input-invalid`. User info in it is sent as Basic authentication. */
export function parseTimestampUrl(text: string): URL {
  // user info may hold a secret, and has no place in a message
  const shown = `{input:timestampUrl}: endpoint ${quote(text.replace(/\/\/[^/?#]*@/, '//'))}`;
  const [, scheme = '', authority = ''] = /^([^:/?#]*):(?:\/\/([^/?#]*))?/.exec(text) ?? [];
  if (!/^https?$/i.test(scheme)) throw invalid(`${shown}: scheme must be http or https, but got ${quote(scheme)}`);
  if (authority.slice(authority.lastIndexOf('@') + 1) === '') throw invalid(`${shown}: host cannot be empty`);
  if (!URL.canParse(text) || !hasValidEscapes(authority)) throw invalid(`${shown} is not a URL`);
  return new URL(text);
}

function hasValidEscapes(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function invalid(message: string): NotaryError {
  return new NotaryError('input-invalid', message, {
    hint: 'Give the address of an RFC 3161 timestamp authority, such as http://timestamp.example.com; several, one a line, are tried in order.',
  });
}
