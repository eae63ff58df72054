// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { Answer } from './family.ts';

/** A difference from the reference that docs/decisions.md gives the reason for. */
export interface KnownDifference {
  /** The row of docs/decisions.md. */
  readonly name: string;
  readonly families: readonly string[];
  /** Whether a disagreement is this one and no other. */
  readonly explains: (disagreement: Disagreement) => boolean;
}

interface Disagreement {
  readonly input: Readonly<Record<string, unknown>>;
  readonly theirs: Answer;
  readonly ours: Answer;
}

export const knownDifferences: readonly KnownDifference[] = [
  {
    name: 'certificate version 2^63-1',
    families: ['certificate', 'certificate-file', 'timestamp-token', 'timestamp-response', 'revocation'],
    explains: ({ input, theirs, ours }) =>
      ours.text?.endsWith('x509: invalid version') === true && (holdsVersion(input) || holdsVersion(theirs.facts)),
  },
  {
    name: 'delta CRL without a number',
    families: ['revocation'],
    explains: ({ theirs, ours }) =>
      theirs.stage === 'panic' &&
      /delta CRL number .*<nil>/.test(ours.text ?? '') &&
      JSON.stringify(ours.facts).includes('Unknown'),
  },
  {
    name: 'payload size beyond 2^53',
    families: ['encoding'],
    explains: ({ theirs, ours }) =>
      theirs.accepted &&
      ours.text?.includes('size is beyond what an artifact can have') === true &&
      isHuge(theirs.facts),
  },
  {
    name: 'negative accuracy',
    families: ['timestamp-token'],
    explains: ({ ours }) => ours.stage === 'validate' && ours.text === 'invalid TSTInfo: accuracy must not be negative',
  },
  {
    name: '`genTime` of the year 1',
    families: ['timestamp-token'],
    explains: ({ theirs, ours }) =>
      theirs.accepted &&
      ours.stage === 'verify' &&
      ours.text?.endsWith(': current time 0001-01-01T00:00:00Z is before 2020-01-01T00:00:00Z') === true,
  },
  {
    name: 'several bad overrides, duplicate scopes',
    families: ['policy'],
    explains: ({ theirs, ours }) =>
      [
        / invalid signatureVerification: .* custom signature verification/,
        /^registry scope .* is present in multiple/,
      ].some((kind) => theirs.stage === 'invalid' && ours.stage === 'invalid' && isBoth(kind, theirs.text, ours.text)),
  },
  {
    name: 'documents from registries',
    families: ['signature-manifest'],
    explains: ({ theirs, ours }) =>
      theirs.accepted && strictManifestReasons.some((reason) => reason.test(ours.text ?? '')),
  },
  {
    name: 'COSE times outside the range of JavaScript dates',
    families: ['envelope-cose', 'envelope-bytes'],
    explains: ({ theirs, ours }) =>
      theirs.stage === ours.stage &&
      isDeepStrictEqual(withDateTimes(theirs.facts), JSON.parse(JSON.stringify(ours.facts))),
  },
];

/** Why a manifest is refused that Go's decoder takes. */
const strictManifestReasons = [
  /^duplicate member /,
  /^the document is not valid UTF-8$/,
  /^the manifest could be read as an image and as an index$/,
  /^the manifest says it is .* but it was served as /s,
  /^schemaVersion is not 2$/,
  /^\w+ is not a(?:n object| string| size in bytes|n array| list)/,
  /^invalid digest /,
  /^member ".*" could be read as /s,
  /^an entry of \w+ is not an object/,
];

/** The version as a certificate has it. */
const largestVersion = '02087fffffffffffffff';

/** Whether bytes in facts (as hexadecimal) or in a case (as base64) hold that version. */
function holdsVersion(value: unknown): boolean {
  if (typeof value === 'string') {
    return value.includes(largestVersion) || Buffer.from(value, 'base64').toString('hex').includes(largestVersion);
  }
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsVersion);
}

/** Whether the size in the facts of a payload is one that JavaScript's numbers do not hold. */
function isHuge(facts: unknown): boolean {
  const size = / (-?\d+) \[/.exec(String(facts))?.[1] ?? '0';
  return !Number.isSafeInteger(Number(size));
}

function isBoth(kind: RegExp, ...texts: readonly (string | undefined)[]): boolean {
  return texts.every((text = '') => kind.test(text));
}

/** The same facts with all times in the range of JavaScript dates. */
function withDateTimes(facts: unknown): unknown {
  return JSON.parse(JSON.stringify(facts), (key, value: unknown) =>
    (key === 'signingTime' || key === 'expiry') && typeof value === 'string' && value !== '' ? clamped(value) : value,
  );
}

const lastSecond = 8_640_000_000_000n;

/** Seconds from the year 1 to 1970. */
const yearOne = 62_135_596_800n;

function clamped(time: string): string {
  // Go counts from the year 1, where the last times of an int64 wrap around.
  const seconds = BigInt.asIntN(64, BigInt(time.replace(/\..*/, '')) + yearOne) - yearOne;
  if (seconds >= lastSecond) return `${lastSecond}.000`;
  return seconds <= -lastSecond ? `${-lastSecond}.000` : time;
}
