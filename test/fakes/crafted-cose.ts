// SPDX-License-Identifier: Apache-2.0
import { envelopeMediaTypes, payloadMediaType } from '../../shared/envelope/content.ts';
import { parseEnvelope, type SignatureEnvelope } from '../../shared/envelope/envelope.ts';
import { signBytes } from '../../shared/primitives/crypto.ts';
import type { TestSigner } from './certificate-authority.ts';
import { algorithmOf, authenticSigningTime, expiry, payloadText, scheme, signingTime } from './crafted-jws.ts';
import { array, bstr, cat, int, map, type RawEntry, tag, tstr } from './raw-cbor.ts';

/** A COSE envelope written item by item, so that it can be wrong in any way and still be signed. */
export interface CraftedCose {
  readonly signer: TestSigner;
  /** Changes the entries of a protected bucket that is right. */
  readonly protected?: (entries: CoseEntries) => CoseEntries;
  /** The protected map itself. */
  readonly protectedMap?: Uint8Array;
  /** Changes the entries of the unprotected bucket. */
  readonly unprotected?: (entries: CoseEntries) => CoseEntries;
  /** Items in place of the right ones, after the message has been signed. */
  readonly items?: Partial<Record<'protected' | 'unprotected' | 'payload' | 'signature', Uint8Array>>;
  readonly payload?: string;
  readonly sign?: (toBeSigned: Uint8Array) => Uint8Array;
}

/** Entries of a bucket by a name for each label: `alg`, `crit`, `cty`, `x5chain`, a claim, or any text label. */
export type CoseEntries = Readonly<Record<string, Uint8Array | undefined>>;

const labels: Readonly<Record<string, number>> = { alg: 1, crit: 2, cty: 3, x5chain: 33 };

/** 2026-06-01T00:00:00Z as a time claim. */
export const signedAt = tag(1, int(1_780_272_000));

/** 2036-06-01T00:00:00Z as a time claim. */
export const expiresAt = tag(1, int(2_095_891_200));

export const critical = (...names: readonly string[]) => array(...names.map(tstr));

/** Entries of a signing authority's signature. */
export function bySigningAuthority(entries: CoseEntries): CoseEntries {
  return {
    ...entries,
    [scheme]: tstr('notary.x509.signingAuthority'),
    [signingTime]: undefined,
    [authenticSigningTime]: signedAt,
    crit: critical(scheme, authenticSigningTime),
  };
}

/** Entries with an expiry that is marked critical. */
export function withExpiry(entries: CoseEntries): CoseEntries {
  return { ...entries, [expiry]: expiresAt, crit: critical(scheme, expiry) };
}

/** The bytes of the envelope. */
export function craftCose(spec: CraftedCose): Uint8Array {
  const { items = {}, signer } = spec;
  const protectedMap = spec.protectedMap ?? encodeEntries((spec.protected ?? same)(protectedEntries(signer)));
  const unprotected = (spec.unprotected ?? same)({
    x5chain: array(...signer.chainDer.map(bstr)),
    'io.cncf.notary.signingAgent': tstr('crafted/1'),
  });
  const payload = Buffer.from(spec.payload ?? payloadText);
  const toBeSigned = array(tstr('Signature1'), bstr(protectedMap), bstr(new Uint8Array()), bstr(payload));
  const signature = spec.sign?.(toBeSigned) ?? signBytes(algorithmOf(signer), signer.privateKey, toBeSigned);
  return cat(
    Uint8Array.of(0xd2, 0x84),
    items.protected ?? bstr(protectedMap),
    items.unprotected ?? encodeEntries(unprotected),
    items.payload ?? bstr(payload),
    items.signature ?? bstr(signature),
  );
}

/** The same, parsed. */
export function parseCraftedCose(spec: CraftedCose): SignatureEnvelope {
  return parseCoseBytes(craftCose(spec));
}

/** Parses the bytes of a COSE envelope. */
export function parseCoseBytes(bytes: Uint8Array): SignatureEnvelope {
  return parseEnvelope(envelopeMediaTypes.cose, bytes);
}

/** Entries of a signature of scheme `notary.x509` in the order in which Notation writes them. */
export function protectedEntries(signer: TestSigner): CoseEntries {
  return {
    alg: int(algorithmOf(signer).cose),
    crit: critical(scheme),
    cty: tstr(payloadMediaType),
    [signingTime]: signedAt,
    [scheme]: tstr('notary.x509'),
  };
}

/** A map of entries, in their order. */
export function encodeEntries(entries: CoseEntries): Uint8Array {
  const raw = Object.entries(entries).flatMap(([name, value]): RawEntry[] =>
    value === undefined ? [] : [[labels[name] === undefined ? tstr(name) : int(labels[name]), value]],
  );
  return map(...raw);
}

function same(entries: CoseEntries): CoseEntries {
  return entries;
}
