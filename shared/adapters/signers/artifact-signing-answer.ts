// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';

/** A signing operation as an answer of the service tells it, in whichever of its two dialects (KEY 4.2). */
export type SigningOperation =
  | { readonly state: 'running'; readonly id: string; readonly status: string }
  | { readonly state: 'done'; readonly signature: string; readonly signingCertificate: string }
  | { readonly state: 'failed'; readonly status: string; readonly error: ServiceError };

/** What the service says went wrong; every text may be empty. */
export interface ServiceError {
  readonly code: string;
  readonly text: string;
}

type Members = Readonly<Record<string, unknown>>;

/** Characters of the service's own text that are shown. */
const maxServiceText = 300;

/** Statuses of work that goes on, of both dialects and older enumerations. */
const running = ['inprogress', 'running', 'notstarted'];

/** An identifier that is safe as the last part of a path: the service gives GUIDs. */
const idPattern = /^[0-9A-Za-z-]{1,128}$/;

/**
 * Reads the answer to a request for a signature, or for the state of one. A status that is not known counts as a failure.
 * Throws `artifact-signing-failed` when the answer is none of either dialect.
 */
export function parseSigningOperation(body: Uint8Array): SigningOperation {
  const answer = parseMembers(body);
  if (answer === undefined) throw unreadable('it is not a JSON object');
  // The result stands in the answer itself (in use), or within it (as published, in several versions).
  const nested = ['result', 'signStatus', 'signResult'].flatMap((name) => membersIn(answer[name]));
  const places = [answer, ...nested, ...nested.flatMap((place) => membersIn(place['signResult']))];
  const textOf = (name: string): string =>
    places.map((place) => place[name]).find((value): value is string => typeof value === 'string' && value !== '') ??
    '';
  const status = textOf('status');
  if (/^succeeded$/i.test(status)) {
    const [signature, signingCertificate] = [textOf('signature'), textOf('signingCertificate')];
    if (signature === '' || signingCertificate === '') throw unreadable('it has no signature or no certificate');
    return { state: 'done', signature, signingCertificate };
  }
  if (!running.includes(status.toLowerCase())) {
    return { state: 'failed', status: status.slice(0, 40), error: errorIn(answer) };
  }
  const id = textOf('operationId') || textOf('id');
  if (!idPattern.test(id)) throw unreadable('it does not identify the operation');
  return { state: 'running', id, status };
}

/** What an answer that is no success says, in any of the service's three forms; nothing when it says nothing. */
export function serviceErrorOf(body: Uint8Array): ServiceError {
  const answer = parseMembers(body);
  return answer === undefined ? { code: '', text: '' } : errorIn(answer);
}

function errorIn(answer: Members): ServiceError {
  for (const error of [...membersIn(answer['errorDetail']), ...membersIn(answer['error'])]) {
    return { code: shortText(error['code'], 80), text: shortText(error['message'], maxServiceText) };
  }
  const details = membersIn(answer['errors']).flatMap((errors) => Object.values(errors).flat());
  const text = [answer['title'], ...details].filter((value) => typeof value === 'string').join(' ');
  return { code: '', text: shortText(text, maxServiceText) };
}

function parseMembers(body: Uint8Array): Members | undefined {
  try {
    return membersIn(JSON.parse(Buffer.from(body).toString('utf8')))[0];
  } catch {
    return undefined;
  }
}

function membersIn(value: unknown): Members[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? [value as Members] : [];
}

function shortText(value: unknown, length: number): string {
  return typeof value === 'string' ? value.replace(/\s+/g, ' ').trim().slice(0, length) : '';
}

function unreadable(reason: string): NotaryError {
  return new NotaryError(
    'artifact-signing-failed',
    `the answer of Azure Artifact Signing cannot be understood: ${reason}`,
    { hint: 'Check the endpoint: something else than Azure Artifact Signing seems to answer.' },
  );
}
