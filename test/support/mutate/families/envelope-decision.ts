// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { signatureAlgorithms } from '../../../../shared/envelope/algorithm.ts';
import type { ClaimedTime, EnvelopeContent } from '../../../../shared/envelope/content.ts';
import { parseEnvelope, readContent, verifyIntegrity } from '../../../../shared/envelope/envelope.ts';
import { NotaryError } from '../../../../shared/errors.ts';
import { type Answer, base64, type FuzzCase, refusedAt, step } from '../family.ts';

/** A case that parses, verifies and reads an envelope. */
export function envelopeCase(mediaType: string, envelope: Uint8Array): FuzzCase {
  return { input: { mediaType, envelope: base64(envelope) }, decide: () => decide(mediaType, envelope) };
}

function decide(mediaType: string, bytes: Uint8Array): Answer {
  const parsed = step('', () => parseEnvelope(mediaType, bytes));
  if ('refused' in parsed)
    return { ...parsed.refused, stage: `parse ${codeOf(() => parseEnvelope(mediaType, bytes))}` };
  const envelope = parsed.value;
  const read = codeOf(() => readContent(envelope));
  const verified = codeOf(() => verifyIntegrity(envelope));
  const content = read === 'ok' ? { content: describe(readContent(envelope)) } : {};
  const facts = { verified, read, ...content };
  if (verified === 'ok') return { accepted: true, facts };
  return { accepted: false, stage: verified, facts, text: messageOf(() => verifyIntegrity(envelope)) };
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'ok';
  } catch (thrown) {
    if (thrown instanceof NotaryError) return thrown.code;
    throw thrown;
  }
}

function messageOf(work: () => unknown): string {
  try {
    work();
    return '';
  } catch (thrown) {
    return refusedAt('', thrown).text ?? '';
  }
}

function describe(content: EnvelopeContent) {
  const { signedAttributes: signed, unsignedAttributes: unsigned } = content;
  return {
    contentType: content.payload.contentType,
    payload: createHash('sha256').update(content.payload.content).digest('hex'),
    scheme: signed.signingScheme,
    signingTime: shown(signed.signingScheme === 'notary.x509' ? signed.signingTime : signed.authenticSigningTime),
    expiry: signed.expiry === undefined ? '' : shown(signed.expiry),
    extended: signed.extended
      .map(({ key, critical }) => `${typeof key === 'string' ? 'string' : 'int64'} ${key} ${String(critical)}`)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    agent: unsigned.signingAgent ?? '',
    timestamp: unsigned.timestampSignature?.length ?? 0,
    algorithm: signatureAlgorithms.indexOf(content.algorithm) + 1,
    chain: content.certificateChain.length,
  };
}

function shown({ date }: ClaimedTime): string {
  const milliseconds = date.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return `${seconds}.${String(milliseconds - 1000 * seconds).padStart(3, '0')}`;
}
