// SPDX-License-Identifier: Apache-2.0
import { constants, createHash, sign } from 'node:crypto';
import {
  createCertificateAuthority,
  issueCertificate,
  signerOf,
  type CertificateSpec,
  type TestSigner,
} from './certificate-authority.ts';
import { basicConstraints, extendedKeyUsage, keyUsage } from './certificate-extensions.ts';
import {
  boolean,
  context,
  contextPrimitive,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
  text,
} from './der.ts';

/** Extensions of a good timestamp certificate. */
export const timestampExtensions: readonly Uint8Array[] = [
  basicConstraints({ ca: false }),
  keyUsage(['digitalSignature']),
  extendedKeyUsage(['timeStamping'], { critical: true }),
];

export const tsaAuthority = createCertificateAuthority({ name: 'TSA' });

/** A timestamp certificate under `tsaAuthority`, or another authority. */
export function issueTimestampSigner(spec: CertificateSpec = {}, authority = tsaAuthority): TestSigner {
  const [issuer] = authority.intermediates;
  const leaf = issueCertificate('leaf', { subject: 'C=US,CN=TSA', extensions: timestampExtensions, ...spec }, issuer);
  return signerOf([leaf, ...authority.intermediates, authority.root]);
}

export const tsaSigner = issueTimestampSigner();

export const hashOids = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;
export type TestHash = keyof typeof hashOids;

const signatureOids = {
  RSA: '1.2.840.113549.1.1.1',
  'RSA-PSS': '1.2.840.113549.1.1.10',
  'SHA256-RSA': '1.2.840.113549.1.1.11',
  'SHA512-RSA': '1.2.840.113549.1.1.13',
  'ECDSA-SHA1': '1.2.840.10045.4.1',
  'ECDSA-SHA256': '1.2.840.10045.4.3.2',
  'ECDSA-SHA384': '1.2.840.10045.4.3.3',
  'ECDSA-SHA512': '1.2.840.10045.4.3.4',
} as const;

/** What a TSTInfo shall say; everything but the message has a default. */
export interface InfoSpec {
  /** What is timestamped. */
  readonly message: Uint8Array;
  /** Of the message imprint; default: SHA-256. */
  readonly hash?: TestHash;
  /** Whole MessageImprint, as a request has it. */
  readonly messageImprint?: Uint8Array;
  /** Default: 1. */
  readonly version?: number;
  readonly policy?: string;
  /** GeneralizedTime; default `20260601000010Z`. */
  readonly genTime?: string;
  /** Encoded members of the Accuracy; absent: no accuracy. */
  readonly accuracy?: readonly Uint8Array[];
  readonly nonce?: bigint;
  /** Changes the members of the TSTInfo. */
  readonly editInfo?: (fields: Uint8Array[]) => Uint8Array[];
}

/** What a signer of a token does; without more, what it should. */
export interface SignerSpec {
  readonly signer?: TestSigner;
  /** Default: 1. */
  readonly version?: number;
  /** Digest of the content; default SHA-256. */
  readonly digest?: TestHash;
  /** Default: by the signer's key. */
  readonly signatureAlgorithm?: keyof typeof signatureOids;
  /** Hash of the ESSCertIDv2; default: SHA-256 by leaving it out. */
  readonly essHash?: TestHash;
  /** Instead of the SigningCertificateV2 attribute. */
  readonly signingCertificate?: Uint8Array | 'none' | 'v1';
  /** Whether IssuerSerial stands in the ESSCertIDv2; default: no. */
  readonly issuerSerial?: boolean;
  /** UTCTime or GeneralizedTime, encoded. */
  readonly signingTime?: Uint8Array;
  /** Changes the encoded attributes before they are signed. */
  readonly editAttributes?: (attributes: Uint8Array[]) => Uint8Array[];
  readonly editSignature?: (signature: Uint8Array) => Uint8Array;
  /** Changes the members of the SignerInfo. */
  readonly editSigner?: (fields: Uint8Array[]) => Uint8Array[];
}

export interface TokenSpec extends InfoSpec, SignerSpec {
  /** Default: one, as this specification says. */
  readonly signers?: readonly SignerSpec[];
  /** Default: id-ct-TSTInfo. */
  readonly contentType?: string;
  /** Instead of the TSTInfo. */
  readonly content?: Uint8Array;
  /** Default: the chain of the signer. */
  readonly certificates?: readonly Uint8Array[];
  /** Changes the members of the SignedData. */
  readonly editData?: (fields: Uint8Array[]) => Uint8Array[];
}

export const tstInfoOid = '1.2.840.113549.1.9.16.1.4';

/** A TimeStampToken (RFC 3161, 2.4.2). */
export function makeToken(spec: TokenSpec): Uint8Array {
  const content = spec.content ?? makeInfo(spec);
  const contentType = spec.contentType ?? tstInfoOid;
  const signers = spec.signers ?? [spec];
  const certificates = spec.certificates ?? (spec.signer ?? signers[0]?.signer ?? tsaSigner).chainDer;
  const fields = [
    integer(3),
    set(...signers.map(({ digest = 'sha256' }) => algorithm(hashOids[digest]))),
    sequence(oid(contentType), context(0, octetString(content))),
    ...(certificates.length === 0 ? [] : [context(0, ...certificates)]),
    set(...signers.map((signer) => makeSignerInfo(signer, contentType, content))),
  ];
  return sequence(oid('1.2.840.113549.1.7.2'), context(0, sequence(...(spec.editData?.(fields) ?? fields))));
}

/** A MessageImprint with the explicit NULL that requests have. */
export function makeImprint(message: Uint8Array, hash: TestHash = 'sha256'): Uint8Array {
  return sequence(algorithm(hashOids[hash]), octetString(digestWith(hash, message)));
}

function makeInfo(spec: InfoSpec): Uint8Array {
  const fields = [
    integer(spec.version ?? 1),
    oid(spec.policy ?? '1.3.6.1.4.1.4146.2.3'),
    spec.messageImprint ?? makeImprint(spec.message, spec.hash),
    integer(0x1234),
    text(0x18, spec.genTime ?? '20260601000010Z'),
    ...(spec.accuracy === undefined ? [] : [sequence(...spec.accuracy)]),
    ...(spec.nonce === undefined ? [] : [integer(spec.nonce)]),
  ];
  return sequence(...(spec.editInfo?.(fields) ?? fields));
}

/** Members of an Accuracy. */
export const accuracy = {
  seconds: (value: number | bigint) => integer(value),
  milliseconds: (value: number) => contextPrimitive(0, integer(value).subarray(2)),
  microseconds: (value: number) => contextPrimitive(1, integer(value).subarray(2)),
};

function makeSignerInfo(spec: SignerSpec, contentType: string, content: Uint8Array): Uint8Array {
  const { signer = tsaSigner, digest = 'sha256' } = spec;
  const { rawIssuer, serialNumber } = signer.certificateChain[0];
  const signingCertificate = signingCertificateAttribute(spec, signer);
  const usual = [
    attribute('1.2.840.113549.1.9.3', oid(contentType)),
    attribute('1.2.840.113549.1.9.4', octetString(digestWith(digest, content))),
    ...(signingCertificate === undefined ? [] : [signingCertificate]),
    ...(spec.signingTime === undefined ? [] : [attribute('1.2.840.113549.1.9.5', spec.signingTime)]),
  ];
  const attributes = (spec.editAttributes?.(usual) ?? usual).toSorted((a, b) => Buffer.compare(a, b));
  const name = spec.signatureAlgorithm ?? usualAlgorithm(signer);
  const signature = signWith(name, digest, signer, set(...attributes));
  const fields = [
    integer(spec.version ?? 1),
    sequence(rawIssuer, integer(serialNumber)),
    algorithm(hashOids[digest]),
    context(0, ...attributes),
    algorithm(signatureOids[name]),
    octetString(spec.editSignature?.(signature) ?? signature),
  ];
  return sequence(...(spec.editSigner?.(fields) ?? fields));
}

/** SET with one value. */
export function attribute(type: string, value: Uint8Array): Uint8Array {
  return sequence(oid(type), set(value));
}

function signingCertificateAttribute(spec: SignerSpec, signer: TestSigner): Uint8Array | undefined {
  const { essHash, signingCertificate } = spec;
  if (signingCertificate === 'none') return undefined;
  const { der, certificate } = signer.leaf;
  const v1 = sequence(sequence(sequence(octetString(digestWith('sha1', der)))));
  if (signingCertificate === 'v1') return attribute('1.2.840.113549.1.9.16.2.12', v1);
  const serial = integer(certificate.serialNumber);
  const identifier = sequence(
    ...(essHash === undefined ? [] : [algorithm(hashOids[essHash])]),
    octetString(digestWith(essHash ?? 'sha256', der)),
    ...(spec.issuerSerial === true ? [sequence(sequence(context(4, certificate.rawIssuer)), serial)] : []),
  );
  return attribute('1.2.840.113549.1.9.16.2.47', signingCertificate ?? sequence(sequence(identifier)));
}

function algorithm(id: string): Uint8Array {
  return sequence(oid(id), nullValue());
}

function digestWith(hash: TestHash, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(hash).update(bytes).digest());
}

function usualAlgorithm(signer: TestSigner): keyof typeof signatureOids {
  return signer.privateKey.asymmetricKeyType === 'ec' ? 'ECDSA-SHA256' : 'RSA';
}

function signWith(
  name: keyof typeof signatureOids,
  digest: TestHash,
  signer: TestSigner,
  data: Uint8Array,
): Uint8Array {
  const hash = /SHA(\d+)/.exec(name)?.[1];
  const key = signer.privateKey;
  const padding =
    name === 'RSA-PSS'
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {};
  return new Uint8Array(sign(hash === undefined ? digest : `sha${hash}`, data, { key, ...padding }));
}

/** A TimeStampResp; without a token it refuses. */
export function makeResponse(
  token: Uint8Array | undefined,
  status = token === undefined ? 2 : 0,
  info: readonly Uint8Array[] = [],
) {
  return sequence(sequence(integer(status), ...info), ...(token === undefined ? [] : [token]));
}

/** BOOLEAN as it may stand in a TSTInfo for ordering. */
export const ordering = boolean(true);
