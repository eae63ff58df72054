// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';

/** Position in a document; line and column are found only when a message needs them. */
export interface JsonPosition {
  readonly text: string;
  readonly offset: number;
}

/** An error that points at a position of a JSON document. */
export function malformedAt(position: JsonPosition, message: string): NotaryError {
  const before = position.text.slice(0, position.offset);
  const line = before.split('\n').length;
  const column = position.offset - before.lastIndexOf('\n');
  return new NotaryError('malformed', `${message} (line ${line}, column ${column})`, {
    location: { line, column },
    hint: 'The document must be valid JSON with members of the documented types.',
  });
}
