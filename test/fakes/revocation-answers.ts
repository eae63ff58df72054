// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { publicKeyBits } from '../../shared/x509/public-key-bits.ts';
import { signData, type TestCertificate, type TestSignatureAlgorithm } from './certificate-authority.ts';
import { extension } from './certificate-extensions.ts';
import {
  bitString,
  context,
  contextPrimitive,
  der,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  text,
  time,
} from './der.ts';

/** An issuer and one of its certificates. */
export interface Issued {
  readonly issuer: TestCertificate;
  readonly certificate: TestCertificate;
}

/** What an OCSP response says; everything has a default, and can be wrong in any way. */
export interface OcspSpec extends Issued {
  /** `both`: revoked and unknown at once; `none`: no status at all. Default: good. */
  readonly status?: 'good' | 'revoked' | 'unknown' | 'both' | 'none';
  /** Default: 2100; `null` leaves it out. */
  readonly nextUpdate?: Date | Uint8Array | null;
  readonly serialNumber?: bigint;
  /** Single responses before the one for the certificate. */
  readonly before?: readonly Uint8Array[];
  /** Encoded extensions of the single response. */
  readonly extensions?: readonly Uint8Array[];
  /** Who signs; a signer that is not the issuer comes with the response. */
  readonly signer?: TestCertificate;
  /** Certificates that come with the response. */
  readonly certificates?: readonly TestCertificate[];
  readonly signatureAlgorithm?: TestSignatureAlgorithm;
  /** Dotted; default SHA-1. */
  readonly issuerHash?: string;
  readonly issuerHashes?: readonly [Uint8Array, Uint8Array];
  readonly responderId?: Uint8Array;
  readonly responseType?: string;
  /** Of the response, not of the certificate; with another one than 0 there is no more. */
  readonly responseStatus?: number;
  /** Changes the ResponseData before it is signed. */
  readonly editData?: (data: Uint8Array) => Uint8Array;
  /** Signs the data; undefined leaves that to the signer's key. */
  readonly sign?: (data: Uint8Array) => Uint8Array | undefined;
  readonly editSignature?: (signature: Uint8Array) => Uint8Array;
}

export const sha1Oid = '1.3.14.3.2.26';
const never = new Date('2100-01-01');

/** An OCSP response (RFC 6960, 4.2.1). */
export function ocspResponse(spec: OcspSpec): Uint8Array {
  const status = der(0x0a, Uint8Array.of(spec.responseStatus ?? 0));
  if (spec.responseStatus !== undefined) return sequence(status);
  const { issuer, signer = issuer } = spec;
  const responderId = spec.responderId ?? context(1, signer.subject);
  const responses = sequence(...(spec.before ?? []), singleResponse(spec));
  const usual = sequence(responderId, generalizedTime(new Date('2026-01-01')), responses);
  const data = spec.editData?.(usual) ?? usual;
  const signed = signData(data, signer.keys.privateKey, spec.signatureAlgorithm);
  const signature = spec.sign?.(data) ?? signed.signature;
  const embedded = spec.certificates ?? (signer === issuer ? [] : [signer]);
  const basic = sequence(
    data,
    signed.identifier,
    bitString(spec.editSignature?.(signature) ?? signature),
    ...(embedded.length === 0 ? [] : [context(0, sequence(...embedded.map((each) => each.der)))]),
  );
  return sequence(status, context(0, sequence(oid(spec.responseType ?? '1.3.6.1.5.5.7.48.1.1'), octetString(basic))));
}

/** What a response says of one certificate. */
export function singleResponse(spec: OcspSpec): Uint8Array {
  const { nextUpdate = never, extensions = [] } = spec;
  const next = nextUpdate instanceof Date ? generalizedTime(nextUpdate) : nextUpdate;
  return sequence(
    certificateId(spec),
    ...statuses[spec.status ?? 'good'],
    generalizedTime(new Date('2020-01-01')),
    ...(next === null ? [] : [context(0, next)]),
    ...(extensions.length === 0 ? [] : [context(1, sequence(...extensions))]),
  );
}

function certificateId({ issuer, certificate, issuerHash, issuerHashes, serialNumber }: OcspSpec): Uint8Array {
  const hash = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest();
  const [name, key] = issuerHashes ?? [hash(issuer.subject), hash(publicKeyBits(issuer.certificate))];
  const algorithm = sequence(oid(issuerHash ?? sha1Oid), nullValue());
  return sequence(
    algorithm,
    octetString(name),
    octetString(key),
    integer(serialNumber ?? certificate.certificate.serialNumber),
  );
}

const good = contextPrimitive(0, new Uint8Array());
const revoked = context(1, generalizedTime(new Date('2024-01-01')));
const unknown = contextPrimitive(2, new Uint8Array());
const statuses = { good: [good], revoked: [revoked], unknown: [unknown], both: [revoked, unknown], none: [] };

export function generalizedTime(date: Date): Uint8Array {
  return text(0x18, date.toISOString().replaceAll(/[-:T]|\.\d+/g, ''));
}

/** Since when a certificate is not valid (RFC 5280, 5.3.2). */
export function invalidityDate(date: Date, { critical = false } = {}): Uint8Array {
  return extension('2.5.29.24', generalizedTime(date), { critical });
}

/** An entry of a CRL. */
export interface RevokedSpec {
  readonly serialNumber: bigint;
  /** Default: 2024. */
  readonly date?: Date;
  /** CRLReason; default: none is given. */
  readonly reason?: number;
  readonly extensions?: readonly Uint8Array[];
}

/** What a CRL says; everything has a default, and can be wrong in any way. */
export interface CrlSpec {
  readonly issuer: TestCertificate;
  readonly revoked?: readonly RevokedSpec[];
  /** Default: 2100; `null` leaves it out. */
  readonly nextUpdate?: Date | null;
  /** Default: 1; `null` leaves it out. */
  readonly number?: number | null;
  readonly extensions?: readonly Uint8Array[];
  /** As encoded: 1 is version 2; `null` leaves it out. */
  readonly version?: number | null;
  readonly signatureAlgorithm?: TestSignatureAlgorithm;
  /** Changes the TBSCertList before it is signed. */
  readonly editTbs?: (tbs: Uint8Array) => Uint8Array;
  /** Signs the data; undefined leaves that to the signer's key. */
  readonly sign?: (data: Uint8Array) => Uint8Array | undefined;
  readonly editSignature?: (signature: Uint8Array) => Uint8Array;
}

/** A CRL (RFC 5280, 5.1). */
export function crl(spec: CrlSpec): Uint8Array {
  const { issuer, version = 1, nextUpdate = never, number = 1, revoked: entries = [] } = spec;
  const key = issuer.keys.privateKey;
  const { identifier } = signData(new Uint8Array(), key, spec.signatureAlgorithm);
  const extensions = [...(number === null ? [] : [crlNumber(number)]), ...(spec.extensions ?? [])];
  const usual = sequence(
    ...(version === null ? [] : [integer(version)]),
    identifier,
    issuer.subject,
    time(new Date('2020-01-01')),
    ...(nextUpdate === null ? [] : [time(nextUpdate)]),
    ...(entries.length === 0 ? [] : [sequence(...entries.map(entry))]),
    ...(extensions.length === 0 ? [] : [context(0, sequence(...extensions))]),
  );
  const tbs = spec.editTbs?.(usual) ?? usual;
  const signature = spec.sign?.(tbs) ?? signData(tbs, key, spec.signatureAlgorithm).signature;
  return sequence(tbs, identifier, bitString(spec.editSignature?.(signature) ?? signature));
}

function entry({ serialNumber, date = new Date('2024-01-01'), reason, extensions = [] }: RevokedSpec): Uint8Array {
  const all = [...(reason === undefined ? [] : [reasonCode(reason)]), ...extensions];
  return sequence(integer(serialNumber), time(date), ...(all.length === 0 ? [] : [sequence(...all)]));
}

export function reasonCode(reason: number, { critical = false } = {}): Uint8Array {
  return extension('2.5.29.21', der(0x0a, Uint8Array.of(reason)), { critical });
}

export function crlNumber(number: number): Uint8Array {
  return extension('2.5.29.20', integer(number));
}

/** Says that a CRL is a delta to bases from this number on (RFC 5280, 5.2.4). */
export function deltaIndicator(base: number): Uint8Array {
  return extension('2.5.29.27', integer(base), { critical: true });
}

/** Where delta CRLs are (RFC 5280, 5.2.6). */
export function freshestCrl(...uris: readonly string[]): Uint8Array {
  const points = uris.map((uri) => sequence(context(0, context(0, contextPrimitive(6, Buffer.from(uri))))));
  return extension('2.5.29.46', sequence(...points));
}
